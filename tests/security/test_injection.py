"""No text of an inventory leaves its place: FRR's lines, the shell's words and PHP's text stay ours."""

from __future__ import annotations

import json
import re
import shlex
import subprocess

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from frrgen.errors import InputError
from frrgen.model.router import Router
from frrgen.platforms.frr.device import _command
from frrgen.platforms.frr.diff.canonical import canonical
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.render import render
from frrgen.platforms.pfsense.ask import program
from tests.examples import examples
from tests.strategies import any_router as routers

HOSTILE = [
    "x\n!\nno router bgp",
    "x\r\nend",
    "x\x00y",
    "x\x1b[2Jy",
    "x\u2028no router bgp",
    "x\x85no router bgp",
    "$(touch /tmp/owned)",
    "`touch /tmp/owned`",
    "x; touch /tmp/owned",
    "x' ; touch /tmp/owned #",
    'x" ; touch /tmp/owned #',
    "x | sh",
    "x && reboot",
    "-oProxyCommand=id",
    "--help",
    "../../etc/passwd",
    "<?php system('id'); ?>",
    "'); system('id'); //",
    "]]><!ENTITY",
    "{{ 7 * 7 }}",
    "{% include '/etc/passwd' %}",
    "%s%n",
    "x ! y",
    "exit",
    "end",
    "configure terminal",
    "do show run",
]


def places(node, path=()):
    """Yield the place of each text and each key in plain data."""
    if isinstance(node, dict):
        for key, inner in node.items():
            if isinstance(key, str):
                yield (*path, ("key", key))
            yield from places(inner, (*path, ("in", key)))
    elif isinstance(node, list):
        for number, inner in enumerate(node):
            yield from places(inner, (*path, ("in", number)))
    elif isinstance(node, str):
        yield path


def replaced(node, path, text):
    """Give plain data with another text at a place."""
    if not path:
        return text
    (kind, step), *rest = path
    if isinstance(node, list):
        return [replaced(one, rest, text) if number == step else one for number, one in enumerate(node)]
    if kind == "key":
        return {text if key == step else key: inner for key, inner in node.items()}
    return {key: replaced(inner, rest, text) if key == step else inner for key, inner in node.items()}


@settings(
    suppress_health_check=list(HealthCheck),
    deadline=None,
    max_examples=examples(60),
    print_blob=True,
    phases=[Phase.explicit, Phase.generate],
)
@given(routers(), st.data())
def test_a_text_with_orders_in_it_is_refused_or_stays_a_text(router, data):
    plain = json.loads(router.model_dump_json(exclude_defaults=True)) | {"name": router.name}
    found = [path for path in places(plain) if not any(step in {"raw", "raw_families"} for _, step in path)]
    place = data.draw(st.sampled_from(found))
    text = data.draw(st.sampled_from(HOSTILE))
    try:
        hostile = Router.model_validate(replaced(plain, place, text))
        made = render(hostile)
    except (ValidationError, InputError):
        return
    assert all(line.isprintable() for line in made.split("\n")), place
    # read back it is the same router: no line is more, and none belongs elsewhere
    parsed = parse(made, name=hostile.name, frr_version=hostile.frr_version)
    again = canonical(parsed.router.model_copy(update={"ownership": hostile.ownership}))
    assert (parsed.leftovers, again) == ((), canonical(hostile)), place


@pytest.mark.parametrize("text", [one for one in HOSTILE if "\x00" not in one])
def test_a_word_for_the_shell_is_one_word(text):
    words = shlex.split(_command("verb", text))
    assert words[-1] == text
    done = subprocess.run(["sh", "-c", f"printf '%s' {shlex.quote(text)}"], capture_output=True, check=True)
    assert done.stdout == text.encode()


@pytest.mark.parametrize("text", HOSTILE)
def test_the_made_holds_nothing_of_the_inventory_but_base64(text):
    harmless = program("apply", "mark", {"x": "y"}, ())
    made = program("apply", "mark", {"x": text}, ())
    changed = [line for line, old in zip(made.split("\n"), harmless.split("\n"), strict=True) if line != old]
    assert len(changed) == 1
    assert re.fullmatch(r"frrgen_main\('[A-Za-z0-9+/=]+'\);", changed[0])


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("field", ["host", "user"])
def test_a_login_takes_no_option_and_no_order(field, text):
    try:
        ssh = Router.model_validate({"name": "r1", "ssh": {field: text}}).ssh
    except ValidationError:
        return
    said = getattr(ssh, field)
    assert not set(said) & set(" '\"`$;|&<>\n\r\x00/")
