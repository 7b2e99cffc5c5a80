"""Lists that policy asks: prefix lists, access lists, AS paths and communities."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal, Protocol, Self, TypeVar

from pydantic import AfterValidator, Field, model_validator

from frrgen.model.types import (
    Action,
    AsPathRegex,
    Communities,
    Description,
    ExtCommunities,
    LargeCommunities,
    Model,
    Regex,
    Seq,
)
from frrgen.model.written import WrittenIPv4Address, WrittenPrefix


class _Numbered(Protocol):
    @property
    def seq(self) -> int: ...


_T = TypeVar("_T", bound=_Numbered)


def _by_seq(entries: Sequence[_T]) -> tuple[_T, ...]:
    ordered = tuple(sorted(entries, key=lambda entry: entry.seq))
    for one, other in pairwise(ordered):
        if one.seq == other.seq:
            raise ValueError(f"seq {one.seq} is used twice")
    return ordered


BY_SEQ = AfterValidator(_by_seq)


class PrefixListEntry(Model):
    """One line of a prefix list: len <= ge <= le <= 32 or 128 (FRR refuses anything else).

    `any` is the same as `0.0.0.0/0 le 32`, or `::/0 le 128`; without ge and le the length is exact.
    """

    seq: Seq
    """Its number, 1-4294967295; left out: 5 more than the number before."""
    action: Action
    """Whether what matches is let through."""
    prefix: WrittenPrefix
    """The prefix, without host bits."""
    ge: Annotated[int, Field(ge=1, le=128)] | None = None
    """Not 0: FRR takes `ge 0` for "no ge", which is the exact length and not everything."""
    le: Annotated[int, Field(ge=1, le=128)] | None = None
    """The longest length that matches, at most 32 or 128."""

    @model_validator(mode="after")
    def _lengths(self) -> Self:
        length, longest = self.prefix.prefixlen, self.prefix.max_prefixlen
        low = length if self.ge is None else self.ge
        high = (longest if self.ge is not None else low) if self.le is None else self.le
        if not length <= low <= high <= longest:
            raise ValueError(f"must hold: {length} (the prefix length) <= ge <= le <= {longest}")
        return self


class PrefixList(Model):
    """`ip|ipv6 prefix-list NAME`: the first entry by seq that matches decides; at the end is a deny."""

    description: Description | None = None
    """One line of at most 200 bytes."""
    entries: Annotated[tuple[PrefixListEntry, ...], BY_SEQ] = ()
    """The entries, or texts as `permit 192.0.2.0/24 le 32`."""


class AccessListEntry(Model):
    """One line of an access list: a prefix (and longer prefixes, unless `exact`), or a source address with wildcard.

    `any` is prefix 0.0.0.0/0 or ::/0 without `exact`. With `destination` it is the extended form `ip SRC DST`.
    """

    seq: Seq
    """Its number, 1-4294967295; left out: 5 more than the number before."""
    action: Action
    """Whether what matches is let through."""
    prefix: WrittenPrefix | None = None
    """A prefix, which longer prefixes match, too."""
    exact: bool = False
    """Only the prefix itself; `exact-match`."""
    source: WrittenIPv4Address | Literal["any"] | None = None
    """A source address, with `wildcard`, or `any` beside a destination."""
    wildcard: WrittenIPv4Address | None = None
    """The bits of `source` that do not matter."""
    destination: WrittenIPv4Address | Literal["any"] | None = None
    """A destination address (for routes: the mask), or `any`."""
    destination_wildcard: WrittenIPv4Address | None = None
    """The bits of `destination` that do not matter."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.prefix is None) == (self.source is None):
            raise ValueError("needs exactly one of prefix and source")
        if self.prefix is not None and (self.wildcard or self.destination or self.destination_wildcard):
            raise ValueError("wildcard and destination go with source, not with prefix")
        if self.exact and self.prefix is None:
            raise ValueError("exact goes with prefix")
        if self.source == "any" and self.destination is None:
            raise ValueError("source any needs a destination; for everything write prefix 0.0.0.0/0")
        return self


class AccessList(Model):
    """`access-list NAME` or `ipv6 access-list NAME`: the first entry that matches decides; at the end is a deny."""

    remark: Description | None = None
    """One line of at most 200 bytes."""
    entries: Annotated[tuple[AccessListEntry, ...], BY_SEQ] = ()
    """The entries, or texts as `permit 192.0.2.0/24`."""


class AsPathListEntry(Model):
    """One line of an as-path list: a regular expression over the text of the AS path."""

    seq: Seq
    """Its number, 1-4294967295; left out: 5 more than the number before."""
    action: Action
    """Whether what matches is let through."""
    regex: AsPathRegex
    """A regular expression; `_` stands for a blank, the beginning or the end."""


class AsPathList(Model):
    """`bgp as-path access-list NAME`."""

    entries: Annotated[tuple[AsPathListEntry, ...], BY_SEQ] = ()
    """The entries, or texts as `permit ^65001_`."""


_E = TypeVar("_E", "CommunityListEntry", "LargeCommunityListEntry", "ExtCommunityListEntry")


def _either(entry: _E) -> _E:
    """Return an entry of a standard list or of an expanded list. Raises ValueError for both, and for neither."""
    if (entry.communities is None) == (entry.regex is None):
        raise ValueError("needs exactly one of communities and regex")
    return entry


class CommunityListEntry(Model):
    """One line of a standard list (all `communities` must be there) or of an expanded one (`regex`)."""

    seq: Seq
    """Its number, 1-4294967295; left out: 5 more than the number before."""
    action: Action
    """Whether what matches is let through."""
    communities: Communities | None = None
    """Communities that must all be there: AA:NN, or names as `no-export`."""
    regex: Regex | None = None
    """A regular expression over the text of the communities."""

    _one = model_validator(mode="after")(_either)


class LargeCommunityListEntry(Model):
    """One line of a large-community list (RFC 8092)."""

    seq: Seq
    """Its number, 1-4294967295; left out: 5 more than the number before."""
    action: Action
    """Whether what matches is let through."""
    communities: LargeCommunities | None = None
    """Large communities that must all be there: AA:BB:CC."""
    regex: Regex | None = None
    """A regular expression over the text of the large communities."""

    _one = model_validator(mode="after")(_either)


class ExtCommunityListEntry(Model):
    """One line of an extcommunity list (RFC 4360)."""

    seq: Seq
    """Its number, 1-4294967295; left out: 5 more than the number before."""
    action: Action
    """Whether what matches is let through."""
    communities: ExtCommunities | None = None
    """Extended communities that must all be there: `rt ASN:NN`, `soo ASN:NN`."""
    regex: Regex | None = None
    """A regular expression over the text of the extended communities."""

    _one = model_validator(mode="after")(_either)


Kind = Literal["standard", "expanded"]


def _same_kind(
    kind: Kind, entries: Sequence[CommunityListEntry | LargeCommunityListEntry | ExtCommunityListEntry]
) -> None:
    wanted = "communities" if kind == "standard" else "regex"
    for entry in entries:
        if (entry.regex is None) != (kind == "standard"):
            raise ValueError(f"seq {entry.seq}: in a list of kind {kind} an entry has {wanted}")


class CommunityList(Model):
    """`bgp community-list standard|expanded NAME`. A name is of one kind only."""

    kind: Kind = "standard"
    """standard: entries name communities; expanded: they are regular expressions."""
    entries: Annotated[tuple[CommunityListEntry, ...], BY_SEQ] = ()
    """The entries, or texts as `permit 65000:10 no-export`."""

    @model_validator(mode="after")
    def _kind(self) -> Self:
        _same_kind(self.kind, self.entries)
        return self


class LargeCommunityList(Model):
    """`bgp large-community-list standard|expanded NAME`."""

    kind: Kind = "standard"
    """standard: entries name communities; expanded: they are regular expressions."""
    entries: Annotated[tuple[LargeCommunityListEntry, ...], BY_SEQ] = ()
    """The entries, or texts as `permit 65000:1:1`."""

    @model_validator(mode="after")
    def _kind(self) -> Self:
        _same_kind(self.kind, self.entries)
        return self


class ExtCommunityList(Model):
    """`bgp extcommunity-list standard|expanded NAME`."""

    kind: Kind = "standard"
    """standard: entries name communities; expanded: they are regular expressions."""
    entries: Annotated[tuple[ExtCommunityListEntry, ...], BY_SEQ] = ()
    """The entries, or texts as `permit rt 65000:1`."""

    @model_validator(mode="after")
    def _kind(self) -> Self:
        _same_kind(self.kind, self.entries)
        return self
