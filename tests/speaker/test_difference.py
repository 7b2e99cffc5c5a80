"""A file that is read again costs what changed in it, and comes to the same as if it were read for the first time."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from frrgen.errors import InputError
from frrgen.inventory.files import load
from frrgen.model.derive import derive
from frrgen.speaker.plan import plan_node
from frrgen.speaker.process.announcer import Announcer
from frrgen.speaker.process.sources.file import StaticSource
from tests.lab.speaking import inventory
from tests.speaker.talking import run

_PREFIXES = st.sampled_from([f"10.1.0.{number}/32" for number in range(6)] + ["2001:db8::1/128", "10.2.0.0/24"])
_ANNOUNCEMENT = st.fixed_dictionaries(
    {"prefixes": st.lists(_PREFIXES, min_size=1, max_size=3)},
    optional={"med": st.integers(1, 2), "communities": st.sampled_from(["[]", "['1:2']"])},
)
_FILES = st.lists(st.lists(_ANNOUNCEMENT, max_size=4) | st.just("the other many.txt"), min_size=2, max_size=6)


def _text(announcements):
    lines = [
        "  - {" + ", ".join(f"{name}: {value}".replace("'", '"') for name, value in one.items()) + "}\n"
        for one in announcements
    ]
    return "announcements:\n  - {prefix_file: many.txt}\n" + "".join(lines)


def _read(source, plan):
    try:
        return source.read(plan), ""
    except InputError as bad:
        return None, str(bad)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(_FILES)
def test_what_is_announced_after_any_changes_is_what_a_new_process_would_announce(tmp_path_factory, files):
    folder = tmp_path_factory.mktemp("files")
    network = load(net := inventory(folder / "net")).network
    assert net.exists()
    plan = plan_node(network, derive(network).routers, None)
    path, many = folder / "source.yaml", folder / "many.txt"
    many.write_text("10.1.1.0/32\n10.1.1.1/32\n")
    path.write_text("announcements: []\n")
    source = StaticSource(path)

    async def live():
        announcer = Announcer(source, lambda *_: ())
        await announcer.load(plan)
        for number, one in enumerate(files):
            if isinstance(one, str):
                many.write_text(f"10.1.1.{number}/32\n10.1.0.3/32\n" + "# longer\n" * number)
            else:
                path.write_text(_text(one))
            fresh, wrong = _read(StaticSource(path), plan)
            if wrong:
                assert _read(source, plan) == (None, wrong)
                assert not await announcer.reload(plan)
                continue
            assert await announcer.reload(plan)
            said = {key: run_.said for one in fresh for run_ in one.runs for key in run_.keys}
            assert {key: announcer.table.get(key) for key in announcer.table} == said
        await announcer.stop()

    run(live())


def test_of_an_unchanged_announcement_nothing_is_compared(tmp_path, monkeypatch):
    network = load(inventory(tmp_path / "net")).network
    plan = plan_node(network, derive(network).routers, None)
    path = tmp_path / "source.yaml"
    (tmp_path / "many.txt").write_text("".join(f"10.1.{n >> 8}.{n & 255}/32\n" for n in range(5000)))
    path.write_text(_text([]))

    async def live():
        announcer = Announcer(source := StaticSource(path), lambda *_: ())
        await announcer.load(plan)
        monkeypatch.setattr(announcer, "become", None)
        path.write_text(_text([{"prefix": "10.1.99.1/32"}]))
        await announcer.load(plan)
        assert len(announcer.table) == 5001
        path.write_text(_text([]))
        await announcer.load(plan)
        assert len(announcer.table) == 5000
        await source.stop()

    asyncio.run(live())
