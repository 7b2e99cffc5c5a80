"""The metrics of MetalLB's speaker, with its names and labels, so that dashboards and alerts go on working.

What this speaker has no number for is left out: BFD, layer 2, and the messages that FRR counts by kind
(https://metallb.io/prometheus-metrics/).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from frrgen.speaker.process.sources.base import Numbers
from frrgen.speaker.session.peer import Peer

if TYPE_CHECKING:
    from frrgen.speaker.process.speaker import Speaker


class MetallbMetrics(Collector):
    """The metrics, made when they are asked for."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client."""
        announcer = self._speaker.announcer
        yield from self._sessions()
        labels = ("service", "protocol", "node", "ip")
        text = "Services being announced from this node"
        services = GaugeMetricFamily("metallb_speaker_announced", text, labels=labels)
        source, node = announcer.source, self._speaker.plan.node_name
        for service, address in source.served() if source is not None else ():
            services.add_metric([service, "bgp", node, address], 1)
        yield services
        stale = "1 if running on a stale configuration, because the latest config failed to load"
        yield GaugeMetricFamily("metallb_k8s_client_config_stale_bool", stale, value=int(not announcer.ready))
        yield GaugeMetricFamily("metallb_k8s_client_config_loaded_bool", "1 if a configuration was loaded", value=1)
        numbers = source.numbers() if source is not None else Numbers()
        text = "Number of k8s object updates that have been processed"
        yield CounterMetricFamily("metallb_k8s_client_updates", text, value=numbers.updates)
        text = "Number of k8s object updates that failed for some reason"
        yield CounterMetricFamily("metallb_k8s_client_update_errors", text, value=numbers.errors)
        yield from _pools(numbers)

    def _sessions(self) -> Iterator[Metric]:
        """Return the numbers of the sessions by the router's address alone, as MetalLB does: several are added up."""
        text = "BGP session state (1 is up, 0 is down)"
        up = GaugeMetricFamily("metallb_bgp_session_up", text, labels=("peer",))
        text = "Number of prefixes currently being advertised on the BGP session"
        announced = GaugeMetricFamily("metallb_bgp_announced_prefixes_total", text, labels=("peer",))
        text = "Number of prefixes that should be advertised on the BGP session"
        pending = GaugeMetricFamily("metallb_bgp_pending_prefixes_total", text, labels=("peer",))
        updates = CounterMetricFamily("metallb_bgp_updates", "Number of BGP UPDATE messages sent", labels=("peer",))
        by_router: dict[str, list[Peer]] = {}
        for peer in self._speaker.peers:
            settings = peer.settings
            host = f"[{settings.address}]" if settings.address.version == 6 else str(settings.address)
            by_router.setdefault(f"{host}:{settings.port}", []).append(peer)
        for name, some in by_router.items():
            told = (one.announced if one.outbound.end_of_rib_sent.is_set() else 0 for one in some)
            up.add_metric([name], int(all(one.session is not None for one in some)))
            announced.add_metric([name], sum(told))
            pending.add_metric([name], sum(one.announced for one in some))
            updates.add_metric([name], sum(one.counters.updates_sent for one in some))
        yield from (up, announced, pending, updates)


def _pools(numbers: Numbers) -> Iterator[Metric]:
    """Return the numbers of the pools: of all addresses, and of those of each IP version."""
    for before, name, versions in (("", "IP", (4, 6)), ("ipv4_", "IPv4", (4,)), ("ipv6_", "IPv6", (6,))):
        text = f"Number of usable {name} addresses, per pool"
        sizes = GaugeMetricFamily(f"metallb_allocator_{before}addresses_total", text, labels=("pool",))
        text = f"Number of {name} addresses in use, per pool"
        used = GaugeMetricFamily(f"metallb_allocator_{before}addresses_in_use_total", text, labels=("pool",))
        for pool, usage in numbers.pools.items():
            sizes.add_metric([pool], sum(usage.size[version] for version in versions))
            used.add_metric([pool], sum(usage.used.get(version, 0) for version in versions))
        yield from (sizes, used)
    text = "Number of services allocated, per pool"
    services = GaugeMetricFamily("metallb_allocator_services_allocated_total", text, labels=("pool",))
    for pool, usage in numbers.pools.items():
        services.add_metric([pool], usage.services)
    yield services
