<?php
/** Have the timer of a push undo it at once, and wait until it has. */
function frrgen_run(array $request): array {
	umask(077);
	if (!frrgen_is_armed($request['id'])) {
		throw new FrrgenRefusal('gone', 'the push is not armed any more');
	}
	$folder = FRRGEN_STATE . '/armed';
	if (frrgen_folder() === $folder) {
		@unlink("{$folder}/failed");
		@file_put_contents("{$folder}/why", "{$request['why']}\n");
		if (@file_put_contents("{$folder}/next", "0\n") !== false) {
			@rename("{$folder}/next", "{$folder}/again");
		}
		if (!frrgen_timer($folder)) {
			frrgen_start_timer($folder, $request['id'], 0);
		}
	}
	for ($waited = 0; $waited < $request['seconds'] && frrgen_is_armed($request['id']); $waited++) {
		clearstatcache();
		if (is_file("{$folder}/failed")) {
			break;
		}
		sleep(1);
	}
	return array('undone' => !frrgen_is_armed($request['id']));
}
