<?php
/**
 * Write sections of the FRR package, whole, through pfSense's own functions, and have the package generate and load
 * what they say. Until write_config() nothing is changed, and what is refused says so.
 */
function frrgen_apply(array $request): array {
	$lock = try_lock('frrgen', 5);
	if (!$lock) {
		throw new FrrgenRefusal('busy', 'another push is writing');
	}
	$names = $request['names'];
	$packages = frrgen_read();
	$old = frrgen_sections($packages);
	if (frrgen_digest($old, $names) !== $request['digest']) {
		throw new FrrgenRefusal('conflict', 'the sections have changed since they were read');
	}
	frrgen_refuse_bad($request['sections'], $old, $names);
	frrgen_refuse_full($request);
	$wanted = frrgen_digest($request['sections'], $names);
	$answer = array('wrote' => false, 'complaint' => '', 'backup' => '');
	if ($wanted !== $request['digest']) {
		$answer = frrgen_write($request['sections'], $old, $names, $wanted, $request['description']);
	}
	Frrgen::$stage = 'written';
	frr_generate_config();
	Frrgen::$stage = 'generated';
	unlock($lock);
	return $answer + array('digest' => $wanted, 'frr_conf' => frrgen_generated());
}

/** Only sections of the package, only texts that config.xml keeps: ASCII, or what was there before. */
function frrgen_refuse_bad(array $sections, array $old, array $names): void {
	foreach (array_merge($names, array_keys($sections)) as $name) {
		if (!preg_match('/^frr[a-z0-9]*$/D', $name) || !in_array($name, $names, true)) {
			throw new FrrgenRefusal('refused', "{$name} is not a section that frrgen writes");
		}
	}
	$known = array();
	array_walk_recursive($old, function ($value) use (&$known) {
		$known[(string) $value] = true;
	});
	array_walk_recursive($sections, function ($value, $key) use ($known) {
		if (!is_string($value) || (!preg_match('/^[\x20-\x7e]*$/D', $value) && !isset($known[$value]))) {
			throw new FrrgenRefusal('refused', "{$key} holds a character that config.xml does not keep");
		}
	});
}

/** A full disk is found before the package writes half of a file over the one that is there. */
function frrgen_refuse_full(array $request): void {
	$size = filesize('/cf/conf/config.xml') + strlen(json_encode($request['sections'])) * 2;
	foreach (array('/cf/conf' => 2 * $size, dirname(FRRGEN_CONF) => 2 * $request['size'], '/tmp' => 2 * $size) as $folder => $need) {
		$free = is_dir($folder) ? disk_free_space($folder) : false;
		if ($free !== false && $free < $need + 65536) {
			throw new FrrgenRefusal('room', "there is no room in {$folder}: " . (int) $free . ' bytes are free');
		}
	}
}

function frrgen_set(array $sections, array $names): void {
	global $config;
	foreach ($names as $name) {
		$value = empty($sections[$name]) ? null : array('config' => $sections[$name]);
		if (!function_exists('config_set_path')) {
			// before 2.7 there is nothing but the array
			if ($value === null) {
				unset($config['installedpackages'][$name]);
			} else {
				$config['installedpackages'][$name] = $value;
			}
		} elseif ($value === null) {
			config_del_path("installedpackages/{$name}");
		} else {
			config_set_path("installedpackages/{$name}", $value);
		}
	}
}

/** Write, and believe only what is then read from the disk. */
function frrgen_write(array $sections, array $old, array $names, string $wanted, string $description): array {
	global $config;
	$before = frrgen_digest($old, $names);
	$time = $config['revision']['time'] ?? '';
	frrgen_set($sections, $names);
	Frrgen::$stage = 'writing';
	$complaint = frrgen_written($description);
	$found = frrgen_digest(frrgen_sections(frrgen_read()), $names);
	if ($found === $before) {
		throw new FrrgenRefusal('write', $complaint ?: 'config.xml is as it was');
	}
	if ($found !== $wanted) {
		frrgen_set($old, $names);
		$again = frrgen_written('frrgen: as it was before');
		$now = frrgen_digest(frrgen_sections(frrgen_read()), $names);
		if ($now === $before) {
			throw new FrrgenRefusal('write', 'config.xml did not keep what was written, and is as it was' . ($complaint ? ": {$complaint}" : ''));
		}
		throw new Exception("config.xml holds neither what was written nor what was there before: {$complaint} {$again}");
	}
	return array('wrote' => true, 'complaint' => $complaint, 'backup' => $time === '' ? '' : "/cf/conf/backup/config-{$time}.xml");
}

/** write_config(); '' or what went wrong. */
function frrgen_written(string $description): string {
	try {
		$done = write_config($description);
		return $done === false || $done === -1 ? 'write_config() says that it failed' : '';
	} catch (Throwable $bad) {
		return 'write_config() failed: ' . get_class($bad) . ': ' . frrgen_where($bad->getMessage(), $bad->getFile(), $bad->getLine());
	}
}
