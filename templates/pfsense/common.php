<?php
/*
 * frrgen on a pfSense box. This text, one of the verbs beside it and a request are fed to PHP on its standard input:
 * nothing of them stands on a command line. PHP compiles all of it before it runs any of it, and only the last line
 * starts something, so that a text which was cut off on its way does nothing.
 *
 * PHP 7.4 (pfSense 2.5) to 8.x. One line of the output is the answer: a mark, and JSON.
 */

/** A refusal: nothing was changed. `$kind` tells frrgen why. */
class FrrgenRefusal extends Exception {
	public $kind;

	public function __construct(string $kind, string $message) {
		parent::__construct($message);
		$this->kind = $kind;
	}
}

/** What is known so far, for the answer of a run that is ended in the middle. */
class Frrgen {
	public static $mark = '';
	public static $stage = 'begun';
	public static $answered = false;
}

function frrgen_begin(string $mark): void {
	Frrgen::$mark = $mark;
	ini_set('display_errors', '0');
	ini_set('zend.exception_ignore_args', '1');
	// whoever has begun to write goes on when the connection is lost
	ignore_user_abort(true);
	set_time_limit(0);
	putenv('PATH=/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin');
	register_shutdown_function(function () {
		if (!Frrgen::$answered) {
			$last = error_get_last();
			$what = $last === null ? 'it ended without a word' : frrgen_where($last['message'], $last['file'], $last['line']);
			frrgen_answer(array('ok' => false, 'kind' => 'failed', 'error' => $what));
		}
	});
}

/** One line for people. A message may quote what it stumbled over: only its first line is told, and not all of it. */
function frrgen_where(string $message, string $file, int $line): string {
	$first = strtok($message, "\n");
	return substr($first === false ? '' : $first, 0, 300) . ' (' . basename($file) . ":{$line})";
}

function frrgen_answer(array $answer): void {
	Frrgen::$answered = true;
	$answer['stage'] = Frrgen::$stage;
	$text = json_encode($answer, JSON_UNESCAPED_SLASHES);
	if ($text === false) {
		$text = json_encode(array('ok' => false, 'kind' => 'failed', 'stage' => Frrgen::$stage,
			'error' => 'config.xml holds what is no UTF-8: ' . json_last_error_msg()));
	}
	echo "\n", Frrgen::$mark, ' ', $text, "\n";
}

/** Run the verb with its request and answer. */
function frrgen_main(string $request): void {
	try {
		if (function_exists('posix_geteuid') && posix_geteuid() !== 0) {
			throw new FrrgenRefusal('root', 'config.xml takes root');
		}
		$answer = frrgen_run(json_decode(base64_decode($request), true));
		frrgen_answer(array('ok' => true) + $answer);
	} catch (FrrgenRefusal $bad) {
		frrgen_answer(array('ok' => false, 'kind' => $bad->kind, 'error' => $bad->getMessage()));
	} catch (Throwable $bad) {
		$what = get_class($bad) . ': ' . frrgen_where($bad->getMessage(), $bad->getFile(), $bad->getLine());
		frrgen_answer(array('ok' => false, 'kind' => 'failed', 'error' => $what));
	}
}

/** Run a program and give what it prints; '' when it fails. The command is never made of what came from elsewhere. */
function frrgen_command(string $command): string {
	exec("{$command} 2>/dev/null", $lines, $status);
	return $status === 0 ? implode("\n", $lines) . "\n" : '';
}

/** Read config.xml anew, past every cache: since 2.8 by one function, before that by another. */
function frrgen_read(): array {
	global $config;
	if (function_exists('config_read_file')) {
		config_read_file(false, false);
	} else {
		$config = parse_config(true);
	}
	if (!is_array($config)) {
		throw new Exception('config.xml cannot be read');
	}
	$packages = $config['installedpackages'] ?? array();
	return is_array($packages) ? $packages : array();
}

/** The settings of the FRR package, as `name => entries`, without what is empty. */
function frrgen_sections(array $packages): array {
	$found = array();
	foreach ($packages as $name => $section) {
		if (preg_match('/^frr[a-z0-9]*$/D', (string) $name) && is_array($section) && is_array($section['config'] ?? null)) {
			$entries = array_values(array_filter($section['config'], 'is_array'));
			if ($entries) {
				$found[$name] = $entries;
			}
		}
	}
	return $found;
}

/** Keys of which PHP asks whether they are there: then empty is not the same as missing. */
const FRRGEN_EMPTY_COUNTS = array('carpstatusvid', 'enforcefirstas');
const FRRGEN_SET_BY_PRESENCE = array('acceptfilter', 'exactmatch', 'nullroute');

/** Sections in the form in which two are equal exactly when pfSense makes no difference between them. */
function frrgen_normal(array $sections): array {
	$found = array();
	foreach ($sections as $name => $entries) {
		$kept = array();
		foreach ($entries as $entry) {
			$entry = frrgen_normal_entry($entry);
			if ($entry) {
				$kept[] = $entry;
			}
		}
		if ($kept) {
			$found[$name] = $kept;
		}
	}
	ksort($found, SORT_STRING);
	return $found;
}

function frrgen_normal_entry(array $entry): array {
	$found = array();
	foreach ($entry as $key => $value) {
		if (is_array($value)) {
			$rows = array();
			foreach ($value as $row) {
				$row = is_array($row) ? frrgen_normal_row($row) : array();
				if ($row) {
					$rows[] = $row;
				}
			}
			$value = $rows;
		} else {
			$value = (string) $value;
		}
		if (($value !== '' && $value !== array()) || in_array($key, FRRGEN_EMPTY_COUNTS, true)) {
			$found[$key] = $value;
		}
	}
	ksort($found, SORT_STRING);
	return $found;
}

function frrgen_normal_row(array $row): array {
	$found = array();
	foreach ($row as $key => $value) {
		if (in_array($key, FRRGEN_SET_BY_PRESENCE, true)) {
			$found[$key] = 'ON';
		} elseif ((string) $value !== '') {
			$found[$key] = (string) $value;
		}
	}
	ksort($found, SORT_STRING);
	return $found;
}

/** The digest of some sections; frrgen computes the same. */
function frrgen_digest(array $sections, array $names): string {
	$normal = frrgen_normal(array_intersect_key($sections, array_flip($names)));
	return hash('sha256', json_encode((object) $normal, JSON_UNESCAPED_SLASHES));
}

/** What works on FRR's configuration in the background. (watchfrr runs always, and names what it would restart by.) */
function frrgen_busy(): array {
	$found = array();
	exec('ps axww -o stat= -o command=', $lines);
	foreach ($lines as $line) {
		if (preg_match('!^[^Z]\S*\s+.*(frr-reload|rc\.d/frr)!', $line) && strpos($line, 'watchfrr') === false) {
			$found[] = trim(substr($line, 0, 200));
		}
	}
	return $found;
}

/** What FRR runs, as it shows it. */
function frrgen_running(): string {
	return frrgen_command("/usr/local/bin/vtysh -c 'show running-config'");
}

/** Whether FRR follows a CARP address that another box has. */
function frrgen_waits(): bool {
	$vip = (string) (frrgen_sections(frrgen_read())['frr'][0]['carpstatusvid'] ?? 'none');
	return strpos($vip, '_vip') === 0 && function_exists('get_carp_interface_status')
		&& get_carp_interface_status($vip) !== 'MASTER';
}

/** The digest of what is in a configuration, in whatever order: its lines, each behind those of its context. */
function frrgen_plain(string $text): string {
	$found = $open = array();
	foreach (explode("\n", $text) as $line) {
		if (preg_match('/^((Building configuration\.\.\.|Current configuration:).*|hostname .*| *(!.*|exit.*|end)?)$/D', $line)) {
			continue;
		}
		$word = ltrim($line, ' ');
		$depth = strlen($line) - strlen($word);
		while ($open && end($open)[0] >= $depth) {
			array_pop($open);
		}
		$open[] = array($depth, $word);
		$found[] = implode(' / ', array_column($open, 1)) . "\n";
	}
	$found = array_unique($found, SORT_STRING);
	sort($found, SORT_STRING);
	return hash('sha256', implode('', $found));
}

/** The folder of the push that has begun and was neither confirmed nor undone; '': there is none. */
function frrgen_folder(): string {
	// its timer moves it from one place to the other, and back if it cannot undo the push; PHP would remember where it was
	clearstatcache();
	foreach (array('armed', 'undoing', 'armed') as $name) {
		if (is_file(FRRGEN_STATE . "/{$name}/about")) {
			return FRRGEN_STATE . "/{$name}";
		}
	}
	return '';
}

/** Whether this push is the one that has begun. */
function frrgen_is_armed(string $id): bool {
	return @file_get_contents(frrgen_folder() . '/id') === "{$id}\n";
}

/** Whether the timer of a push runs. */
function frrgen_timer(string $folder): bool {
	$pid = (int) @file_get_contents("{$folder}/pid");
	$id = trim((string) @file_get_contents("{$folder}/id"));
	$runs = $pid > 0 ? (string) shell_exec("ps -o args= -p {$pid} 2>/dev/null") : '';
	return $id !== '' && strpos($runs, 'timer.sh') !== false && strpos($runs, $id) !== false;
}

/** Start the timer of a push, as a process of its own. */
function frrgen_start_timer(string $folder, string $id, int $seconds): void {
	@unlink("{$folder}/pid");
	$detached = is_executable('/usr/sbin/daemon') ? '/usr/sbin/daemon -f' : 'setsid';
	$words = array_map('escapeshellarg', array("{$folder}/timer.sh", $id, (string) $seconds));
	exec("{$detached} /bin/sh " . implode(' ', $words) . ' >/dev/null 2>&1 </dev/null &');
	for ($tries = 0; $tries < 50 && !is_file("{$folder}/pid") && is_dir($folder); $tries++) {
		usleep(100000);
	}
}

const FRRGEN_STATE = '/var/db/frrgen';
const FRRGEN_BOOT = '/usr/local/etc/rc.d/frrgen.sh';
const FRRGEN_CONF = '/var/etc/frr/frr.conf';

/** The digest of the file that the package generates; '' without one. */
function frrgen_generated(): string {
	return is_file(FRRGEN_CONF) ? hash_file('sha256', FRRGEN_CONF) : '';
}
