"""What one transaction will say.

It collects changes and reads its own pending ones; the store changes only after the commit, so a failed
commit leaves nothing to be taken back.
"""

from __future__ import annotations

from typing import Any

from relay.domain.ledger import AccountNote, Hold, InboxRecord, Intent, LedgerEntry, Slot, Waiting
from relay.domain.letters import DeadLetter
from relay.domain.outcomes import ChangeOrderOutcome
from relay.engine.kafka import Outgoing
from relay.engine.letters import LetterRecords
from relay.engine.telemetry.tracing import Headers
from relay.engine.writer.state.cache import Table
from relay.engine.writer.state.store import StateStore, inbox_key
from schemas.codec import Codec


class UnitOfWork:
    """What one transaction will say."""

    def __init__(self, books: StateStore, codec: Codec) -> None:
        self._store = books
        self._codec = codec
        self._topics = books.topics
        self._letters = LetterRecords(codec, books.topics.prefix, books.topics.letter_partitions)
        self._entries: dict[str, LedgerEntry] = {}
        self._slots: dict[str, InboxRecord | None] = {}
        self._events: list[Outgoing] = []
        self._bytes: dict[tuple[Table, str], bytes | None] = {}
        self.touched: set[str] = set()
        self.holds: dict[str, Hold | None] = {}
        self.outcomes: list[ChangeOrderOutcome] = []
        self.letters: list[DeadLetter] = []

    # -- reading, with what is pending

    def entry(self, origin_id: str) -> LedgerEntry | None:
        """The ledger's entry, as this work will leave it."""
        return self._entries.get(origin_id) or self._store.entry(origin_id)

    def waiting(self, origin_id: str) -> Waiting | None:
        """What waits."""
        record = self._slot(Slot.NEXT, origin_id)
        return record.waiting if record else None

    def current(self, origin_id: str) -> Waiting | None:
        """What is being carried."""
        record = self._slot(Slot.CURRENT, origin_id)
        return record.waiting if record else None

    def intent(self, origin_id: str) -> Intent | None:
        """The open intent."""
        record = self._slot(Slot.INTENT, origin_id)
        return record.intent if record else None

    def _slot(self, slot: Slot, subject: str) -> InboxRecord | None:
        key = inbox_key(slot, subject)
        if key in self._slots:
            return self._slots[key]
        return self._store.inbox(slot, subject)

    # -- writing

    def put_entry(self, entry: LedgerEntry) -> None:
        """The ledger's entry from now on."""
        self._entries[entry.origin_id] = entry
        self.touched.add(entry.origin_id)

    def put_waiting(self, origin_id: str, waiting: Waiting | None) -> None:
        """What waits from now on."""
        self._put(Slot.NEXT, origin_id, InboxRecord(waiting=waiting) if waiting else None)

    def put_current(self, origin_id: str, current: Waiting | None) -> None:
        """What is being carried from now on."""
        self._put(Slot.CURRENT, origin_id, InboxRecord(waiting=current) if current else None)

    def put_intent(self, origin_id: str, intent: Intent | None) -> None:
        """What may have been sent from now on."""
        self._put(Slot.INTENT, origin_id, InboxRecord(intent=intent) if intent else None)

    def put_hold(self, scope: str, hold: Hold | None) -> None:
        """A wide hold, so that it survives a takeover."""
        self.holds[scope] = hold
        self._put(Slot.HOLD, scope, InboxRecord(hold=hold) if hold else None)

    def put_account(self, note: AccountNote) -> None:
        """What is noted of an account from now on."""
        self._slots[inbox_key(Slot.ACCOUNT, note.tenant)] = InboxRecord(account=note)

    def _put(self, slot: Slot, subject: str, record: InboxRecord | None) -> None:
        if record is None and self._slot(slot, subject) is None:
            return
        self._slots[inbox_key(slot, subject)] = record
        if slot is not Slot.HOLD:
            self.touched.add(subject)

    def add_outcome(self, outcome: ChangeOrderOutcome, trace: Headers = ()) -> None:
        """An outcome for everybody who listens."""
        self.outcomes.append(outcome)
        value = self._codec.encode(outcome, self._topics.outcomes)
        self._events.append(Outgoing(self._topics.outcomes, outcome.change_order_key.encode(), value, headers=trace))

    def add_letter(self, letter: DeadLetter) -> None:
        """A dead letter. It lies with the outcomes of its change order."""
        self.letters.append(letter)
        self._events.append(self._letters.written(letter))

    def settle_letter(self, letter_id: str, change_order_key: str) -> None:
        """The letter is done with."""
        self._events.append(self._letters.settled(letter_id, change_order_key))

    # -- the transaction

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return not (self._entries or self._slots or self._events)

    def outgoing(self) -> list[Outgoing]:
        """The records to send: ledger and inbox on the partition itself, then what is told."""
        mine = [
            Outgoing(topic, key.encode(), value, self._topics.number)
            for table, topic in ((Table.LEDGER, self._topics.ledger), (Table.INBOX, self._topics.inbox))
            for key, value in self.changes(table)
        ]
        return mine + self._events

    def changes(self, table: Table) -> list[tuple[str, bytes | None]]:
        """The changes to one table, encoded once."""
        records: dict[str, Any] = dict(self._entries) if table is Table.LEDGER else dict(self._slots)
        topic = self._topics.ledger if table is Table.LEDGER else self._topics.inbox
        for key, record in records.items():
            if (table, key) not in self._bytes:
                encoded = None if record is None else self._codec.encode(record, topic)
                self._bytes[(table, key)] = encoded
        return [(key, value) for (of, key), value in self._bytes.items() if of is table]
