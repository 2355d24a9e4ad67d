"""What projects, contracts and purchase orders are called, and what they amount to, as their systems last said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class DirectoryKind(StrEnum):
    """What an entry is about."""

    PROJECT = "project"
    PRIME_CONTRACT = "prime_contract"
    PURCHASE_ORDER = "purchase_order"
    SUBCONTRACT = "subcontract"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryEntry:
    """A project, contract or purchase order. What its system does not say is null.

    ``read_at`` is when the amounts were read, or, of an entry without any, the rest; an entry that says the same is
    not written again for that alone, so they have been true from then on. ``absent``: it was listed once and is not
    listed any more.
    """

    system: str
    account: str
    kind: DirectoryKind
    entry_id: str
    read_at: datetime
    project_id: str | None = None
    number: str | None = None
    title: str | None = None
    vendor: str | None = None
    status: str | None = None
    currency: str | None = None
    original_amount: Decimal | None = None
    approved_changes: Decimal | None = None
    pending_changes: Decimal | None = None
    revised_amount: Decimal | None = None
    url: str | None = None
    absent: bool = False

    @property
    def key(self) -> str:
        """The record's key: ``{system}:{account}/{kind}:{id}``."""
        return f"{self.system}:{self.account}/{self.kind.value}:{self.entry_id}"

    @property
    def has_amounts(self) -> bool:
        """Whether it says any amount."""
        amounts = (self.original_amount, self.approved_changes, self.pending_changes, self.revised_amount)
        return any(amount is not None for amount in amounts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A listing that showed every entry of one kind that an account has."""

    system: str
    account: str
    kind: DirectoryKind

    def includes(self, entry: DirectoryEntry) -> bool:
        """Whether the listing would have shown the entry."""
        return (entry.system, entry.account, entry.kind) == (self.system, self.account, self.kind)


def changed_entries(
    known: Mapping[str, DirectoryEntry], read: Iterable[DirectoryEntry], listed: Iterable[Listed] = ()
) -> list[DirectoryEntry]:
    """What of ``read`` says more than when it was read, and what a complete listing does not show any more.

    ``known`` is by key. What is not said this time stays as it was said before: one call shows less than another. That
    something is absent of which nothing was known is no news.
    """
    by_key = {entry.key: entry for entry in read}
    found = [merged(known.get(key), entry) for key, entry in by_key.items() if key in known or not entry.absent]
    return [entry for entry in found if differs(known.get(entry.key), entry)] + list(_gone(known, by_key, listed))


def merged(before: DirectoryEntry | None, entry: DirectoryEntry) -> DirectoryEntry:
    """``entry`` with what only ``before`` says; amounts keep the time at which they were read."""
    if before is None:
        return entry
    kept = {field.name: getattr(before, field.name) for field in fields(entry) if getattr(entry, field.name) is None}
    read_at = before.read_at if before.has_amounts and not entry.has_amounts else entry.read_at
    return replace(entry, **kept, read_at=read_at)


def differs(before: DirectoryEntry | None, entry: DirectoryEntry) -> bool:
    """Whether anything but the time of reading is another."""
    return before is None or replace(before, read_at=entry.read_at) != entry


def _gone(
    known: Mapping[str, DirectoryEntry], read: Mapping[str, DirectoryEntry], listed: Iterable[Listed]
) -> Iterator[DirectoryEntry]:
    for listing in listed:
        for key, entry in known.items():
            if listing.includes(entry) and key not in read and not entry.absent:
                yield replace(entry, absent=True)
