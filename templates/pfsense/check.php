<?php
/** Have vtysh check the syntax of a configuration; nothing is applied. */
function frrgen_run(array $request): array {
	umask(077);
	$file = tempnam('/tmp', 'frrgen');
	try {
		$text = base64_decode($request['frr_conf']);
		if (file_put_contents($file, $text) !== strlen($text)) {
			throw new FrrgenRefusal('room', 'there is no room in /tmp');
		}
		exec('/usr/local/bin/vtysh -C -f ' . escapeshellarg($file) . ' 2>&1', $said, $status);
	} finally {
		unlink($file);
	}
	return array('status' => $status, 'said' => base64_encode(implode("\n", array_slice($said, 0, 100))));
}
