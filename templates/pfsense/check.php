<?php
/**
 * Have vtysh check the syntax of a configuration and, where the package will load it by frr-reload, have that try how far
 * it gets with it; nothing is applied.
 */
function frrgen_run(array $request): array {
	umask(077);
	$file = tempnam('/tmp', 'frrgen');
	try {
		$text = base64_decode($request['frr_conf']);
		if (file_put_contents($file, $text) !== strlen($text)) {
			throw new FrrgenRefusal('room', 'there is no room in /tmp');
		}
		exec('/usr/local/bin/vtysh -C -f ' . escapeshellarg($file) . ' 2>&1', $said, $status);
		$tested = 0;
		if ($status === 0 && $request['seconds'] > 0) {
			list($tested, $said) = frrgen_reloadable($file, $request['seconds']);
		}
	} finally {
		unlink($file);
	}
	return array('status' => $status, 'tested' => $tested, 'said' => base64_encode(implode("\n", array_slice($said, 0, 100))));
}

const FRRGEN_RELOAD = '/usr/local/sbin/frr-reload.py';

/**
 * Whether frr-reload gets through a file: its status and its last words. One that is not there, or that does not get
 * through the file which FRR runs either, says nothing about the new one.
 */
function frrgen_reloadable(string $file, int $seconds): array {
	$found = is_executable(FRRGEN_RELOAD) ? frrgen_try($file, $seconds) : array(0, array());
	return $found[0] === 0 || frrgen_try(FRRGEN_CONF, $seconds)[0] === 0 ? $found : array(0, array());
}

/** What frr-reload would change is not kept: there are passwords in it. It has `$seconds`; 124 or 137: they were too few. */
function frrgen_try(string $file, int $seconds): array {
	$options = '--test --bindir /usr/local/bin --confdir ' . dirname(FRRGEN_CONF);
	exec("timeout -k 5 {$seconds} " . FRRGEN_RELOAD . " {$options} " . escapeshellarg($file) . ' 2>&1 >/dev/null </dev/null', $said, $status);
	return array($status, array_slice($said, -3));
}
