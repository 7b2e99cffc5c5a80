"""Where sessions come from on a pfSense box: the name or the address of an interface, written and read.

The package takes the first address that the interface has when it writes frr.conf, in the family that a type names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from frrgen.codes import Code
from frrgen.errors import Path
from frrgen.platforms.pfsense.host import HostFacts
from frrgen.platforms.pfsense.loss import Loss
from frrgen.platforms.pfsense.php import ip_version
from frrgen.platforms.pfsense.schema import Config

_INTERFACE: Final = re.compile(r"wan|lan|lo0|opt[0-9]+|ovpn[sc][0-9]+")


def write_source(
    config: Config, source: str | None, box: HostFacts, path: Path, loss: Loss, *, versions: set[int]
) -> None:
    """Write where sessions come from. Of an interface it is the first address, in the family that the type says."""
    named = {ip_version(source)} if source and ip_version(source) else versions or {4}
    config["updatesource_type"] = "ipv6" if named == {6} else "ipv4"
    config["updatesource"] = "default"
    if source is None:
        return
    place = (*path, "update_source")
    found = {stored_source(source, version, box) for version in sorted(named)}
    if "" in found:
        hint = "write the name of the interface, such as lan; or name its address in pfsense.interfaces"
        family = f"with an IPv{max(named)} address " if source in box.interfaces else ""
        loss.add(
            Code.FRR735, f"pfSense leaves update-source out: {source} is none of its own {family}".strip(), place, hint
        )
    elif len(named) > 1:
        loss.cannot(path, "update_source", "members of both families", "update_source on each neighbor")
    else:
        config["updatesource"] = found.pop()


def stored_source(source: str, version: int, box: HostFacts) -> str:
    """Return what is stored for an update-source: an interface, or a VIP with its address; empty if there is none."""
    if source in box.interfaces:
        first = _first(box.interfaces[source], version)
        if first and source.startswith("_vip"):
            return f"{source}|{first}"
        return source if first or not box.interfaces[source] else ""
    for name, addresses in box.interfaces.items():
        if source in addresses:
            vip = name.startswith("_vip")
            return f"{name}|{source}" if vip else name if source == _first(addresses, version) else ""
    return source if has_interface(source, box) else ""


def _first(addresses: Iterable[str], version: int) -> str:
    return next((one for one in addresses if ip_version(one) == version), "")


def has_interface(name: str, box: HostFacts) -> bool:
    """Tell whether a box has an interface; of one that is not known, whether the name is one of pfSense's."""
    return name in box.devices if box.devices else name in box.interfaces or _INTERFACE.fullmatch(name) is not None


def read_source(config: Config, source: str, box: HostFacts, versions: set[int]) -> str:
    """Read where sessions come from: the interface, or the address if its family is another than one would think."""
    version = 6 if config.get("updatesource_type") == "ipv6" else 4
    name, _, address = source.partition("|")
    known = box.interfaces.get(name, ())
    if address:
        return address if address in known or not box.devices else ""
    if {version} == (versions or {4}) and not name.startswith("_vip"):
        return name if stored_source(name, version, box) else ""
    return _first(known, version)
