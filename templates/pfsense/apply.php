<?php
/** Write sections, and have the package load them. */
function frrgen_run(array $request): array {
	return frrgen_apply($request);
}
