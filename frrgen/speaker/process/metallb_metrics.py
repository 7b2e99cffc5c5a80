"""The metrics of MetalLB's speaker, with its names and labels, so that dashboards and alerts go on working.

What this speaker has no number for is left out: updates_total, and what is about layer 2
(https://metallb.io/prometheus-metrics/).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from frrgen.speaker.process.speaker import Speaker


class MetallbMetrics(Collector):
    """The metrics, made when they are asked for."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client."""
        announcer = self._speaker.announcer
        up = GaugeMetricFamily("metallb_bgp_session_up", "BGP session state (1 is up, 0 is down)", labels=("peer",))
        text = "Number of prefixes currently being advertised on the BGP session"
        announced = GaugeMetricFamily("metallb_bgp_announced_prefixes_total", text, labels=("peer",))
        text = "Number of prefixes that should be advertised on the BGP session"
        pending = GaugeMetricFamily("metallb_bgp_pending_prefixes_total", text, labels=("peer",))
        for peer in self._speaker.peers:
            settings = peer.settings
            host = f"[{settings.address}]" if settings.address.version == 6 else str(settings.address)
            at = [f"{host}:{settings.port}"]
            told = peer.announced if peer.outbound.end_of_rib_sent.is_set() else 0
            up.add_metric(at, int(peer.session is not None))
            announced.add_metric(at, told)
            pending.add_metric(at, peer.announced)
        yield from (up, announced, pending)
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
