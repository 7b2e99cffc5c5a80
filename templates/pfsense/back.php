<?php
/**
 * Write the old sections again if those of the push are there, have the package load them, and look: the push is undone
 * when FRR runs what it ran before, or waits for the box to be the CARP master. Where FRR waited when the push was
 * armed, and runs now, there is nothing to compare with: `compared` is false.
 */
function frrgen_run(array $request): array {
	$old = frrgen_digest($request['sections'], $request['names']);
	if (frrgen_digest(frrgen_sections(frrgen_read()), $request['names']) === $old) {
		// written already; the package may not have been told
		$request['digest'] = $old;
	}
	$answer = frrgen_apply($request);
	for ($waited = $quiet = 0; $quiet < 15 && $waited < 600; $waited++) {
		sleep(1);
		$quiet = frrgen_busy() ? 0 : $quiet + 1;
		if ($quiet < 2) {
			continue;
		}
		if (frrgen_waits() && frrgen_running() === '') {
			return $answer;
		}
		frrgen_put_in_order((string) base64_decode($request['rows']), frrgen_running());
		$runs = frrgen_ranked(frrgen_running());
		if ($request['waited'] && trim($runs) !== '') {
			return array('compared' => false) + $answer;
		}
		if (frrgen_plain($runs) === $request['runs']) {
			foreach ($request['clear'] as $command) {
				frrgen_clear($command);
			}
			return $answer;
		}
	}
	throw new Exception('the old sections are written, and FRR runs something else than it did before');
}

/** Clear sessions: hard only where none is up, as in an instance that was shut down. */
function frrgen_clear(string $command): void {
	$vtysh = '/usr/local/bin/vtysh -c ';
	$up = '/"state": *"Established"/';
	if (strpos($command, ' soft') === false &&
	    preg_match($up, frrgen_command($vtysh . escapeshellarg('show bgp summary json')))) {
		return;
	}
	frrgen_command($vtysh . escapeshellarg($command));
}
