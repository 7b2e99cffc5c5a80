<?php
/** How far the package has come: it reloads FRR in the background, and nobody hears how that ended. */
function frrgen_run(array $request): array {
	return array('frr_conf' => frrgen_generated(), 'busy' => frrgen_busy());
}
