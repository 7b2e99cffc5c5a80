"""What is doubtful about a router because it is a pfSense box: what its FRR package does without being asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from frrgen.codes import Code
from frrgen.errors import Finding, Path, Where
from frrgen.model.bgp import Bgp
from frrgen.model.passwords import plain_password
from frrgen.model.references import uses
from frrgen.model.router import Router
from frrgen.model.types import FAMILIES
from frrgen.platforms.pfsense.host import NO_CACHES, WITHOUT_CACHES
from frrgen.platforms.pfsense.render import box_of

_SINCE: Final = (9,)
"""The FRR in which bgpd obeys `match source-protocol`."""


def lint(router: Router, path: Path) -> Iterator[Finding]:
    """Find what a reader of the article "MetalLB and BGP" gets wrong, and what no reload gets through."""
    yield from _source_protocol(router, path)
    if router.rpki is not None and not box_of(router).caches_load:
        yield Finding(Code.FRR738, NO_CACHES, Where(path=(*path, "rpki")), WITHOUT_CACHES)
    yield from _passwords(router, (*path, "pfsense"))
    if router.bgp is not None:
        yield from _communities(router.bgp, path)
        yield from _internal_policy(router, router.bgp, path)


def _passwords(router: Router, path: Path) -> Iterator[Finding]:
    own = router.pfsense
    if own is not None:
        yield from plain_password("FRR's daemons", own.password, (*path, "password"))
        for number, one in enumerate(own.tcp_md5):
            place = (*path, "tcp_md5", str(number), "password")
            yield from plain_password(f"TCP MD5 with {one.destination}", one.password, place)


def _source_protocol(router: Router, path: Path) -> Iterator[Finding]:
    """Warn before the map is attached: where it is, the audit of the policies finds an entry that never matches."""
    if router.version < _SINCE:
        return
    attached = set() if router.bgp is None else {use.ref for use in uses(router.bgp)}
    for name, route_map in router.route_maps.items():
        for entry in route_map.entries:
            if entry.match.source_protocol is not None and ("route_maps", name) not in attached:
                yield Finding(
                    Code.FRR727,
                    f"attached to a neighbor, {name} would drop every route: from FRR 9 on no inbound route has a "
                    f"source protocol, so `match source-protocol {entry.match.source_protocol}` never matches",
                    Where(path=(*path, "route_maps", name, "entries", str(entry.seq), "match", "source_protocol")),
                    "take source_protocol away",
                )


def _communities(bgp: Bgp, path: Path) -> Iterator[Finding]:
    for kind in ("peer_groups", "neighbors"):
        for peer, one in getattr(bgp, kind).items():
            families = [family for family in FAMILIES if "standard" not in getattr(one, family).send_community]
            for family in families[:1]:
                yield Finding(
                    Code.FRR726,
                    f"{peer} is sent no standard communities ({_sent(getattr(one, families[0]).send_community)}): "
                    "the package's page switches them off unless told otherwise",
                    Where(path=(*path, "bgp", kind, peer, family, "send_community")),
                    "remove send_community if the neighbor should get communities",
                )


def _sent(kinds: Sequence[str]) -> str:
    return f"only {' and '.join(kinds)} communities" if kinds else "and no others"


def _internal_policy(router: Router, bgp: Bgp, path: Path) -> Iterator[Finding]:
    """Tell, where there are route maps and all hang in the air, what it means that a neighbor has none."""
    if not bgp.ebgp_requires_policy or not router.route_maps:
        return
    with_policy = {use.neighbor for use in uses(bgp)}
    if with_policy:
        return
    for peer, neighbor in bgp.neighbors.items():
        if neighbor.remote_as in {"internal", bgp.asn} and peer not in with_policy:
            yield Finding(
                Code.FRR728,
                f"{peer} has no policy: whatever it announces is accepted, for it is in AS {bgp.asn}, too; were it in "
                "another, FRR would exchange nothing with it (RFC 8212), and the package's default leaves it at that",
                Where(path=(*path, "bgp", "neighbors", peer)),
                "attach a route map with route_map_in",
            )
