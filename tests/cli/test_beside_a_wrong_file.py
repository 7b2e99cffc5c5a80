"""A verb that names a router needs no other router's file to be right."""

from __future__ import annotations

import pytest

from frrgen.cli import main

ROUTER = """\
ssh: {host: 127.0.0.1, port: 1}
bgp:
  asn: 65001
  router_id: 10.0.0.1
  neighbors:
    192.0.2.1: {remote_as: 65002}
"""
WRONG = {"syntax": "bgp:\n  asn: [\n", "key": "bgp:\n  asn: 65002\n  neighbrs: {}\n"}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize(
    "words",
    [
        "push r1 --dry-run",
        "push r1 --yes",
        "diff r1",
        "status r1",
        "history r1",
        "rollback r1 --yes",
        "render r1",
        "explain r1 192.0.2.1 in 10.0.0.0/8",
    ],
)
def test_a_wrong_file_of_another_router_stops_no_verb_that_names_its_router(tmp_path, capfd, words, wrong):
    (tmp_path / "routers").mkdir()
    (tmp_path / "routers/r1.yaml").write_text(ROUTER)
    (tmp_path / "routers/r2.yaml").write_text(wrong)
    main(["-i", str(tmp_path), *words.split()])
    said = "".join(capfd.readouterr())
    assert "r2" not in said
    # nothing listens there: the router was dialled, or no router is needed
    assert "FRR503" in said or words.split()[0] in {"render", "explain"}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("verb", ["diff", "status"])
def test_a_verb_that_names_no_router_asks_those_that_can_be_read(tmp_path, capfd, verb, wrong):
    (tmp_path / "routers").mkdir()
    (tmp_path / "routers/r1.yaml").write_text(ROUTER)
    (tmp_path / "routers/r2.yaml").write_text(wrong)
    assert main(["-i", str(tmp_path), verb]) == 1
    said = "".join(capfd.readouterr())
    # nothing listens there: r1 was dialled
    assert said.count("FRR503") == said.count("r2.yaml:") == 1
