<?php
/** A text that was kept: the journal, or the sections before a push; '' names the last one. */
function frrgen_run(array $request): array {
	$folder = FRRGEN_STATE;
	$kept = glob("{$folder}/backup-*.json");
	rsort($kept);
	$file = $request['name'] === '' ? ($kept[0] ?? '') : "{$folder}/" . basename($request['name']);
	$there = $file !== '' && is_file($file);
	return array('there' => $there, 'text' => base64_encode($there ? (string) @file_get_contents($file) : ''));
}
