"""A box may answer anything: it ends in an error that says so, and never in a traceback."""

from __future__ import annotations

import contextlib
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frrgen.errors import DeviceError
from frrgen.model.router import Router
from frrgen.platforms.pfsense.ask import NothingChangedError
from frrgen.platforms.pfsense.device import PfsenseDevice
from frrgen.transport.ssh import Result
from tests.examples import examples

GOOD = {
    "ok": True,
    "pfsense": "2.8.1-RELEASE",
    "package": "2.1.2_1",
    "hostname": "pf",
    "domain": "home.arpa",
    "interfaces": {"lan": ["192.168.1.1"]},
    "devices": {"lan": "vtnet1"},
    "gateways": {},
    "lengths": {"192.168.1.1": 24},
    "carp": {},
    "hasync": False,
    "sections": {},
    "digest": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    "frr_conf": "",
    "running": "",
    "frr": "zebra version 10.3\n",
    "daemons": [],
    "sessions": "",
    "pending": None,
    "stage": "begun",
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


class Box:
    """Answers the verb with one text behind the mark that it was asked for."""

    name = "pf"

    def __init__(self, text):
        self.text = text

    def run(self, command, stdin="", **_):
        mark = re.search(r"frrgen_begin\('(.+)'\)", stdin)[1]
        return Result(0, f">>> Launching rc.local\n{mark} {self.text}\n", "")


def device(text):
    made = PfsenseDevice(Router(name="pf"))
    made.shell = Box(text)
    return made


def test_a_good_answer_is_read_past_what_else_the_box_prints():
    running = device(json.dumps(GOOD, separators=(",", ":"))).fetch()
    assert running.box.interfaces == {"lan": ("192.168.1.1",)}
    assert running.box.package == "2.1"


@settings(max_examples=examples(200))
@given(key=st.sampled_from(sorted(GOOD.keys() - {"ok", "stage"})), value=JSON)
def test_an_answer_of_another_shape_is_an_error(key, value):
    text = json.dumps({**GOOD, key: value}, separators=(",", ":"))
    with contextlib.suppress(DeviceError):
        assert device(text).fetch().package == (value if key == "package" else GOOD["package"])


@pytest.mark.parametrize("text", ["", "{", '{"ok":true', '{"ok":true}', "[]", '{"ok":false}', "nonsense", "\udcff"])
def test_an_answer_that_is_cut_off_is_an_error(text):
    with pytest.raises(DeviceError) as caught:
        device(text).fetch()
    assert caught.value.findings[0].code == "FRR740"


@pytest.mark.parametrize(
    ("kind", "stage", "code", "untouched"),
    [
        ("busy", "begun", "FRR512", True),
        ("conflict", "begun", "FRR521", True),
        ("write", "writing", "FRR743", True),
        ("failed", "begun", "FRR740", True),
        ("failed", "writing", "FRR740", False),
        ("failed", "written", "FRR740", False),
    ],
)
def test_only_what_certainly_changed_nothing_says_so(kind, stage, code, untouched):
    text = json.dumps({"ok": False, "kind": kind, "error": "why", "stage": stage})
    with pytest.raises(DeviceError) as caught:
        device(text).apply({}, "", "x")
    assert caught.value.findings[0].code == code
    assert isinstance(caught.value, NothingChangedError) == untouched
    assert "nothing was changed" in str(caught.value) or code == "FRR740"
