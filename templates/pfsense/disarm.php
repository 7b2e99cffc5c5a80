<?php
/** End the wait of a push: its timer finds nothing more to do. */
function frrgen_run(array $request): array {
	$folder = FRRGEN_STATE;
	$id = @file_get_contents("{$folder}/armed/id");
	exec('rm -rf ' . escapeshellarg("{$folder}/ended"));
	// whoever renames the folder first has it, and the other finds nothing
	if ($id !== "{$request['id']}\n" || !@rename("{$folder}/armed", "{$folder}/ended")) {
		throw new FrrgenRefusal('gone', 'the push is not armed any more');
	}
	@unlink(FRRGEN_BOOT);
	exec('rm -rf ' . escapeshellarg("{$folder}/ended"));
	return array('file' => $folder);
}
