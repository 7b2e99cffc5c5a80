"""Configurations in the shapes that people run: what frrgen reads of each is what FRR has, but for what it reports.

Each file is loaded into real FRR; so is what frrgen writes of it. `show running-config` is the same, but for the lines
that were reported as not understood. A file says in its first lines of which versions it is: `! since 10.3`,
`! before 10`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from frrgen.cli import main
from frrgen.platforms.frr.device import complaints
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.render import render
from frrgen.transport.base import plain
from tests.lab import Lab
from tests.lab.frr import numbers

FILES = sorted((Path(__file__).parent / "corpus").glob("*.conf"))
DAEMONS = ("zebra", "staticd", "bgpd", "bfdd", "ospfd")
OPTIONS = {"bgpd": ["-M", "rpki"]}
OF_THE_LAB = re.compile("XFRR_end_configuration|agentx")
"""What is refused by this lab alone: vtysh 8 says the one to zebra, the other wants FRR's SNMP module."""
ENDS = re.compile(r"exit.*|!.*|end|Building configuration.*|Current configuration.*|frr (version|defaults).*| .*|")


@pytest.fixture(scope="module")
def bench(frr):
    """A router that is emptied between two files."""
    with Lab(frr=frr) as made:
        one = made.router("r1", daemons=DAEMONS)
        one.start("", options=OPTIONS)
        one.empty = (plain(one.running_config()), "traditional")
        yield one


def emptied(router, profile):
    """Take away all that a router has; where that leaves something, or the profile is another one, start it anew."""
    first, held = router.empty
    router.run("ip", "address", "flush", "dev", "lo", "scope", "global")
    lines = router.running_config().split("\n")
    undone = [f"no {line}" for line in lines if not ENDS.fullmatch(line) and not line.startswith("no ")]
    undone += [line.removeprefix("no ") for line in lines if line.startswith("no ")]
    # an instance of a VRF goes before the default instance, and the VRF behind both
    order = ("no router bgp", "no router", "no vrf", "")
    undone.sort(key=lambda line: ([line.startswith(word) for word in order].index(True), " vrf " not in line))
    # what another VRF uses of an instance stays on FRR 10, hidden, and comes back with the next one
    anew = held != profile or any(" vrf " in line for line in lines)
    if not anew and undone:
        router.load("\n".join([*undone, "end", ""]))
    if anew or plain(router.running_config()) != first:
        router.restart("" if profile == "traditional" else f"frr defaults {profile}\n", options=OPTIONS)
        router.empty = (plain(router.running_config()), profile)


def loaded(router, text):
    """Load a text into an empty router; what vtysh complains of, and what the router then shows."""
    profile = re.search(r"(?m)^frr defaults (\w+)", text)
    emptied(router, profile[1] if profile else "traditional")
    said = router.load(text)
    return [line for line in complaints(said) if not OF_THE_LAB.search(line)], router.running_config()


def same(text, leftovers):
    """What a configuration says, but for lines that are left over and the contexts they stand in.

    Ways to say the same are made alike: any prefix, an AS number with a dot, a VRF that is named and holds nothing.
    """
    left = {" / ".join((*one.context, one.line)[:depth]) for one in leftovers for depth in range(1, 9)}
    said = set()
    for line in plain(text):
        alike = re.sub(r"0\.0\.0\.0/0 le 32$|::/0 le 128$", "any", line.decode())
        said.add(re.sub(r"(router bgp|remote-as) (\d+)\.(\d+)", _without_dot, alike))
    return sorted(line for line in said - left if not re.fullmatch("vrf [^ ]+", line))


def _without_dot(found):
    return f"{found[1]} {(int(found[2]) << 16) + int(found[3])}"


def is_of(text, version):
    """Tell whether a file is of a version of FRR."""
    said = dict(re.findall(r"(?m)^! (since|before) ([0-9.]+)$", text))
    return numbers(said.get("since", "0")) <= numbers(version) < numbers(said.get("before", "99"))


def test_there_is_a_corpus():
    assert len(FILES) >= 60


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_is_read_of_a_configuration_is_what_frr_has_of_it(bench, file):
    version = bench.frr.version
    text = file.read_text()
    if not is_of(text, version):
        pytest.skip("of other versions")
    text = re.sub("(?m)^frr version .*\n", "", text)
    said, original = loaded(bench, text)
    assert said == []
    read = parse(text, name="r1", frr_version=version)
    said, again = loaded(bench, render(read.router))
    assert said == []
    running = parse(original, name="r1", frr_version=version)
    assert same(original, running.leftovers) == same(again, running.leftovers)
    plan = make_plan(running, read.router.model_copy(update={"ownership": "full"}))
    assert plan.commands == ()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_configuration_against_itself_is_nothing_to_do(file, capsys):
    assert main(["plan", str(file), str(file), "--allow-unread", "all"]) == 0
    assert capsys.readouterr().err == ""
