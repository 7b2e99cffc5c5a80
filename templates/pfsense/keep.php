<?php
/** Keep a text on the box for its owner alone: a line of the journal, or a file of its own, of which ten are kept. */
function frrgen_run(array $request): array {
	$folder = FRRGEN_STATE;
	umask(077);
	if (!is_dir($folder) && !mkdir($folder, 0700, true)) {
		throw new FrrgenRefusal('room', "{$folder} cannot be made");
	}
	$text = base64_decode($request['text']);
	$file = "{$folder}/{$request['as']}";
	if (file_put_contents($file, $text, FILE_APPEND) !== strlen($text)) {
		throw new FrrgenRefusal('room', "{$file} cannot be written");
	}
	$kept = glob("{$folder}/backup-*.json");
	rsort($kept);
	array_map('unlink', array_slice($kept, 10));
	return array('file' => $file);
}
