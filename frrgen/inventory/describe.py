"""What each key of the inventory means: its docstring in the model, and FRR's command out of the grammar."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Final, get_args

from pydantic import BaseModel

from frrgen.lines.rule import LineRule, RuleTable
from frrgen.platforms.frr.grammar.bgp import FAMILY, INSTANCE, LISTEN
from frrgen.platforms.frr.grammar.evpn import EVPN, NEIGHBOR_EVPN, VNI
from frrgen.platforms.frr.grammar.neighbor import NEIGHBOR, NEIGHBOR_FAMILY
from frrgen.platforms.frr.grammar.policy import ENTRY, MATCH, SET
from frrgen.platforms.frr.grammar.top import BFD, GLOBAL, RPKI, VRF

_TABLES: Final[dict[str, tuple[tuple[RuleTable, str], ...]]] = {
    "Router": ((GLOBAL, ""),),
    "Vrf": ((VRF, ""),),
    "BfdProfile": ((BFD, ""),),
    "BfdPeer": ((BFD, ""),),
    "Rpki": ((RPKI, ""),),
    "Bgp": ((INSTANCE, ""), (LISTEN, "")),
    "AddressFamily": ((FAMILY, ""),),
    "Neighbor": ((NEIGHBOR, "neighbor PEER "),),
    "PeerGroup": ((NEIGHBOR, "neighbor GROUP "),),
    "NeighborFamily": ((NEIGHBOR_FAMILY, "neighbor PEER "),),
    "EvpnNeighbor": ((NEIGHBOR_EVPN, "neighbor PEER "),),
    "Evpn": ((EVPN, ""),),
    "Vni": ((VNI, ""),),
    "RouteMapEntry": ((ENTRY, ""),),
    "Match": ((MATCH, ""),),
    "Set": ((SET, ""),),
}
"""The rules that write each model, and what stands before their lines."""
_OWNERS: Final = {
    "Log": ("Router", "log"),
    "Bfd": ("Neighbor", "bfd"),
    "Bestpath": ("Bgp", "bestpath"),
    "GracefulRestart": ("Bgp", "graceful_restart"),
    "MaxMed": ("Bgp", "max_med"),
    "Confederation": ("Bgp", "confederation"),
    "VrfLeaking": ("AddressFamily", "vrf_leaking"),
}
"""Parts that the rules of their owner write, as `log.syslog`."""


def describe(model: type[BaseModel]) -> dict[str, str]:
    """Return what is known of each field of a model, without the fields that nothing is known of."""
    said: dict[str, list[str]] = {}
    for kind in reversed(model.__mro__):
        if issubclass(kind, BaseModel) and kind.__module__.startswith("frrgen."):
            said |= {name: [text] for name, text in _docstrings(kind) if name in model.model_fields}
    for name, command in _commands(model.__name__):
        if name in model.model_fields:
            texts = said.setdefault(name, [])
            if not any(f"`{command}`" in text for text in texts):
                texts.append(f"`{command}`")
    for name, field in model.model_fields.items():
        if name not in said and (part := next(parts(field.annotation), None)) is not None:
            said[name] = [" ".join((inspect.getdoc(part) or "").split("\n\n")[0].split())]
    # several rules may write one field, as `on-match next` and `on-match goto`
    return {name: " ".join(dict.fromkeys(texts)) for name, texts in said.items()}


def _docstrings(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    body = _classes(model.__module__).get(model.__name__, ())
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            value = text.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield field.target.id, " ".join(value.value.split())


@cache
def _classes(module: str) -> dict[str, list[ast.stmt]]:
    """Read the classes of a module, once for all of its models."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {one.name: one.body for one in tree.body if isinstance(one, ast.ClassDef)}


def parts(annotation: object) -> Iterator[type[BaseModel]]:
    """Find the models in a type, as the last part of `dict[Name, PrefixList]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from parts(inner)


def _commands(name: str) -> Iterator[tuple[str, str]]:
    owner, part = _OWNERS.get(name, (name, ""))
    for table, before in _TABLES.get(owner, ()):
        for rule in table.rules:
            outer, _, inner = rule.field.rpartition(".")
            if outer == part:
                yield inner, before + _command(rule)


def _command(rule: LineRule) -> str:
    """Write a rule's form as FRR's manual would: values in capitals, what may be left out in brackets."""
    text = re.sub(r"\[( [^\]?{]*)\?[^\]]*\]", lambda found: f" [{found[1].strip()}]", rule.form)
    text = re.sub(r"\[ ([^\]]*)\]", r" [\1]", text)
    text = re.sub(r"\{[*#]*([a-z_]*)\}", lambda found: (found[1] or "value").upper(), text)
    return f"no {text}" if rule.negative else text
