"""BFD: profiles, then peers."""

from __future__ import annotations

from collections.abc import Iterator

from frrgen.platforms.pfsense.generator.names import Settings
from frrgen.platforms.pfsense.php import Entry, filled, ip_version, within


def bfd(settings: Settings) -> Iterator[str]:
    """Write `bfd` with its profiles and peers."""
    yield "bfd"
    for profile in settings.all("frrbfdprofiles"):
        yield f" profile {profile['name']}"
        yield from _timers(profile)
        if filled(profile["passive"]):
            yield "  passive-mode"
        yield from _switches(profile)
        if within(profile["minimumttl"], 1, 254):
            yield f"  minimum-ttl {profile['minimumttl']}"
        yield " !"
    for peer in settings.all("frrbfdpeers"):
        head = _head(settings, peer)
        if head is None:
            continue
        yield head
        if filled(peer["profile"]) and peer["profile"] != "none":
            yield f"  profile {peer['profile']}"
        else:
            yield from _timers(peer)
            yield from _switches(peer)
        yield " !"


def _head(settings: Settings, peer: Entry) -> str | None:
    """Write `peer …`. It is left out, options and all, if the local address or the interface is not there.

    The local address counts only beside an interface, and the page stores `default` in it, which is not there.
    """
    if not ip_version(peer["peer"]):
        return None
    words = ["", "peer", peer["peer"], *(["multihop"] if filled(peer["multihop"]) else [])]
    if filled(peer["local_address"]) and peer["interface"] != "default":
        if peer["local_address"] not in settings.addresses:
            return None
        words += ["local-address", peer["local_address"]]
    if filled(peer["interface"]) and peer["interface"] != "default":
        device = settings.box.devices.get(peer["interface"])
        if not device:
            return None
        words += ["interface", device]
    return " ".join(words)


def _timers(entry: Entry) -> Iterator[str]:
    """Write the timers. `echo-interval` is what FRR before 8 called it."""
    for key, low, high, text in (
        ("detectmultiplier", 2, 255, "detect-multiplier"),
        ("receiveinterval", 10, 60000, "receive-interval"),
        ("transmitinterval", 10, 60000, "transmit-interval"),
        ("echointerval", 10, 60000, "echo-interval"),
    ):
        if within(entry[key], low, high):
            yield f"  {text} {entry[key]}"


def _switches(entry: Entry) -> Iterator[str]:
    yield "  shutdown" if filled(entry["shutdown"]) else "  no shutdown"
    if filled(entry["echomode"]):
        yield "  echo-mode"
