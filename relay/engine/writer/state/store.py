"""The committed state of one partition: what waits, what is under way, what is held, and the ledger."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from relay.domain.ledger import AccountNote, InboxRecord, LedgerEntry, OrderState, Slot
from relay.engine.topics import LETTERS, OUTCOMES, Family
from relay.engine.writer.state.cache import Cache, Change, Table
from schemas.codec import Codec

_SEPARATOR = "|"  # No account, target or item name may hold it; an origin id never does.
_DECODED = 10_000  # Records kept decoded; the rest stay bytes.

R = TypeVar("R")


def inbox_key(slot: Slot, subject: str) -> str:
    """``subject`` is an origin id, the scope of a hold, or an account's tenant."""
    return f"{subject}{_SEPARATOR}{slot.value}"


def slot_and_subject(key: str) -> tuple[Slot, str]:
    """Takes an inbox key apart. Raises ``ValueError`` for a key that is none."""
    subject, _, slot = key.rpartition(_SEPARATOR)
    if not subject:
        raise ValueError(f"{key!r} is no inbox key")
    return Slot(slot), subject


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionTopics:
    """Where the records of one partition go on the cluster."""

    family: Family
    prefix: str
    number: int
    letter_partitions: int

    @property
    def inbox(self) -> str:
        return self.family.inbox.name(self.prefix)

    @property
    def ledger(self) -> str:
        return self.family.ledger.name(self.prefix)

    @property
    def outcomes(self) -> str:
        return OUTCOMES.name(self.prefix)

    @property
    def letters(self) -> str:
        return LETTERS.name(self.prefix)


class StateStore:
    """Reads the committed records of the partition. Belongs to the stage's thread."""

    def __init__(self, topics: PartitionTopics, cache: Cache, codec: Codec) -> None:
        self.topics = topics
        self._cache = cache
        self._codec = codec
        self._decoded: OrderedDict[tuple[Table, str], Any] = OrderedDict()

    def order(self, origin_id: str) -> OrderState:
        """All that is kept of an origin id."""
        waiting = self.inbox(Slot.NEXT, origin_id)
        current = self.inbox(Slot.CURRENT, origin_id)
        intent = self.inbox(Slot.INTENT, origin_id)
        return OrderState(
            waiting=waiting.waiting if waiting else None,
            current=current.waiting if current else None,
            intent=intent.intent if intent else None,
            entry=self.entry(origin_id),
        )

    def entry(self, origin_id: str) -> LedgerEntry | None:
        """The ledger's entry, or ``None``."""
        return self._read(Table.LEDGER, origin_id, LedgerEntry)

    def entries_with(self, text: str) -> list[LedgerEntry]:
        """The ledger's entries in which ``text`` stands somewhere. Looks through all of them."""
        keys = self._cache.keys_with(Table.LEDGER, text.encode())
        return [entry for key in keys if (entry := self.entry(key)) is not None]

    def inbox(self, slot: Slot, subject: str) -> InboxRecord | None:
        """One record of the inbox, or ``None``."""
        return self._read(Table.INBOX, inbox_key(slot, subject), InboxRecord)

    def iter_inbox(self) -> Iterator[tuple[Slot, str, InboxRecord]]:
        """Iterates over all records of the inbox, with slot and subject, for use after a restore."""
        for key, value in list(self._cache.items(Table.INBOX)):
            slot, subject = slot_and_subject(key)
            yield slot, subject, self._codec.decode(value, InboxRecord)

    def account(self, tenant: str) -> AccountNote | None:
        """What is noted of an account, or ``None``."""
        record = self.inbox(Slot.ACCOUNT, tenant)
        return record.account if record else None

    def apply(self, committed: Mapping[Table, Sequence[Change]]) -> None:
        """Applies the changes of a transaction that stands."""
        for table, changes in committed.items():
            self._cache.apply(table, changes)
            for key, _ in changes:
                self._decoded.pop((table, key), None)

    def _read(self, table: Table, key: str, kind: type[R]) -> R | None:
        decoded = self._decoded.get((table, key))
        if decoded is not None:
            self._decoded.move_to_end((table, key))
            return cast("R", decoded)
        value = self._cache.get(table, key)
        if value is None:
            return None
        record = self._codec.decode(value, kind)
        self._decoded[(table, key)] = record
        if len(self._decoded) > _DECODED:
            self._decoded.popitem(last=False)
        return record
