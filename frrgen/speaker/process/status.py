"""What a speaker tells of itself: as data for `speaker status`, and as metrics."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from frrgen.speaker.session.fsm import State
from frrgen.speaker.session.peer import Peer
from frrgen.speaker.wire.packed_prefix import Key

if TYPE_CHECKING:
    from frrgen.speaker.process.speaker import Speaker

SHOWN: Final = 1000
"""Prefixes of each kind that are named; of all there is the number."""
_STEP: Final = 50
"""Why a prefix is not announced is found by going through the policy: some tenths of a millisecond."""
_LABELS: Final = ("router", "peer", "local")
"""What names a session in the metrics: the router, its address and the node's."""
_STATES: Final = {str(state): number for number, state in enumerate(State, 1)}


async def status(speaker: Speaker) -> dict[str, Any]:
    """Return the state of everything, as JSON data. It is put together in small steps: no session waits for it."""
    announcer = speaker.announcer
    return {
        "cluster": speaker.plan.cluster.name,
        "node": speaker.plan.node_name,
        "ready": announcer.ready,
        "reason": announcer.not_ready,
        "announced": len(announcer.table),
        "sessions": [await _session(speaker, peer) for peer in list(speaker.peers)],
        "withheld": announcer.source.withheld() if announcer.source is not None else [],
        "services": [
            {"service": service, "address": address}
            for service, address in (announcer.source.served() if announcer.source is not None else ())
        ],
        "health": [
            {
                "prefixes": [str(Key.prefix(key)) for key in islice(one.keys(), 10)],
                "passing": checker.passing,
                "detail": checker.detail,
            }
            for one, checker in announcer.checkers
            if checker is not None
        ],
    }


async def _session(speaker: Speaker, peer: Peer) -> dict[str, Any]:
    group, counters = peer.group, peer.counters
    held = group.rib.held

    async def shown(keys: Iterable[int]) -> list[dict[str, str]]:
        found = []
        for number, key in enumerate(list(islice(keys, SHOWN))):
            if number % _STEP == 0:
                await asyncio.sleep(0)
            found.append({"prefix": str(Key.prefix(key)), "why": speaker.announcer.why_dropped(group, key)})
        return found

    refused = peer.refused
    # where nearly all is held back, what is not is not looked for to the end
    wanted = islice(group.rib.wanted(peer.families), 20 * SHOWN)
    to_announce = (key for key in wanted if key not in held and key not in refused)
    return {
        "router": peer.settings.router,
        "peer": str(peer.settings.address),
        "local_address": str(peer.settings.local_address),
        "peer_asn": peer.settings.peer_asn,
        "state": str(peer.state),
        "since": counters.up_since if peer.session is not None else None,
        "last_error": counters.last_error,
        "families": sorted(map(str, peer.families)),
        "families_missing": sorted(map(str, peer.settings.families - peer.families)),
        "gate": group.gate.mode,
        "adj_rib_out": peer.announced,
        "to_announce": [str(Key.prefix(key)) for key in islice(to_announce, SHOWN)],
        "all_told": peer.all_told,
        "dropped": len(group.rib.dropped),
        "held": len(held),
        "held_back": await shown(held),
        "announced_though_dropped": await shown(
            [] if group.rib.enforce else (one for one in group.rib.dropped if one not in held)
        ),
        "not_sayable": [{"prefix": str(Key.prefix(key)), "why": said} for key, said in islice(refused.items(), SHOWN)],
        "undecided": list(group.gate.undecided),
        "prefixes_received": counters.prefixes_received,
        "updates_malformed": counters.updates_malformed,
        "refreshes": counters.refreshes,
        "octets_sent": counters.octets_sent,
        "updates_sent": counters.updates_sent,
        "established": counters.established,
    }


class Metrics(Collector):
    """The metrics, made when they are asked for."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client."""
        announcer = self._speaker.announcer
        ready = "1 if what is announced is as the source and the inventory say"
        yield GaugeMetricFamily("frrgen_speaker_ready", ready, value=int(announcer.ready))
        yield GaugeMetricFamily("frrgen_speaker_prefixes", "prefixes to be announced", value=len(announcer.table))
        source = announcer.source
        age = "seconds since what is announced was last known to be as its source says"
        yield GaugeMetricFamily("frrgen_speaker_source_age_seconds", age, value=source.age() if source else 0)
        withheld = GaugeMetricFamily(
            "frrgen_speaker_withheld", "addresses of Services not announced", labels=("reason",)
        )
        for reason, count in Counter(one["reason"] for one in (source.withheld() if source else ())).items():
            withheld.add_metric([reason], count)
        yield withheld
        checks = [checker for _, checker in announcer.checkers if checker is not None]
        failing = sum(not checker.passing for checker in checks)
        yield GaugeMetricFamily("frrgen_speaker_health_checks", "health checks", value=len(checks))
        yield GaugeMetricFamily("frrgen_speaker_health_checks_failing", "health checks that fail", value=failing)
        labels = _LABELS
        gauges: dict[str, tuple[str, Callable[[Peer], int]]] = {
            "up": ("1 if the session is established", lambda peer: int(peer.session is not None)),
            "state": (
                "1 Idle, 2 Connect, 3 Active, 4 OpenSent, 5 OpenConfirm, 6 Established",
                lambda peer: _STATES[str(peer.state)],
            ),
            "announced": (
                "prefixes that the router was told; 0 until the session is up and all was sent",
                lambda peer: peer.announced if peer.outbound.end_of_rib_sent.is_set() else 0,
            ),
            "not_sayable": (
                "prefixes that cannot be said on this session",
                lambda peer: len(peer.refused),
            ),
        }
        for name, (text, value) in gauges.items():
            family = GaugeMetricFamily(f"frrgen_speaker_session_{name}", text, labels=labels)
            for peer in self._speaker.peers:
                family.add_metric(_labels(peer), value(peer))
            yield family
        yield self._dropped()
        not_up = "1 with why the session is not established, as far as is known"
        family = GaugeMetricFamily("frrgen_speaker_session_failing", not_up, labels=(*labels, "why"))
        for peer in self._speaker.peers:
            if peer.session is None and peer.counters.last_error:
                family.add_metric([*_labels(peer), peer.counters.last_error], 1)
        yield family
        counters = {
            "established": "times the session came up",
            "octets_sent": "octets of UPDATEs",
            "updates_sent": "UPDATEs",
            "prefixes_received": "prefixes that the peer announced, all dropped",
            "updates_malformed": "UPDATEs with errors that the session outlasts (RFC 7606)",
            "refreshes": "ROUTE-REFRESH messages answered",
        }
        for name, text in counters.items():
            counter = CounterMetricFamily(f"frrgen_speaker_session_{name}", text, labels=labels)
            for peer in self._speaker.peers:
                counter.add_metric(_labels(peer), getattr(peer.counters, name))
            yield counter

    def _dropped(self) -> GaugeMetricFamily:
        text = "prefixes that the router would drop, by what drops them; held back if the gate is set to enforce"
        family = GaugeMetricFamily("frrgen_speaker_session_dropped", text, labels=(*_LABELS, "gate", "dropped_by"))
        for peer in self._speaker.peers:
            for reason, count in peer.group.rib.reasons.items():
                family.add_metric([*_labels(peer), peer.group.gate.mode, reason], count)
        return family


def _labels(peer: Peer) -> list[str]:
    return [peer.settings.router, str(peer.settings.address), str(peer.settings.local_address)]
