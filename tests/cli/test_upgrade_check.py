"""`frrgen upgrade-check` tells what a later FRR reads otherwise."""

from __future__ import annotations

import pytest

from frrgen.cli import main

TEXT = """\
frr version 8.4.4
bgp community-list standard ANY seq 5 permit internet
route-map IN permit 10
 set distance 0
exit
no route-map IN optimization
router bgp 65001
 bgp long-lived-graceful-restart stale-time 16777216
 neighbor 192.0.2.1 remote-as 65002
 neighbor 192.0.2.2 remote-as 65003
 no neighbor 192.0.2.2 enforce-first-as
 neighbor 192.0.2.3 remote-as internal
exit
"""


@pytest.fixture
def conf(tmp_path):
    path = tmp_path / "frr.conf"
    path.write_text(TEXT)
    return str(path)


def test_lines_and_defaults_are_reported_with_their_places(conf, capsys):
    assert main(["upgrade-check", conf, "--to", "10.3"]) == 2
    out = capsys.readouterr().out
    assert "error[FRR450]: to FRR 10.3 `no route-map IN optimization` makes FRR skip the first entry of the map" in out
    assert f"{conf}:6" in out
    assert "`bgp community-list standard ANY seq 5 permit internet` is refused" in out
    assert "`set distance 0` is refused" in out
    assert "refuses the long-lived stale time 16777216" in out
    assert "does not begin with the neighbor's AS, from 192.0.2.1\n" in out
    assert "reaches next hops by the default route (ipv6) unless told otherwise" in out
    assert "AS_SET" not in out  # from 10.5 on
    assert "rejects routes with AS_SETs" in (main(["upgrade-check", conf, "--to", "10.7"]), capsys.readouterr().out)[1]


def test_to_the_version_that_runs_nothing_changes(conf, capsys):
    assert main(["upgrade-check", conf, "--to", "8.4.4"]) == 0
    assert "0 lines" in capsys.readouterr().out


@pytest.mark.parametrize("to", ["x", "10.x", "-1", "", "1.2.3.4", "99999"])
def test_what_is_no_version_is_refused(conf, to, capsys):
    with pytest.raises(SystemExit):
        main(["upgrade-check", conf, f"--to={to}"])
    assert "is no version" in capsys.readouterr().err
