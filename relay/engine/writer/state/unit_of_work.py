"""What one transaction will say.

It collects changes and reads its own pending ones; the store changes only after the commit, so a failed
commit leaves nothing to be taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from relay.domain.ledger import AccountNote, Hold, InboxRecord, Intent, LedgerEntry, OrderState, Slot, Waiting
from relay.domain.ledger_size import entry_size
from relay.domain.letters import DeadLetter
from relay.domain.outcomes import ChangeOrderOutcome, without_details
from relay.engine.telemetry.tracing import Headers
from relay.engine.writer.state.store import StateStore, inbox_key

_RECORD = 1024
"""Bytes that a record of the transaction takes beside what is large in it."""


class SettledLetter(NamedTuple):
    """A letter that is done with: its record becomes a tombstone."""

    letter_id: str
    change_order_key: str


class TracedOutcome(NamedTuple):
    """An outcome with the trace of the command that it belongs to."""

    outcome: ChangeOrderOutcome
    trace: Headers


class ToldWrite(NamedTuple):
    """A write as the bytes that fit its topic, with the trace of the command that it belongs to.

    It is encoded when it is drafted, for its size decides what it says.
    """

    change_order_key: str
    value: bytes
    trace: Headers


@dataclass(frozen=True, slots=True)
class RecordWork:
    """What one record makes of a unit of work, and what it makes in its place where that fails.

    ``instead`` is given an empty work of the same beginning and the failure.
    """

    work: UnitOfWork
    instead: Callable[[UnitOfWork, Exception], None]


class UnitOfWork:
    """Collects the changes of one transaction as objects; they become bytes at the commit."""

    def __init__(self, store: StateStore | UnitOfWork) -> None:
        """``store``: what the work begins from; another work, where this is what one record makes of it."""
        self._store = store
        self._orders: dict[str, OrderState] = {}
        self.entries: dict[str, LedgerEntry] = {}
        self.slots: dict[str, InboxRecord | None] = {}
        self.outcomes: list[TracedOutcome] = []
        self.letters: list[DeadLetter | SettledLetter] = []
        self.writes: list[ToldWrite] = []
        self.holds: dict[str, Hold | None] = {}
        self.changed_orders: dict[str, None] = {}
        """Origin ids in the order in which they changed: what came first is ready first."""
        self.record_works: list[RecordWork] = []
        self.size = 0
        """Bytes that what was added takes, roughly, and not less by much."""

    # -- what each record makes of it

    def add(self, record_work: RecordWork) -> None:
        """Adds what one record has made of this work."""
        work = record_work.work
        self._orders.update(work._orders)  # noqa: SLF001 - another of the same class
        self.entries.update(work.entries)
        self.slots.update(work.slots)
        self.outcomes += work.outcomes
        self.letters += work.letters
        self.writes += work.writes
        self.holds.update(work.holds)
        self.changed_orders.update(work.changed_orders)
        self.record_works.append(record_work)
        self.size += work._estimated_size()  # noqa: SLF001 - another of the same class

    def _estimated_size(self) -> int:
        """What is large in it by nature: lines in the ledger, commands in the inbox, records in letters, writes."""
        return (
            sum(entry_size(entry) for entry in self.entries.values())
            + sum(len(slot.waiting.command) for slot in self.slots.values() if slot and slot.waiting)
            + sum(len(letter.record_value or b"") for letter in self.letters if isinstance(letter, DeadLetter))
            + _RECORD * (len(self.slots) + len(self.outcomes) + len(self.letters))
            + sum(len(write.value) for write in self.writes)
        )

    def inbox(self, slot: Slot, subject: str) -> InboxRecord | None:
        """One record of the inbox, as this work will leave it."""
        key = inbox_key(slot, subject)
        return self.slots[key] if key in self.slots else self._store.inbox(slot, subject)

    # -- orders

    def order(self, origin_id: str) -> OrderState:
        """All that is kept of an origin id, as this work will leave it."""
        if origin_id not in self._orders:
            self._orders[origin_id] = self._store.order(origin_id)
        return self._orders[origin_id]

    @property
    def is_empty(self) -> bool:
        """Whether the transaction would say nothing."""
        return not (self.entries or self.slots or self.outcomes or self.letters or self.writes)

    # -- an origin id's slots and entry

    def put_entry(self, entry: LedgerEntry) -> None:
        """Replaces the ledger's entry."""
        self._orders[entry.origin_id] = replace(self.order(entry.origin_id), entry=entry)
        self.entries[entry.origin_id] = entry
        self.changed_orders[entry.origin_id] = None

    def put_waiting(self, origin_id: str, waiting: Waiting | None) -> None:
        """Replaces the command that waits; ``None``: none does."""
        before = self.order(origin_id)
        self._orders[origin_id] = replace(before, waiting=waiting)
        record = None if waiting is None else InboxRecord(waiting=waiting)
        self._put(Slot.NEXT, origin_id, record, existed=before.waiting is not None)

    def put_current(self, origin_id: str, current: Waiting | None) -> None:
        """Replaces the command in work; ``None``: none is."""
        before = self.order(origin_id)
        self._orders[origin_id] = replace(before, current=current)
        record = None if current is None else InboxRecord(waiting=current)
        self._put(Slot.CURRENT, origin_id, record, existed=before.current is not None)

    def put_intent(self, origin_id: str, intent: Intent | None) -> None:
        """Replaces the intent; ``None``: nothing may have been sent that is not recorded."""
        before = self.order(origin_id)
        self._orders[origin_id] = replace(before, intent=intent)
        record = None if intent is None else InboxRecord(intent=intent)
        self._put(Slot.INTENT, origin_id, record, existed=before.intent is not None)

    def leave_waiting(self, origin_id: str) -> None:
        """Makes durable that what is in work for a frozen origin id waits."""
        self.put_waiting(origin_id, self.order(origin_id).waiting)
        self.slots[inbox_key(Slot.CURRENT, origin_id)] = None

    def thaw(self, entry: LedgerEntry) -> OrderState:
        """Removes what cannot be read of an origin id, now that a person has decided; ``entry`` stands in its place."""
        origin_id = entry.origin_id
        for slot in (Slot.CURRENT, Slot.INTENT):
            self.slots[inbox_key(slot, origin_id)] = None
        self._orders[origin_id] = replace(self.order(origin_id), intent=None, frozen=False)
        self.put_entry(entry)
        return self.order(origin_id)

    def mark_touched(self, origin_id: str) -> None:
        """Notes at the command in hand that the remote has accepted a part of it."""
        order = self.order(origin_id)
        if order.current is not None:
            self.put_current(origin_id, replace(order.current, touched=True))
        elif order.waiting is not None:  # What a reading step found is the waiting command's, too.
            self.put_waiting(origin_id, replace(order.waiting, touched=True))

    def end_record(self, origin_id: str) -> None:
        """Removes the command in hand (what is in work, else what waits) and its intent."""
        self.put_intent(origin_id, None)
        if self.order(origin_id).current is not None:
            self.put_current(origin_id, None)
        else:
            self.put_waiting(origin_id, None)

    def clear_slots(self, origin_id: str) -> None:
        """Removes what waits, what is in work and the intent: nothing is left to do."""
        self.put_waiting(origin_id, None)
        self.put_current(origin_id, None)
        self.put_intent(origin_id, None)

    def _put(self, slot: Slot, origin_id: str, record: InboxRecord | None, *, existed: bool) -> None:
        """Nothing is written to remove what is not there."""
        if record is not None or existed:
            self.slots[inbox_key(slot, origin_id)] = record
            self.changed_orders[origin_id] = None

    # -- holds and accounts

    def put_hold(self, scope: str, hold: Hold | None) -> None:
        """Replaces a wide hold, so that it survives a takeover; ``None`` ends it."""
        self.holds[scope] = hold
        key = inbox_key(Slot.HOLD, scope)
        if hold is not None:
            self.slots[key] = InboxRecord(hold=hold)
        elif self.inbox(Slot.HOLD, scope) is not None:
            self.slots[key] = None

    def put_account(self, note: AccountNote) -> None:
        """Replaces what is noted of an account."""
        self.slots[inbox_key(Slot.ACCOUNT, note.tenant)] = InboxRecord(account=note)

    # -- what others read

    def add_outcome(self, outcome: ChangeOrderOutcome, trace: Headers = ()) -> None:
        """Adds an outcome, which goes on with ``trace``."""
        self.outcomes.append(TracedOutcome(outcome, trace))

    def shorten_outcomes(self) -> None:
        """Leaves out of outcomes what describes the record at the remote."""
        self.outcomes = [one._replace(outcome=without_details(one.outcome)) for one in self.outcomes]

    def add_write(self, write: ToldWrite) -> None:
        """Adds what was written at the remote."""
        self.writes.append(write)

    def add_letter(self, letter: DeadLetter) -> None:
        """Adds a dead letter."""
        self.letters.append(letter)

    def settle_letters(self, letter_ids: Iterable[str], change_order_key: str) -> None:
        """Ends letters of one change order."""
        self.letters += [SettledLetter(letter_id, change_order_key) for letter_id in letter_ids]
