"""Of what the package writes of any field of a page, check refuses the lines that FRR refuses, and no other."""

from __future__ import annotations

import copy
import functools
import json
import re

from frrgen.platforms.pfsense.generator import frr_conf
from frrgen.platforms.pfsense.ranges import refused
from frrgen.platforms.pfsense.schema import SCHEMA
from tests.boxes import BOX
from tests.pfsense import GOLDEN

FULL = json.loads((GOLDEN / "full.json").read_text())
NUMBERS = (
    0,
    1,
    32,
    33,
    64,
    65,
    128,
    129,
    255,
    256,
    500,
    501,
    599,
    600,
    7200,
    7201,
    65535,
    65536,
    86401,
    2**32 - 1,
    2**32,
)
WORDS = ("", "-1", "+5", "1.5", "a b", "007", "2001:db8::/32")
TOLD_OTHERWISE = re.compile(r" rpki cache | match ip6? address $|.* match ipv?6? address $")
"""Lines that findings of their own tell (FRR738)."""
ONLY_BGPD = re.compile(r" set as-path (?:exclude|prepend) .*[a-z:]")
"""Lines that vtysh of FRR 10 takes; bgpd refuses them."""
ONLY_FRR_10 = re.compile(r".* bgp enforce-first-as|.* set metric igp")


def lines(text):
    """Yield the lines of a file, each with the lines above that open its contexts."""
    inside = []
    for line in text.splitlines():
        depth = len(line) - len(line.lstrip(" "))
        if line.strip() in {"", "!", "exit-address-family"} or line.startswith("#"):
            continue
        inside = [one for one in inside if one[0] < depth] if depth else []
        yield tuple(one[1] for one in inside), line
        if re.match(r"router bgp |route-map |bfd$|rpki$| address-family | (?:peer|profile) ", line):
            inside.append((depth, line))


@functools.cache
def odd():
    """Return the lines that the package writes where the same key of each entry, and of each row, has an odd value."""
    found = {}
    for word in (*map(str, NUMBERS), *WORDS):
        for place in range(max(len(SCHEMA[section].keys) for section in FULL)):
            box = copy.deepcopy(FULL)
            for section, entries in box.items():
                for entry in entries if section != "frrglobalraw" else ():
                    set_at(entry, SCHEMA[section].keys, place, word)
                    for row in entry.get("row", ()):
                        set_at(row, [field.key for field in SCHEMA[section].row], place, word)
            found |= dict.fromkeys(lines(frr_conf(box, BOX)))
    return found


def set_at(entry, keys, place, word):
    if place < len(keys) and keys[place] not in {"row", "enable", "asnum"}:
        entry[keys[place]] = word


def test_check_refuses_the_lines_that_frr_refuses(router, frr):
    package = "2.1" if frr.numbers >= (10,) else "2.0"
    written = odd()
    assert len(written) > 2000
    text, places = [], {}
    for above, line in written:
        text += ["line vty", *above, line]
        places[len(text)] = (above, line)
    (router.folder / "lib/odd.conf").write_text("\n".join(text) + "\n")
    done = router.run("vtysh", "-C", "-f", "/var/lib/odd.conf", check=False)
    numbers = map(int, re.findall(r"line (\d+): % ", done.stdout + done.stderr))
    found = {places[number] for number in numbers if number in places}
    assert len(found) > 300
    wrong = []
    for above, line in written:
        told = any(True for one in (*above, line) for _ in refused(one, package))
        if told != ((above, line) in found) and not any(
            pattern.match(line) for pattern in (TOLD_OTHERWISE, ONLY_BGPD, ONLY_FRR_10)
        ):
            wrong.append((told, above, line))
    assert wrong == []
