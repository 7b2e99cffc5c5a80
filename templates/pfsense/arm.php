<?php
/**
 * Lay the way back ready, and start a process of its own that takes it unless the push is confirmed in time. It
 * outlives this process, its connection and sshd; and pfSense starts it anew when the box was started anew.
 */
function frrgen_run(array $request): array {
	umask(077);
	$staged = FRRGEN_STATE . '/staged';
	$armed = FRRGEN_STATE . '/armed';
	$earlier = frrgen_folder();
	if ($earlier !== '' && (basename($earlier) !== 'armed' || frrgen_timer($earlier) || !frrgen_is_armed($request['instead']))) {
		throw new FrrgenRefusal('busy', 'an earlier push waits to be confirmed or undone');
	}
	exec('rm -rf ' . escapeshellarg($staged) . ' ' . escapeshellarg(FRRGEN_STATE . '/undoing'));
	if (!mkdir($staged, 0700, true)) {
		throw new FrrgenRefusal('room', "{$staged} cannot be written");
	}
	foreach ($request['files'] + array('until' => base64_encode((string) (time() + $request['seconds']))) as $name => $text) {
		$text = base64_decode($text);
		if (file_put_contents("{$staged}/{$name}", $text) !== strlen($text)) {
			throw new FrrgenRefusal('room', "{$staged} cannot be written");
		}
	}
	if (!@copy("{$staged}/boot.sh", FRRGEN_BOOT) || !chmod(FRRGEN_BOOT, 0700)) {
		throw new FrrgenRefusal('room', FRRGEN_BOOT . ' cannot be written');
	}
	file_put_contents(FRRGEN_STATE . '/journal.jsonl', base64_decode($request['entry']), FILE_APPEND);
	exec('rm -rf ' . escapeshellarg($armed));
	rename($staged, $armed);
	frrgen_start_timer($armed, $request['id'], $request['seconds']);
	return array('file' => $armed);
}
