"""A file that is no configuration is refused, and nothing of it reaches the terminal."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from frrgen.cli import main
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.parse.recognise import foreign
from tests.parse.test_frr import GOLDENS

EXAMPLE = Path(__file__).resolve().parents[2] / "inventory"
XML = "<?xml version='1.0'?>\n<pfsense><system><password>hunter2</password></system></pfsense>\n"
FOREIGN = {
    "random bytes": random.Random(1).randbytes(100_000),
    "a NUL": b"router bgp 65000\n neighbor 192.0.2.1 remote-as 1\x00\n",
    "Latin-1": b"router bgp 65000\n neighbor 192.0.2.1 remote-as 1\n neighbor 192.0.2.1 description M\xfcller\n",
    "hosts": b"127.0.0.1 localhost\n::1 localhost ip6-localhost\n# a comment\nff02::1 ip6-allnodes\n",
    "YAML": b"bgp_instance:\n  asn: 65000\n  neighbors:\n    - address: 192.0.2.1\nhostname: r1\n",
    "JSON": b'{"router": {"bgp": [1, 2]}}\n',
    "XML": XML.encode(),
    "an encrypted backup": b"---- BEGIN config.xml ----\nU2FsdGVkX18=\n---- END config.xml ----\n",
}


VERBS = ("import", "plan running", "plan intended", "diff", "explain")
CASES = [(what, verb) for what in FOREIGN for verb in VERBS if (what, verb) != ("XML", "explain")]
"""`explain` reads a config.xml."""


@pytest.mark.parametrize(("what", "verb"), CASES)
def test_what_is_no_configuration_of_frr_is_refused(what, verb, tmp_path, capsys):
    path, sound = tmp_path / "other.conf", tmp_path / "sound.conf"
    path.write_bytes(FOREIGN[what])
    sound.write_text("router bgp 65000\n")
    args = {
        "import": ["import", "frr", path],
        "plan running": ["plan", path, sound],
        "plan intended": ["plan", sound, path],
        "diff": ["-i", EXAMPLE, "diff", "edge1", "--running", path],
        "explain": ["explain", "r1", "192.0.2.1", "in", "10.0.0.0/8", "--running", path],
    }[verb]
    status = main([str(arg) for arg in args])
    out, err = capsys.readouterr()
    assert (status, out) == (1, "")
    assert "error[FRR405]" in err
    assert str(path) in err
    assert "hint: " in err
    assert "hunter2" not in err
    assert err.replace("\n", "").isprintable()
    assert len(err) < 2000


def test_both_files_of_a_plan_are_named_at_once(tmp_path, capsys):
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(FOREIGN["hosts"])
    assert main(["plan", str(tmp_path / "a"), str(tmp_path / "b")]) == 1
    assert capsys.readouterr().err.count("error[FRR405]") == 2


@pytest.mark.parametrize("text", ["", "\n\n", "!\n! nothing\nend\n", "# default to using syslog\n#\n"])
def test_an_empty_file_is_an_empty_configuration(text, tmp_path, capsys):
    path = tmp_path / "empty.conf"
    path.write_text(text)
    assert main(["plan", str(path), str(path)]) == 0
    assert "nothing to do" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text",
    [
        "router ospf\n ospf router-id 1.1.1.1\n",
        "interface eth0\n description x\n",
        "hostname r1\nlog syslog informational\n",
        "ip multicast-routing\n",
        "debug bgp updates\n",
        "no ipv6 forwarding\n",
        "community-things\nbgp as-path access-list A seq 5 permit .*\n",
        " neighbor 192.0.2.1 route-map X in\n",
        "password hunter2\nline vty\n",
        *(golden.read_text() for golden in GOLDENS),
    ],
)
def test_a_file_with_any_line_of_frr_is_a_configuration(text):
    assert foreign(text, "x") is None


def test_every_single_line_that_is_understood_makes_a_configuration():
    lines = [line for golden in GOLDENS for line in golden.read_text().split("\n") if line and line[0] not in "! #"]
    understood = [line for line in lines if not parse(line).leftovers]
    assert len(understood) > 50
    assert [line for line in understood if foreign(line, "x")] == []
