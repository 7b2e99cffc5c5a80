<?php
/**
 * Lay the way back ready, and start a process of its own that takes it unless the push is confirmed in time. It
 * outlives this process, its connection and sshd.
 */
function frrgen_run(array $request): array {
	umask(077);
	$folder = '/var/db/frrgen';
	exec('rm -rf ' . escapeshellarg("{$folder}/staged"));
	$timer = (int) @file_get_contents("{$folder}/armed/pid");
	if ($timer > 0 && strpos((string) shell_exec("ps -o args= -p {$timer}"), 'timer.sh') !== false) {
		throw new FrrgenRefusal('busy', 'an earlier push waits to be undone by its timer');
	}
	exec('rm -rf ' . escapeshellarg("{$folder}/armed"));
	if (!mkdir("{$folder}/staged", 0700, true)) {
		throw new FrrgenRefusal('room', "{$folder} cannot be written");
	}
	foreach ($request['files'] as $name => $text) {
		$text = base64_decode($text);
		if (file_put_contents("{$folder}/staged/{$name}", $text) !== strlen($text)) {
			throw new FrrgenRefusal('room', "{$folder} cannot be written");
		}
	}
	rename("{$folder}/staged", "{$folder}/armed");
	$detached = is_executable('/usr/sbin/daemon') ? '/usr/sbin/daemon -f' : 'setsid';
	$words = array_map('escapeshellarg', array("{$folder}/armed/timer.sh", $request['id'], $request['seconds']));
	exec("{$detached} /bin/sh " . implode(' ', $words) . ' >/dev/null 2>&1 </dev/null &');
	return array('file' => "{$folder}/armed");
}
