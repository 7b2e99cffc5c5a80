<?php
/** Give lists of bgpd their rows in the wanted order, in FRR alone: config.xml has them so already. */
function frrgen_run(array $request): array {
	return array('heads' => frrgen_put_in_order((string) base64_decode($request['rows']), frrgen_running()));
}
