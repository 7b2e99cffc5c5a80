"""The table of what the versions of FRR do differently under the same policy, from what was measured."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network

from tests.policy.cases import CASES, LATER, measured

FIRST = "8.4.4"
Routes = dict[IPv4Network | IPv6Network, dict[str, str]]


def cases() -> str:
    """Draw the cases in which the versions differ, one column for each."""
    lines = [f"| case | policy | {' | '.join([FIRST, *LATER])} |", "|---" * (len(LATER) + 3) + "|"]
    for case in CASES:
        first = _read(measured(case, FIRST))
        others = [_read(measured(case, version)) for version in LATER]
        if all(one == first for one in others):
            continue
        cells = [f"{len(first)} of {len(case['sent'])} routes", *(_other(first, one) for one in others)]
        lines.append(f"| {case['id']} | {_cell(case['what'])} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _read(found: dict[str, dict[str, str]]) -> Routes:
    # not every version writes `::ffff:0:0` alike
    return {ip_network(prefix): one for prefix, one in found.items()}


def _other(first: Routes, other: Routes) -> str:
    if not other:
        return "none"
    more, less = (
        ", ".join(f"`{one}`" for one in sorted(a.keys() - b.keys(), key=lambda one: (one.version, one)))
        for a, b in ((other, first), (first, other))
    )
    changed = {
        f"{name} `{other[prefix].get(name, '')}`"
        for prefix in first.keys() & other.keys()
        for name in first[prefix]
        if other[prefix].get(name, "") != first[prefix][name]
    }
    said = [f"also {more}" if more else "", f"not {less}" if less else "", ", ".join(sorted(changed))]
    return "; ".join(one for one in said if one) or "the same"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
