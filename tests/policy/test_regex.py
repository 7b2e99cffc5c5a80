"""Regular expressions: FRR asks glibc, and so do these tests. Where we are not undecided, we say what glibc says."""

from __future__ import annotations

import ctypes
import itertools
import random

import pytest

from frrgen.policy.sets.automaton import machine, refuse_stray, surely_found
from frrgen.policy.sets.paths import ALPHABET, LANGUAGE
from frrgen.policy.sets.regex import UndecidedError, compiled

_EXTENDED, _NO_SUB = 1, 8
DELIMITER = "(^|[,{}() ]|$)"
LIBC = ctypes.CDLL(None)
TEXTS = ["", "1", "2", "12", "1 2", "1 1 2", "12 1 {1,2}", "65001 12", "2 2 2", "{1,2}", "1 2 12", "121"]
PARTS = [
    "_",
    "^",
    "$",
    ".",
    "1",
    "2",
    "12",
    "[12]",
    "[^1 ]",
    "65001",
    " ",
    "{",
    "}",
    ",",
    "\\{",
    "[0-9]",
    "[[:digit:]]",
]


class Compiled(ctypes.Structure):
    _fields_ = [("space", ctypes.c_char * 64)]


class Glibc:
    """FRR's way: `_` is replaced, then regcomp reads the rest."""

    def __init__(self, regex):
        self.compiled = Compiled()
        self.valid = not LIBC.regcomp(
            ctypes.byref(self.compiled), regex.replace("_", DELIMITER).encode(), _EXTENDED | _NO_SUB
        )

    def finds(self, text):
        return LIBC.regexec(ctypes.byref(self.compiled), text.encode(), 0, None, 0) == 0

    def __del__(self):
        if self.valid:
            LIBC.regfree(ctypes.byref(self.compiled))


def expression(rng, depth):
    kind = rng.random()
    if not depth or kind < 0.35:
        return rng.choice(PARTS)
    if kind < 0.6:
        return expression(rng, depth - 1) + expression(rng, depth - 1)
    if kind < 0.72:
        return f"({expression(rng, depth - 1)}|{expression(rng, depth - 1)})"
    if kind < 0.9:
        return f"({expression(rng, depth - 1)})" + rng.choice(["*", "+", "?", "{2}", "{1,2}", "{0,1}", "{2,}"])
    return f"({expression(rng, depth - 1)})"


@pytest.mark.parametrize("seed", range(8))
def test_random_expressions_are_found_where_glibc_finds_them(seed):
    rng = random.Random(seed)
    asked = doubts = 0
    for _ in range(400):
        regex = expression(rng, 4)
        glibc = Glibc(regex)
        if not glibc.valid:
            continue
        for text in TEXTS:
            try:
                ours = surely_found(regex, text)
                it = machine(regex)
            except UndecidedError:
                doubts += 1
                continue
            assert ours == glibc.finds(text), (regex, text)
            assert it.accepts(it.run(text), at_start=not text) == ours, (regex, text)
            asked += 1
    assert asked > 20 * doubts


@pytest.mark.parametrize(
    "regex",
    [
        "[]1]",
        "[^]1]",
        "^[]1]$",
        "^[^]1]$",
        "[1]]",
        "[^1]]",
        "[]",
        "[^]",
        "[1",
        "[[:digit:]]",
        "[^[:digit:]]",
        "[[:digit:]2]]",
        "[]-a]",
    ],
)
def test_a_bracket_ends_where_it_ends_for_glibc(regex):
    glibc = Glibc(regex)
    texts = ["", "1", "2", "]", "1]", "2]", "^", "^]", "a", "[", "_", "12"]
    if not glibc.valid:
        with pytest.raises(UndecidedError):
            compiled(regex)
        return
    assert [surely_found(regex, text) for text in texts] == [glibc.finds(text) for text in texts]


@pytest.mark.parametrize("regex", ["^(_1)+$", "(_1){2}", "((^|2)1)+2"])
def test_what_glibc_gets_wrong_is_undecided_where_it_does(regex):
    texts = ["".join(letters) for size in range(5) for letters in itertools.product("12 ", repeat=size)]
    glibc = Glibc(regex)
    wrong = [
        text
        for text in texts
        if glibc.finds(text) != machine(regex).accepts(machine(regex).run(text), at_start=not text)
    ]
    assert wrong
    for text in wrong:
        with pytest.raises(UndecidedError, match="glibc loses"):
            surely_found(regex, text)


@pytest.mark.parametrize(
    ("regex", "certain"),
    [
        ("^65002(_65002)+$", True),
        ("^(65010_)+(65011_)+$", True),
        ("^[0-9]+(_[0-9]+)+$", True),
        ("^65002(_65010)*$", True),
        ("^(_1)+$", False),
        ("(_[0-9]+){3}", False),
    ],
)
def test_over_all_as_paths_an_expression_is_certain_if_the_fault_makes_no_difference(regex, certain):
    if certain:
        refuse_stray(regex, LANGUAGE, ALPHABET)
        return
    with pytest.raises(UndecidedError, match="write it out"):
        refuse_stray(regex, LANGUAGE, ALPHABET)


@pytest.mark.parametrize(
    "regex", ["^((1+)+)+$", "(.*)*(.*)*3$", "(([0-9]+:)*[0-9]+ ?)+x", "^(1|11)*2$", "((((1*)*)*)*)*2"]
)
def test_a_repetition_within_a_repetition_takes_no_longer_than_the_text(regex):
    """Ways to repeat grow with two to the power of the length; the states of the machine do not."""
    text = "1" * 3000
    one = machine(regex)
    assert surely_found(regex, text) == Glibc(regex).finds(text[:20])
    assert len(one._steps) < 20
