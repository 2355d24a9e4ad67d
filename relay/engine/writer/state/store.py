"""The committed state of one partition: what waits, what is under way, what is held, and the ledger."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast

from relay.domain import identity
from relay.domain.ledger import AccountNote, InboxRecord, LedgerEntry, OrderState, Slot, frozen
from relay.engine.letters import LetterTopic
from relay.engine.sizes import TopicLimits
from relay.engine.topics import EVENT_BYTES, LETTERS, OUTCOMES, WRITES, Family
from relay.engine.writer.state.cache import REMOVED, Cache, Change, Table
from schemas import Unreadable
from schemas.codec import Codec

_SEPARATOR = "|"  # No account, target or item name may hold it; an origin id never does.
_DECODED = 10_000  # Records kept decoded; the rest stay bytes.

_OF_AN_ORDER = (Slot.NEXT, Slot.CURRENT, Slot.INTENT)

_FREEZING = (Slot.CURRENT, Slot.INTENT)
"""What has to be readable of a change order, beside its entry in the ledger; what only waits may be replaced."""

_LONGEST_KEY = 2 * identity.LONGEST_NAME
"""Bytes of a key: an origin id, with a tenant before it and a slot behind it."""

R = TypeVar("R", InboxRecord, LedgerEntry)


def inbox_key(slot: Slot, subject: str) -> str:
    """``subject`` is an origin id, the scope of a hold, or an account's tenant."""
    return f"{subject}{_SEPARATOR}{slot.value}"


def slot_and_subject(key: str) -> tuple[Slot, str]:
    """Takes an inbox key apart. Raises ``ValueError`` for a key that is none."""
    subject, _, slot = key.rpartition(_SEPARATOR)
    if not subject:
        raise ValueError(f"{key!r} is no inbox key")
    return Slot(slot), subject


def is_own_key(table: Table, key: bytes | None, system: str) -> bool:
    """Whether a writer of ``system`` could have written a record under ``key``."""
    if key is None or len(key) > _LONGEST_KEY:
        return False
    try:
        text = key.decode()
        if table is Table.LEDGER:
            return identity.root_of(text) is not None
        slot, subject = slot_and_subject(text)
    except ValueError:
        return False
    if slot in _OF_AN_ORDER:
        return identity.root_of(subject) is not None
    return subject.startswith(f"{system}:")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableRecord:
    """A record under a key of ours that nothing can be made of. ``slot``: of an inbox key; ``None``: the ledger's.

    ``offset`` is -1 where it is not known. ``why`` is a sentence without its full stop.
    """

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes | None
    slot: Slot | None
    subject: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionTopics:
    """Where the records of one partition go on the cluster.

    ``largest_command``: bytes of a command's record, with key and headers, that the inbox takes in its wrapping.
    """

    family: Family
    prefix: str
    number: int
    letter_topic: LetterTopic
    largest_command: int = EVENT_BYTES
    limits: TopicLimits = field(default_factory=TopicLimits.declared)

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
    def writes(self) -> str:
        return WRITES.name(self.prefix)

    @property
    def letters(self) -> str:
        return LETTERS.name(self.prefix)


class StateStore:
    """Reads the committed records of the partition. Belongs to the stage's thread; closing it drops the cache."""

    def __init__(self, topics: PartitionTopics, cache: Cache, codec: Codec) -> None:
        self.topics = topics
        self._cache = cache
        self._codec = codec
        self._decoded: OrderedDict[tuple[Table, str], InboxRecord | LedgerEntry] = OrderedDict()
        self._unreadable: dict[tuple[Table, str], UnreadableRecord] = {}
        self._unreported: list[UnreadableRecord] = []

    def order(self, origin_id: str) -> OrderState:
        """All that is kept of an origin id; it is frozen where that cannot be read."""
        waiting = self.inbox(Slot.NEXT, origin_id)
        current = self.inbox(Slot.CURRENT, origin_id)
        intent = self.inbox(Slot.INTENT, origin_id)
        order = OrderState(
            waiting=waiting.waiting if waiting else None,
            current=current.waiting if current else None,
            intent=intent.intent if intent else None,
            entry=self.entry(origin_id),
        )
        return frozen(order, origin_id) if self.freezing(origin_id) else order

    def freezing(self, origin_id: str) -> list[UnreadableRecord]:
        """The records for which nothing may be decided about an origin id."""
        keys = [(Table.LEDGER, origin_id), *((Table.INBOX, inbox_key(slot, origin_id)) for slot in _FREEZING)]
        return [self._unreadable[key] for key in keys if key in self._unreadable]

    def take_unreported(self) -> list[UnreadableRecord]:
        """The unreadable records that were met since this was last asked."""
        met, self._unreported = self._unreported, []
        return met

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

    def iter_inbox(self) -> Iterator[tuple[Slot, str, InboxRecord | None]]:
        """Iterates over all records of the inbox, with slot and subject, for use after a restore.

        The record is ``None`` where it cannot be read.
        """
        for key, _ in list(self._cache.items(Table.INBOX)):
            slot, subject = slot_and_subject(key)
            yield slot, subject, self._read(Table.INBOX, key, InboxRecord)

    def inbox_offsets(self) -> list[tuple[str, int]]:
        """The inbox's keys, each with where its record was restored from."""
        return self._cache.offsets(Table.INBOX)

    def close(self) -> None:
        """Drops all records."""
        self._cache.close()

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
                self._unreadable.pop((table, key), None)

    def mark_unreadable(self, slot: Slot, origin_id: str, why: str) -> None:
        """Notes that what an inbox record holds cannot be read, though the record can."""
        key = inbox_key(slot, origin_id)
        self._decoded.pop((Table.INBOX, key), None)
        self._note_unreadable(Table.INBOX, key, self._cache.get(Table.INBOX, key), why)

    def _read(self, table: Table, key: str, kind: type[R]) -> R | None:
        decoded = self._decoded.get((table, key))
        if decoded is not None:
            self._decoded.move_to_end((table, key))
            return cast("R", decoded)
        if (table, key) in self._unreadable:
            return None
        value = self._cache.get(table, key)
        if value is None:
            return None
        try:
            record = self._codec.decode(value, kind)
        except Unreadable as error:
            self._note_unreadable(table, key, value, error.message)
            return None
        if not _is_in_place(key, record):
            self._note_unreadable(table, key, value, "it is of another kind, or of another change order, than its key")
            return None
        self._decoded[(table, key)] = record
        if len(self._decoded) > _DECODED:
            self._decoded.popitem(last=False)
        return record

    def _note_unreadable(self, table: Table, key: str, value: bytes | None, why: str) -> None:
        slot, subject = (None, key) if table is Table.LEDGER else slot_and_subject(key)
        offset = self._cache.offset(table, key)
        is_removed = table is Table.LEDGER and value == REMOVED
        unreadable = UnreadableRecord(
            topic=self.topics.ledger if table is Table.LEDGER else self.topics.inbox,
            partition=self.topics.number,
            offset=-1 if offset is None else offset,
            key=key,
            value=None if is_removed else value,
            slot=slot,
            subject=subject,
            why="it has no value, and no owner ever removes an entry of the ledger" if is_removed else why,
        )
        self._unreadable[(table, key)] = unreadable
        self._unreported.append(unreadable)


def _is_in_place(key: str, record: InboxRecord | LedgerEntry) -> bool:
    """Whether the record says what its key promises."""
    if isinstance(record, LedgerEntry):
        return record.origin_id == key
    slot, subject = slot_and_subject(key)
    match slot:
        case Slot.NEXT | Slot.CURRENT:
            return record.waiting is not None and record.waiting.origin_id == subject
        case Slot.INTENT:
            return record.intent is not None and record.intent.origin_id == subject
        case Slot.HOLD:
            return record.hold is not None and record.hold.scope == subject
        case Slot.ACCOUNT:
            return record.account is not None and record.account.tenant == subject
