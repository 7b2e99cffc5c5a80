"""A router's model -> the sections of pfSense's FRR package, as the package's own pages would store them.

What the model does not speak of stays as it is on the box: keys, entries (with `ownership: managed`), and the spelling
of what means the same.
"""

from __future__ import annotations

from frrgen.codes import Code, Severity
from frrgen.errors import Finding, InputError, Path
from frrgen.model.platform import Pfsense
from frrgen.model.references import NOUNS, Ref, policy_refs
from frrgen.model.router import Router
from frrgen.platforms.pfsense.host import HostFacts
from frrgen.platforms.pfsense.key import write_keys
from frrgen.platforms.pfsense.keys import (
    ROUTE_MAP_DELAY,
)
from frrgen.platforms.pfsense.loss import Loss
from frrgen.platforms.pfsense.overlay import Kept, Overlay
from frrgen.platforms.pfsense.pages import refusals
from frrgen.platforms.pfsense.schema import COVERED, Sections, blank, identity
from frrgen.platforms.pfsense.sections.bgp import write_bgp
from frrgen.platforms.pfsense.sections.lists import (
    write_access_lists,
    write_as_path_lists,
    write_community_lists,
    write_prefix_lists,
)
from frrgen.platforms.pfsense.sections.neighbors import write_neighbors
from frrgen.platforms.pfsense.sections.route_maps import write_route_maps
from frrgen.platforms.pfsense.sections.top import write_bfd, write_global, write_raw, write_rpki


def box_of(router: Router) -> HostFacts:
    """Return what the inventory says of the box itself, for when there is none to ask."""
    own = router.pfsense or Pfsense()
    hostname, _, domain = (router.hostname or router.name).partition(".")
    return HostFacts(
        package=own.package or "2.1",
        hostname=hostname,
        domain=domain or "home.arpa",
        interfaces={name: tuple(map(str, addresses)) for name, addresses in own.interfaces.items()},
        gateways={name: str(address) for name, address in own.gateways.items()},
    )


def sections(
    router: Router,
    box: HostFacts,
    current: Sections | None = None,
    kept: Kept | None = None,
    said: Router | None = None,
) -> Sections:
    """Write a router as sections, over what the box has now. Secrets are written as the model has them.

    `kept` are the keys of `current` that hold what the model lacks, and `said` is the router that `current` says (see
    parse): where the router says no other, the box's sections stay as they are. Raises InputError with everything that
    the package cannot express, but what the box has already.
    """
    written, findings = written_with_findings(router, box, current, kept, said)
    errors = [one for one in findings if one.severity is Severity.ERROR]
    if errors:
        raise InputError(*errors)
    return written


def written_with_findings(
    router: Router,
    box: HostFacts,
    current: Sections | None = None,
    kept: Kept | None = None,
    said: Router | None = None,
) -> tuple[Sections, list[Finding]]:
    """Write a router as sections, and find what gets lost."""
    loss = Loss(("routers", router.name))
    intended = _intended(router, box, loss)
    _refused_by_pages(intended, loss)
    before: Sections = {}
    if said is not None:
        already = Loss(loss.path)
        before = _intended(said, box, already)
        _refused_by_pages(before, already)
        loss.findings = [one for one in loss.findings if one not in already.findings]
        if intended == before:
            return {name: (current or {})[name] for name in COVERED if (current or {}).get(name)}, loss.findings
    over = Overlay(current or {}, kept or {}, before, full=router.ownership == "full", bgp=router.bgp is not None)
    found = {name: over.section(name, intended[name]) for name in COVERED}
    present = {name: configs for name, configs in found.items() if configs or (current or {}).get(name)}
    if not present["frr"][0]["password"]:
        loss.add(
            Code.FRR725,
            "the FRR package demands a master password, and neither the inventory nor the box has one",
            ("pfsense", "password"),
            "pfsense: {password: env:NAME}",
        )
    return present, loss.findings


def _intended(router: Router, box: HostFacts, loss: Loss) -> Sections:
    _dangling(router, loss)
    found: Sections = {name: [] for name in COVERED}
    found["frr"] = [write_global(router, box, loss)]
    found["frrglobalprefixes"] = list(write_prefix_lists(router, loss))
    found["frrglobalacls"] = list(write_access_lists(router, loss))
    found["frrbgpaspaths"] = list(write_as_path_lists(router, loss))
    found["frrbgpcommunities"] = list(write_community_lists(router, loss))
    found["frrglobalroutemaps"] = list(write_route_maps(router, loss))
    own = router.pfsense or Pfsense()
    if own.tcp_md5:
        found["frrglobalraw"] = [write_raw(router)]
    for section, config in write_bfd(router, box, loss):
        found[section].append(config)
    if found["frrbfdprofiles"] or found["frrbfdpeers"]:
        found["frrbfd"] = [blank("frrbfd") | {"enable": "on"}]
    bgp = router.bgp
    if bgp is None:
        if router.rpki is not None:
            loss.cannot((), "rpki", "without bgp", "rpki beside bgp")
        return found
    config, advanced = write_bgp(bgp, loss)
    advanced["enforcefirstas"] = "on" if own.enforce_first_as else ""
    write_keys([ROUTE_MAP_DELAY], router, advanced, loss, ())
    found["frrbgprpkicacheservers"] = list(write_rpki(router.rpki, config, loss))
    found["frrbgp"], found["frrbgpadvanced"] = [config], [advanced]
    found["frrbgpneighbors"] = list(write_neighbors(bgp, box, loss))
    return found


def _refused_by_pages(some: Sections, loss: Loss) -> None:
    """Add what somebody who opens a page could not save again."""
    if any(one.severity is Severity.ERROR for one in loss.findings):
        return
    for section, configs in some.items():
        for config in configs:
            for key, wanted in refusals(section, config):
                name = " ".join([section, *identity(section, config)])
                loss.add(Code.FRR739, f"the page of {name} does not save this {key}: it wants {wanted}")


def _dangling(router: Router, loss: Loss) -> None:
    """Refuse names of what is not there: FRR matches nothing with them, and the package leaves their lines out."""
    for path, ref in policy_refs(router):
        _defined(router, ref, path, loss)
    if router.bgp is None:
        return
    for peer, neighbor in router.bgp.neighbors.items():
        if neighbor.peer_group is not None and neighbor.peer_group not in router.bgp.peer_groups:
            _undefined("peer group", neighbor.peer_group, ("bgp", "neighbors", peer, "peer_group"), loss)


def _defined(router: Router, ref: Ref, path: Path, loss: Loss) -> None:
    kind, name = ref
    found = getattr(router, kind).get(name)
    if found is None or (kind == "route_maps" and not found.entries):
        _undefined(NOUNS[kind], name, path, loss)


def _undefined(what: str, name: str, path: Path, loss: Loss) -> None:
    loss.add(Code.FRR722, f"pfSense leaves this line out: the {what} {name!r} is not there", path, "define it")
