<?php
/** Run commands of the shell, one after the other: the status of each and what it prints. */
function frrgen_run(array $request): array {
	$done = array();
	foreach ($request['commands'] as $command) {
		$said = array();
		exec("{ {$command}\n} 2>&1 </dev/null", $said, $status);
		$done[] = array('status' => $status, 'said' => base64_encode(implode("\n", $said)));
	}
	return array('done' => $done);
}
