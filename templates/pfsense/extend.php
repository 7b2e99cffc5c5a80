<?php
/** Have the timer of a push begin anew; `verified` names what may be confirmed. */
function frrgen_run(array $request): array {
	umask(077);
	$folder = FRRGEN_STATE . '/armed';
	if (!frrgen_is_armed($request['id']) || !is_dir($folder)) {
		throw new FrrgenRefusal('gone', 'the push is not armed any more');
	}
	$files = array('until' => time() + $request['seconds'], 'next' => $request['seconds']);
	if ($request['verified'] !== '') {
		$files['verified'] = $request['verified'];
	}
	foreach ($files as $name => $text) {
		if (@file_put_contents("{$folder}/{$name}", "{$text}\n") === false) {
			throw new FrrgenRefusal('room', "{$folder} cannot be written");
		}
	}
	if (!@rename("{$folder}/next", "{$folder}/again")) {
		throw new FrrgenRefusal('gone', 'the push is not armed any more');
	}
	return array('file' => $folder);
}
