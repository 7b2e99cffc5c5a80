<?php
/** The rows of lists that bgpd numbers by itself: head of the list => its rows, in FRR's order. */
const FRRGEN_ROW = '/^(bgp (?:as-path access-list|community-list(?: standard| expanded)?) \S+) seq \d+ (.*)$/D';

function frrgen_rows(string $text): array {
	$found = array();
	foreach (explode("\n", $text) as $line) {
		if (preg_match(FRRGEN_ROW, $line, $part)) {
			$found[$part[1]][] = $part[2];
		}
	}
	return $found;
}

/** What FRR shows, with the rows of each such list numbered 5, 10, 15: their order counts, and not their numbers. */
function frrgen_ranked(string $text): string {
	$seen = array();
	$lines = explode("\n", $text);
	foreach ($lines as &$line) {
		if (preg_match(FRRGEN_ROW, $line, $part)) {
			$seen[$part[1]] = ($seen[$part[1]] ?? 0) + 5;
			$line = "{$part[1]} seq {$seen[$part[1]]} {$part[2]}";
		}
	}
	unset($line);
	return implode("\n", $lines);
}

/**
 * Write the lists anew that have other rows than the wanted ones, or in another order: frr-reload has put new rows
 * behind the old ones. Lists that are not there stay so. Gives the heads of those written.
 */
function frrgen_put_in_order(string $wanted, string $running): array {
	$done = $lines = array();
	$there = frrgen_rows($running);
	foreach (frrgen_rows($wanted) as $head => $rows) {
		$now = $there[$head] ?? array();
		if ($now && $now !== $rows) {
			$done[] = $head;
			$lines[] = "no {$head}";
			foreach ($rows as $at => $row) {
				$lines[] = "{$head} seq " . (5 * $at + 5) . " {$row}";
			}
		}
	}
	if ($lines) {
		umask(077);
		$file = tempnam('/tmp', 'frrgen');
		file_put_contents($file, implode("\n", $lines) . "\n");
		exec('/usr/local/bin/vtysh -f ' . escapeshellarg($file) . ' 2>&1 </dev/null');
		unlink($file);
	}
	return $done;
}
