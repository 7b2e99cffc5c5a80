"""The model and the sections of pfSense's FRR package: what is written comes back, and nothing is lost in between."""

from __future__ import annotations

from hypothesis import given, settings

from frrgen.errors import Severity
from frrgen.grammar.pfsense import normal
from frrgen.parse.pfsense import parse
from frrgen.render.pfsense import sections as write
from frrgen.render.pfsense import written_with_findings
from tests.boxes import BOX, sections


def differences(one, other):
    """What differs between sections, entry by entry and key by key."""
    found = []
    for name in {**normal(one), **normal(other)}:
        first, second = normal(one).get(name, []), normal(other).get(name, [])
        if len(first) != len(second):
            found.append((name, len(first), len(second)))
        for a, b in zip(first, second, strict=False):
            found += [(name, key, a.get(key), b.get(key)) for key in {**a, **b} if a.get(key) != b.get(key)]
    return found


@settings(max_examples=40, deadline=None)
@given(sections())
def test_what_the_pages_stored_is_written_back_as_it_was(stored):
    """A box that is imported and pushed again is not changed, whatever owns it."""
    read = parse(stored, BOX, name="home")
    assert not read.parsed.leftovers
    for ownership in ("managed", "full"):
        router = read.parsed.router.model_copy(update={"ownership": ownership})
        written, findings = written_with_findings(router, BOX, stored, read.kept)
        assert not [one for one in findings if one.severity is Severity.ERROR]
        assert differences(stored, written) == []


@settings(max_examples=40, deadline=None)
@given(sections())
def test_parse_is_the_inverse_of_render(stored):
    router = parse(stored, BOX, name="home").parsed.router
    written = write(router, BOX)
    assert parse(written, BOX, name="home").parsed.router == router
    assert write(router, BOX) == written
