"""Which address a Service gets: the same for the same Services, in any order.

First every Service keeps what it has, then the others are served: nobody is moved by somebody new, or by a restart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from frrgen.model.cluster import Pool
from frrgen.model.selector import selected
from frrgen.model.types import Address
from frrgen.speaker.kubernetes.addresses import Free, Intervals
from frrgen.speaker.kubernetes.objects import Service

CLASS: Final = "frrgen.io/bgp"
"""The `loadBalancerClass` of the Services that get an address here."""
Name = tuple[str, str]
Labels = Mapping[str, Mapping[str, str]]
"""Namespace -> its labels."""
_NO_LABELS: Final[Labels] = {}
_PREFIXES: Final = ("metallb.io/", "metallb.universe.tf/")
_LAST: Final = 1 << 31
"""The priority of a pool without one."""


class Refusal(StrEnum):
    """Why a Service gets no address."""

    NO_POOL = "noPool"
    """No pool is for it."""
    UNKNOWN_NAMESPACE = "namespaceUnknown"
    """Pools select namespaces by labels, and those of its namespace are not known. It keeps what it has."""
    FULL = "poolFull"
    INVALID_REQUEST = "invalidRequest"
    TWO_REQUESTS = "loadBalancerIP and an annotation both ask for addresses"
    NOT_IN_POOL = "requestedNotInPool"
    """The address that it asks for is in no pool that is for it."""
    RESERVED = "poolReserved"
    TAKEN = "requestedTaken"
    FAMILY = "familyNotInPool"


@dataclass(frozen=True)
class Outcome:
    """What a Service gets: addresses of one pool, or why not."""

    addresses: tuple[Address, ...] = ()
    pool: str = ""
    refusal: Refusal | None = None
    detail: str = ""


@dataclass(frozen=True)
class Rules:
    """Which Services are served."""

    default_class: bool = False
    """Serve those without a `loadBalancerClass`, too."""

    def mine(self, service: Service) -> bool:
        """Tell whether a Service gets its address here."""
        if service.spec.type != "LoadBalancer":
            return False
        found = service.spec.load_balancer_class
        return found == CLASS or (found is None and self.default_class)


class _RefusedError(Exception):
    def __init__(self, refusal: Refusal, detail: str = "") -> None:
        super().__init__(detail)
        self.refusal, self.detail = refusal, detail


def allocate(
    services: Iterable[Service],
    pools: Mapping[str, Pool],
    blocked: Intervals,
    rules: Rules | None = None,
    namespaces: Labels = _NO_LABELS,
) -> dict[Name, Outcome]:
    """Return what each Service gets that is served here. `blocked`: addresses that nobody gets."""
    rules = rules or Rules()
    ordered = sorted(services, key=lambda one: one.name)
    book = _Book(pools, blocked, namespaces)
    mine = [one for one in ordered if rules.mine(one)]
    outcomes = {}
    for one in ordered:
        if one.spec.type == "LoadBalancer" and not rules.mine(one):
            book.take_for_others(one)
        elif rules.mine(one) and not book.knows_namespace(one):
            book.take_for_others(one)
            detail = f"the labels of the namespace {one.metadata.namespace} are not known, and pools ask for them"
            outcomes[one.name] = Outcome(refusal=Refusal.UNKNOWN_NAMESPACE, detail=detail)
    mine = [one for one in mine if one.name not in outcomes]
    # of two that have one address the older keeps it
    for one in sorted(mine, key=lambda service: (service.metadata.creation_timestamp, service.name)):
        kept = book.keep(one)
        if kept is not None:
            outcomes[one.name] = kept
    for one in mine:
        kept = outcomes.get(one.name)
        try:
            outcomes[one.name] = book.give(one) if kept is None else book.complete(one, kept)
        except _RefusedError as bad:
            outcomes[one.name] = Outcome(refusal=bad.refusal, detail=bad.detail)
    return dict(sorted(outcomes.items()))


class _Book:
    """Who has which address."""

    def __init__(self, pools: Mapping[str, Pool], blocked: Intervals, namespaces: Labels) -> None:
        self._pools = dict(sorted(pools.items()))
        self._namespaces = namespaces
        self._all_known = not any(pool.namespace_selectors for pool in pools.values())
        self._blocked = blocked
        self._free = {name: Free(pool, blocked) for name, pool in self._pools.items()}
        self._holders: dict[Address, list[Service]] = {}
        self._taken: set[tuple[int, int]] = set()
        self._shared: dict[tuple[str, int, str], list[Address]] = {}
        """Pool, IP version and sharing key -> addresses, as they were given."""

    def _take(self, service: Service, pool: str, address: Address) -> None:
        self._holders.setdefault(address, []).append(service)
        self._taken.add((address.version, int(address)))
        if key := _annotation(service, "allow-shared-ip"):
            found = self._shared.setdefault((pool, address.version, key), [])
            if address not in found:
                found.append(address)

    def knows_namespace(self, service: Service) -> bool:
        """Tell whether it is known which pools are for a Service."""
        return self._all_known or service.metadata.namespace in self._namespaces

    def take_for_others(self, service: Service) -> None:
        """Leave to a Service that is not served now what it has."""
        for address in _held(service):
            self._take(service, "", address)

    def _open(self, service: Service, address: Address) -> bool:
        return all(_may_share(service, other) for other in self._holders.get(address, ()))

    def keep(self, service: Service) -> Outcome | None:
        """Leave to a Service what it has, as far as it may have it; None: nothing."""
        held = _held(service)
        try:
            requested, pool = _requested(service), self._asked_pool(service)
        except _RefusedError:
            return None
        if not held or (requested and set(held) != set(requested)):
            return None
        wanted, good = _versions(service)[0], dict[int, Address]()
        name = ""
        for one in held:
            # of two the one stays, although the other is of a family or a pool that is no longer for it
            its = self._pool_of(service, one)
            if its is None or pool not in {None, its} or name not in {"", its}:
                continue
            if one.version not in wanted or one.version in good:
                continue
            if self._free[its].has(one) and self._open(service, one):
                good[one.version], name = one, its
        if not good or (requested and len(good) != len(held)):
            return None
        kept = _in_order(good.values(), wanted)
        for one in kept:
            self._take(service, name, one)
        return Outcome(kept, name)

    def complete(self, service: Service, kept: Outcome) -> Outcome:
        """Return the second address to a Service that has one, and wants two. It keeps the one in any case."""
        wanted, need_all = _versions(service)
        missing = [version for version in wanted if version not in {one.version for one in kept.addresses}]
        if not missing or _requested(service):
            return kept
        more = [self._lowest(service, kept.pool, version) for version in missing]
        if None in more and need_all:
            text = f"pool {kept.pool} has no free address of the other family"
            return Outcome(kept.addresses, kept.pool, Refusal.FAMILY, text)
        given = [one for one in more if one is not None]
        for one in given:
            self._take(service, kept.pool, one)
        return Outcome(_in_order((*kept.addresses, *given), wanted), kept.pool)

    def give(self, service: Service) -> Outcome:
        """Return a Service what it asks for, or the lowest that is free. Raises _RefusedError."""
        requested = _requested(service)
        found = self._exactly(service, requested) if requested else self._any(service)
        for one in found.addresses:
            self._take(service, found.pool, one)
        return found

    def _exactly(self, service: Service, requested: tuple[Address, ...]) -> Outcome:
        asked = self._asked_pool(service)
        wanted, _ = _versions(service)
        names = set()
        for address in requested:
            name = self._pool_of(service, address)
            if name is None or asked not in {None, name}:
                raise _RefusedError(Refusal.NOT_IN_POOL, str(address))
            if not self._free[name].has(address):
                raise _RefusedError(Refusal.RESERVED, str(address))
            if not self._open(service, address):
                holders = ", ".join("/".join(one.name) for one in self._holders[address])
                raise _RefusedError(Refusal.TAKEN, f"{address} is {holders}'s")
            if address.version not in wanted:
                raise _RefusedError(Refusal.FAMILY, str(address))
            names.add(name)
        if len(names) > 1 or len({one.version for one in requested}) < len(requested):
            raise _RefusedError(Refusal.INVALID_REQUEST, "one address of each family, of one pool")
        return Outcome(_in_order(requested, wanted), names.pop())

    def _any(self, service: Service) -> Outcome:
        wanted, need_all = _versions(service)
        pools = list(self._pools_for(service))
        if not pools:
            raise _RefusedError(Refusal.NO_POOL, "no pool is for this Service")
        # a pool with all families goes before one with some of them
        for enough in sorted({len(wanted), len(wanted) if need_all else 1}, reverse=True):
            for name in pools:
                found = [one for version in wanted if (one := self._lowest(service, name, version)) is not None]
                if len(found) >= enough:
                    return Outcome(tuple(found), name)
        reason = Refusal.FULL
        if not any(set(wanted) & set(self._free[name].versions) for name in pools):
            reason = Refusal.FAMILY
        raise _RefusedError(reason, ", ".join(pools))

    def _lowest(self, service: Service, pool: str, version: int) -> Address | None:
        key = _annotation(service, "allow-shared-ip")
        shared = self._shared.get((pool, version, key), ()) if key else ()
        for address in sorted(shared):
            if self._open(service, address):
                return address
        number = self._free[pool].lowest(version, self._taken)
        if number is None:
            return None
        return IPv4Address(number) if version == 4 else IPv6Address(number)

    # pools

    def _asked_pool(self, service: Service) -> str | None:
        name = _annotation(service, "address-pool")
        if not name:
            return None
        if name not in self._pools:
            raise _RefusedError(Refusal.NO_POOL, f"there is no pool {name}")
        if not self._for(self._pools[name], service):
            raise _RefusedError(Refusal.NO_POOL, f"pool {name} is not for this Service")
        return name

    def _pools_for(self, service: Service) -> Iterator[str]:
        """Return the pools that may give, in order: those made for such Services first, then by priority and name."""
        asked = self._asked_pool(service)
        if asked is not None:
            yield asked
            return
        own = [(name, pool) for name, pool in self._pools.items() if pool.auto_assign and self._for(pool, service)]
        yield from (name for name, _ in sorted(own, key=lambda one: (*_rank(one[1]), one[0])))

    def _pool_of(self, service: Service, address: Address) -> str | None:
        for name, pool in self._pools.items():
            if any(one.version == address.version and address in one for one in pool.prefixes):
                return name if self._for(pool, service) else None
        return None

    def _for(self, pool: Pool, service: Service) -> bool:
        """Tell whether a pool is for a Service: for its namespace, by name or by labels, and for its own labels."""
        namespace = service.metadata.namespace
        if pool.namespaces or pool.namespace_selectors:
            labels = self._namespaces.get(namespace, {})
            chosen = any(one.matches(labels) for one in pool.namespace_selectors)
            if namespace not in pool.namespaces and not chosen:
                return False
        return selected(pool.allocation_selectors, service.metadata.labels)


def _rank(pool: Pool) -> tuple[bool, int]:
    chosen = pool.namespaces or pool.namespace_selectors or pool.allocation_selectors
    return not chosen, pool.priority or _LAST


def _annotation(service: Service, name: str) -> str:
    found = (service.metadata.annotations.get(prefix + name) for prefix in _PREFIXES)
    return next((text.strip() for text in found if text is not None), "")


def _held(service: Service) -> list[Address]:
    found = []
    for one in service.status.load_balancer.ingress:
        try:
            found.append(ip_address(one.ip))
        except ValueError:
            continue
    return found


def _requested(service: Service) -> tuple[Address, ...]:
    text, single = _annotation(service, "loadBalancerIPs"), service.spec.load_balancer_ip
    if text and single:
        raise _RefusedError(Refusal.TWO_REQUESTS)
    try:
        return tuple(ip_address(one.strip()) for one in (text or single).split(",") if one.strip())
    except ValueError as bad:
        raise _RefusedError(Refusal.INVALID_REQUEST, str(bad)) from bad


def _versions(service: Service) -> tuple[tuple[int, ...], bool]:
    """Return the IP versions of the addresses that a Service wants, in order, and whether it must have all of them."""
    families = tuple(6 if one == "IPv6" else 4 for one in service.spec.ip_families)
    policy = service.spec.ip_family_policy
    if policy in {"PreferDualStack", "RequireDualStack"}:
        if len(families) < 2 and (policy == "RequireDualStack" or not families):
            first = families[0] if families else 4
            families = (first, 10 - first)
        return families, policy == "RequireDualStack"
    return families[:1] or (4,), True


def _in_order(addresses: Iterable[Address], versions: tuple[int, ...]) -> tuple[Address, ...]:
    return tuple(sorted(addresses, key=lambda one: versions.index(one.version)))


def _may_share(one: Service, other: Service) -> bool:
    """Tell whether two Services may have one address: the same key, other ports, and packets that find their pods."""
    key = _annotation(one, "allow-shared-ip")
    if not key or key != _annotation(other, "allow-shared-ip"):
        return False
    if {(port.protocol, port.port) for port in one.spec.ports} & {
        (port.protocol, port.port) for port in other.spec.ports
    }:
        return False
    if one.spec.external_traffic_policy == other.spec.external_traffic_policy == "Cluster":
        return True
    return (
        one.spec.external_traffic_policy == other.spec.external_traffic_policy
        and one.spec.selector == other.spec.selector
        and bool(one.spec.selector)
    )
