"""What the next start with the saved file loses is told by check and by every plan."""

from __future__ import annotations

import pytest

from frrgen.codes import Code
from frrgen.platforms.frr.diff.plan import make_plan, with_trap
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.platform import FrrPlatform

GROUP = "router bgp 65000{}\n neighbor G peer-group\n neighbor G local-role customer{}\nexit\n"


@pytest.mark.parametrize("version", ["8.4", "10.3", "10.7"])
@pytest.mark.parametrize(("vrf", "path"), [("", ("bgp",)), (" vrf red", ("vrfs", "red", "bgp"))])
@pytest.mark.parametrize("strict", [True, False])
def test_a_group_with_a_strict_role_is_a_warning(version, vrf, path, strict):
    text = GROUP.format(vrf, " strict-mode" if strict else "")
    router = parse(text, name="r1", frr_version=version).router
    found = [one for one in FrrPlatform().lint(router, ("routers", "r1")) if one.code is Code.FRR247]
    places = [("routers", "r1", *path, "peer_groups", "G", "local_role_strict")]
    assert [one.where.path for one in found] == places * strict
    warnings = with_trap(make_plan(parse(text), router), router).warnings
    assert [text for text in warnings if "local_role_strict" in text] == [f"{one.message}; {one.hint}" for one in found]
