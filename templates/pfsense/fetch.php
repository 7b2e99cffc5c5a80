<?php
/** Everything that frrgen wants to know of a box. */
function frrgen_run(array $request): array {
	global $config;
	$sections = frrgen_sections(frrgen_read());
	$interfaces = $devices = $gateways = $lengths = $carp = array();
	foreach ($config['interfaces'] ?? array() as $name => $interface) {
		if (!is_array($interface)) {
			continue;
		}
		$devices[$name] = (string) ($interface['if'] ?? '');
		if (!isset($interface['enable'])) {
			continue;
		}
		$interfaces[$name] = array();
		foreach (array('get_interface_ip' => 'subnet', 'get_interface_ipv6' => 'subnetv6') as $ask => $length) {
			$address = function_exists($ask) ? $ask($name) : null;
			if ($address) {
				$interfaces[$name][] = $address;
				$lengths[$address] = (int) ($interface[$length] ?? 0);
			}
		}
	}
	foreach ($config['virtualip']['vip'] ?? array() as $vip) {
		if (isset($vip['uniqid'], $vip['subnet'])) {
			$interfaces["_vip{$vip['uniqid']}"] = array($vip['subnet']);
			$lengths[$vip['subnet']] = (int) ($vip['subnet_bits'] ?? 0);
			if (($vip['mode'] ?? '') === 'carp' && function_exists('get_carp_interface_status')) {
				$carp["_vip{$vip['uniqid']}"] = (string) get_carp_interface_status("_vip{$vip['uniqid']}");
			}
		}
	}
	foreach (function_exists('return_gateways_array') ? return_gateways_array() : array() as $name => $gateway) {
		$gateways[$name] = (string) ($gateway['gateway'] ?? '');
	}
	$running = frrgen_running();
	return array(
		'pfsense' => trim((string) @file_get_contents('/etc/version')),
		'package' => trim(frrgen_command('/usr/local/sbin/pkg query %v pfSense-pkg-frr')),
		'hostname' => (string) ($config['system']['hostname'] ?? ''),
		'domain' => (string) ($config['system']['domain'] ?? ''),
		'interfaces' => (object) $interfaces,
		'devices' => (object) $devices,
		'gateways' => (object) $gateways,
		'lengths' => (object) $lengths,
		'carp' => (object) $carp,
		'hasync' => !empty($config['hasync']['synchronizetoip']),
		'sections' => (object) $sections,
		'digest' => frrgen_digest($sections, $request['names']),
		'frr_conf' => base64_encode((string) @file_get_contents(FRRGEN_CONF)),
		'running' => base64_encode($running),
		'frr' => $running === '' ? frrgen_command('/usr/local/sbin/zebra --version') : '',
		'daemons' => preg_split('/\s+/', frrgen_command("/usr/local/bin/vtysh -c 'show daemons'"), -1, PREG_SPLIT_NO_EMPTY),
		'sessions' => base64_encode(frrgen_command("/usr/local/bin/vtysh -d bgpd -c 'show bgp vrf all summary json'")),
		'pending' => frrgen_pending(),
	);
}

/** The push that has begun and was neither confirmed nor undone, and what becomes of it. */
function frrgen_pending(): ?array {
	$folder = frrgen_folder();
	$about = json_decode((string) @file_get_contents("{$folder}/about"), true);
	if (!is_array($about)) {
		return null;
	}
	$timer = is_file("{$folder}/failed") ? 'failed' : (frrgen_timer($folder) ? 'on' : 'off');
	return $about + array(
		'timer' => $timer,
		'seconds' => max(0, (int) @file_get_contents("{$folder}/until") - time()),
		'verified' => trim((string) @file_get_contents("{$folder}/verified")),
	);
}
