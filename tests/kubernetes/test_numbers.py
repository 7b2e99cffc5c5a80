"""The numbers of the pools, with MetalLB's names."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("lightkube", reason="needs lightkube (pip install 'frrgen[kubernetes]')")

from frrgen.model.cluster import Pool
from frrgen.speaker.kubernetes.addresses import sizes
from frrgen.speaker.kubernetes.announce import Rules
from frrgen.speaker.process.metallb_metrics import MetallbMetrics
from frrgen.speaker.process.sources.kubernetes import KubernetesSource
from tests.kubernetes.store import RESOURCES
from tests.kubernetes.things import service, until
from tests.kubernetes.world import Cluster
from tests.speaker.talking import run


@pytest.mark.parametrize("prefix", ["10.0.0.0/24", "10.0.0.0/22", "10.0.0.128/25", "10.0.0.64/26", "0.0.0.0/24"])
def test_addresses_that_old_devices_refuse_are_not_counted(prefix):
    pool = Pool(prefixes=[prefix], avoid_buggy_ips=True)
    counted = sum(int(one) & 255 not in {0, 255} for one in pool.prefixes[0])
    assert sizes(pool) == {4: counted, 6: 0}


def test_the_addresses_of_pools_are_counted_by_ip_version(tmp_path):
    async def scenario():
        one = Cluster(tmp_path)
        one.plan.cluster.pools["services"].__dict__["prefixes"] += Pool(prefixes=["2001:db8::/120"]).prefixes
        await one.fake.start()
        source = KubernetesSource(Rules(), one.fake.kubeconfig())
        async with one.followed(source):
            one.fake.store.create(RESOURCES[0], "default", service("web"))
            found = one.fake.store.get(RESOURCES[0], ("default", "web"))
            entries = [{"ip": "10.1.0.1"}, {"ip": "10.1.0.2"}, {"ip": "2001:db8::1"}]
            status = {"loadBalancer": {"ingress": entries}}
            one.fake.store.replace(RESOURCES[0], ("default", "web"), {**found, "status": status}, "status")
            await one.fake.tell()
            await until("it is known", lambda: any(usage.services for usage in source.numbers().pools.values()))
            speaker = SimpleNamespace(announcer=one.announcer, plan=one.plan, peers=())
            samples = [each for family in MetallbMetrics(speaker).collect() for each in family.samples]
            return {each.name: each.value for each in samples if each.labels.get("pool") == "services"}

    found = run(scenario())
    sizes = {"ipv4_addresses": 2 * 65536, "ipv6_addresses": 256, "addresses": 2 * 65536 + 256}
    used = {"ipv4_addresses_in_use": 2, "ipv6_addresses_in_use": 1, "addresses_in_use": 3, "services_allocated": 1}
    assert found == {f"metallb_allocator_{name}_total": value for name, value in (sizes | used).items()}
