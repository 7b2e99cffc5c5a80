"""Whether a text is a configuration of FRR at all: of another one everything would be left over, and no word said."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path
from typing import Final

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where
from frrgen.platforms.frr.parse.beyond import opens
from frrgen.platforms.frr.parse.parser import parse

_TYPICAL: Final = re.compile(
    r"(?:no )?(?:(?:ip|ipv6) (?:route|router-id|protocol|nht|prefix-list|forwarding|pim|ospf|msdp|multicast-routing)|"
    r"neighbor [^ ]+|address-family (?:ipv4|ipv6|l2vpn)|route-map [^ ]+ (?:permit|deny) [0-9]+|"
    r"debug|log (?:syslog|file|stdout|facility|timestamp|record-priority|commands)|service [a-z-]+|access-list|"
    r"frr (?:version|defaults)|bgp|agentx|(?:enable )?password [^:]+|username [^ ]+ (?:password|nopassword)|"
    r"ipv6 access-list|hostname [^ ]+|mpls|vni [0-9]+|(?:bfd|rpki|vrf [^ ]+|exit-(?:address-family|vrf))$)(?: |$)"
)
"""How lines begin that FRR has, whether the model has them or not."""
_EMPTY: Final = re.compile(r"(?:[!#].*|end|exit|quit)?")
_UNREADABLE: Final = re.compile("[\x00\ud800-\udfff]")


def foreign(text: str, file: str) -> Finding | None:
    """Return why a text is no configuration of FRR; else None. Bytes that are not UTF-8 are lone surrogates in it."""
    if text.lstrip("\ufeff \t\r\n").startswith("<"):
        hint = "pfSense's config.xml is read by `frrgen import pfsense FILE`"
        return Finding(Code.FRR405, "this is XML, and no configuration of FRR", Where(file), hint)
    if text.startswith("---- BEGIN config.xml ----"):
        hint = "download it again without encryption (Diagnostics > Backup & Restore), for `frrgen import pfsense FILE`"
        return Finding(
            Code.FRR405, "this is an encrypted backup of pfSense, and no configuration of FRR", Where(file), hint
        )
    if not (text.isascii() and "\x00" not in text) and (found := _UNREADABLE.search(text)) is not None:
        number = text.count("\n", 0, found.start()) + 1
        what = "a NUL" if found[0] == "\x00" else "bytes that are no UTF-8"
        return Finding(Code.FRR405, f"{what} in it: this is no configuration of FRR", Where(file, number), _HINT)
    empty = True
    for line in (" ".join(raw.split()) for raw in StringIO(text)):
        if _TYPICAL.match(line) or opens((), line):
            return None
        empty = empty and _EMPTY.fullmatch(line) is not None
    if empty or parse(text).router != parse("").router:
        return None
    return Finding(Code.FRR405, "no line of it is one of FRR's: this is no configuration of FRR", Where(file), _HINT)


def refuse_foreign(*texts: tuple[str, Path]) -> None:
    """Refuse texts that are no configurations of FRR, all at once. Raises InputError."""
    if findings := [found for text, path in texts if (found := foreign(text, str(path))) is not None]:
        raise InputError(*findings)


_HINT: Final = "give what `vtysh -c 'show running-config'` prints, or /etc/frr/frr.conf"
