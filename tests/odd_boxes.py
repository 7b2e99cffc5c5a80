"""Boxes as people, restores and older packages leave them: each is the article's config.xml with an edit."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from tests.pfsense import GOLDEN

ARTICLE: Final = (GOLDEN / "article.xml").read_text()
Edit = Callable[[str], str]
_HEAD: Final = '<?xml version="1.0"?>\n'


def _replaced(old: str, new: str) -> Edit:
    assert old in ARTICLE, old
    return lambda text: text.replace(old, new)


def _section(name: str) -> str:
    found = re.search(rf"\t\t<{name}>.*?</{name}>\n", ARTICLE, re.DOTALL)
    assert found is not None
    return found[0]


def _config(name: str) -> str:
    found = re.search(r"\t\t\t<config>.*?</config>\n", _section(name), re.DOTALL)
    assert found is not None
    return found[0]


def _with(section: str, **keys: str) -> Edit:
    """Replace the first elements of these names in a section, or add them."""
    new = _section(section)
    for key, value in keys.items():
        element = f"<{key}>{value}</{key}>"
        new, count = re.subn(rf"<{key}>.*?</{key}>", lambda _, element=element: element, new, count=1, flags=re.DOTALL)
        new = new if count else new.replace("</config>", f"\t{element}\n\t\t\t</config>", 1)
    return _replaced(_section(section), new)


def _neighbor(**keys: str) -> str:
    entry = _config("frrbgpneighbors")
    for key, value in keys.items():
        entry = re.sub(rf"<{key}>.*?</{key}>", f"<{key}>{value}</{key}>", entry, flags=re.DOTALL)
    return entry


def _beside(*entries: str) -> Edit:
    there = _config("frrbgpneighbors")
    return _replaced(there, there + "".join(entries))


def _backwards(section: str) -> Edit:
    """Write the keys of an entry in the other order."""
    there = _config(section)
    keys = [found[0] for found in re.finditer(r"\t\t\t\t<(\w+)>.*?</\1>\n", there, re.DOTALL)]
    return _replaced(there, "".join(["\t\t\t<config>\n", *reversed(keys), "\t\t\t</config>\n"]))


_SECTIONS: Final = ("frr", "frrbgp", "frrbgpneighbors", "frrglobalroutemaps", "frrglobalprefixes")
_LISTS: Final = ("frrbgpneighbors", "frrglobalroutemaps", "frrglobalprefixes")
ODD: Final[dict[str, Edit]] = {
    "lines end with CR LF": lambda text: text.replace("\n", "\r\n"),
    "lines end with CR": lambda text: text.replace("\n", "\r"),
    "a byte order mark": lambda text: "\ufeff" + text,
    "no declaration": _replaced(_HEAD, ""),
    "an encoding": _replaced(_HEAD, '<?xml version="1.0" encoding="UTF-8"?>\n'),
    "comments": _replaced("<config>", "<!-- c --><config><!-- <enable>off</enable> -->"),
    "an instruction": _replaced("<frr>", "<?odd pi?><frr>"),
    **{f"no {name}": _replaced(_section(name), "") for name in _SECTIONS},
    **{f"{name} is empty": _replaced(_section(name), f"\t\t<{name}></{name}>\n") for name in _SECTIONS},
    **{f"{name} is one tag": _replaced(_section(name), f"\t\t<{name}/>\n") for name in _SECTIONS},
    **{
        f"{name} has an empty entry": _replaced(
            _section(name), f"\t\t<{name}>\n\t\t\t<config></config>\n\t\t</{name}>\n"
        )
        for name in _SECTIONS
    },
    **{f"{name} has its entry twice": _replaced(_config(name), _config(name) * 2) for name in _SECTIONS},
    **{f"{name} has its keys in the other order": _backwards(name) for name in _SECTIONS},
    "a neighbor is shut down": _with("frrbgpneighbors", shutdown="on"),
    "IPv6 alone": _with("frrbgpneighbors", peer="fd00:1::10"),
    "IPv6 in capitals with zeros": _with("frrbgpneighbors", peer="FD00:0001::0010"),
    "blanks around an address": _with("frrbgpneighbors", peer=" 192.168.1.10 "),
    "groups in groups": _beside(_neighbor(peer="A", peergroup="B"), _neighbor(peer="B", peergroup="A")),
    "a group in itself": _beside(_neighbor(peer="A", peergroup="A")),
    "a member of no group": _beside(_neighbor(peer="192.168.1.11", peergroup="NOPE")),
    "a member before its group": _beside(
        _neighbor(peer="192.168.1.11", peergroup="G", asnum=""), _neighbor(peer="G", asnum="65001")
    ),
    **{f"a neighbor with the AS {asn!r}": _with("frrbgpneighbors", asnum=asn) for asn in ("none", "", "abc", "1.10")},
    **{f"a box with the AS {asn!r}": _with("frrbgp", asnum=asn) for asn in ("", "0", "1.10", "4294967296")},
    "BGP is off": _with("frrbgp", enable=""),
    "FRR is off": _with("frr", enable=""),
    **{
        f"the text {text!r}": _with("frrbgpneighbors", descr=text)
        for text in (
            "Zürich ☃ 你好 🎉",
            "a &amp;amp; b &lt;x&gt; &#233; &#x20AC;",
            "<![CDATA[a & b <x> é ]]>",
            "a\nb",
            "a\tb",
            "a | b",
            "! a # b",
            "x" * 300,
        )
    },
    **{
        f"the password {text!r}": _with("frrbgpneighbors", password=text, password_type="both")
        for text in ("pässwort", "a b")
    },
    **{
        f"the name {name!r}": _replaced("MetalLB_k8s", name)
        for name in ("MétalLB", "Metal LB", "-x", "none", "M" * 120)
    },
    **{
        f"a route map's number {seq!r}": _with("frrglobalroutemaps", seq=seq)
        for seq in ("0", "65536", "", "1.5", "+1", "0010", "x")
    },
    "a route map's action": _with("frrglobalroutemaps", action="maybe"),
    "a call of no map": _with("frrglobalroutemaps", call="NOPE"),
    "a list without rows": _with("frrglobalprefixes", row=""),
    **{
        f"the prefix {prefix!r}": _replaced("192.168.10.0/24", prefix)
        for prefix in ("192.168.10.1", "192.168.10.1/24", "nonsense", "2001:db8::/32")
    },
    "a list of no family": _with("frrglobalprefixes", iptype="IPv5"),
    "a key that nobody knows": _with("frrbgpneighbors", brandnew="x"),
    "a section that nobody knows": _replaced(
        "\t\t<frrbgp>", "\t\t<frrnew><config><x>y</x></config></frrnew>\n\t\t<frrbgp>"
    ),
    "a key twice": lambda text: text.replace("<descr>", "<descr>x</descr>\n\t\t\t\t<descr>", 1),
    "tags in capitals": lambda text: text.replace("<frrbgp>", "<FRRBGP>").replace("</frrbgp>", "</FRRBGP>"),
    "a router ID": _with("frr", routerid="1.2.3"),
    "timers": _with("frrbgp", timers_keepalive="100", timers_holdtime="2"),
    "a timer": _with("frrbgp", timers_keepalive="x"),
    "a number of hops": _with("frrbgpneighbors", ebgpmultihop="-1"),
    "an interface that is not there": _with("frrbgpneighbors", updatesource="opt99"),
    "a CARP address that is not there": _with("frrbgpneighbors", updatesource="_vip123"),
    "no interfaces": lambda text: re.sub(r"\t<interfaces>.*?</interfaces>\n", "", text, flags=re.DOTALL),
    "DHCP": _replaced("<ipaddr>192.168.1.1<", "<ipaddr>dhcp<"),
    "a host name": _replaced("<hostname>pfSense<", "<hostname>Böx 1<"),
    "no host name": _replaced("<hostname>pfSense</hostname>", ""),
    "a gateway that is not there": _with(
        "frr", row="<routevalue>10.9.0.0/16</routevalue><routetarget>gw|NOPE</routetarget>"
    ),
    "a route to no prefix": _with("frr", row="<routevalue>10.9</routevalue><routetarget>if|lan</routetarget>"),
}
"""By what is odd: the edit of the article's config.xml."""
