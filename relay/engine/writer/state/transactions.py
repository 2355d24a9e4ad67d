"""The transactions of one owned partition: what each is for, and how Kafka commits it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Protocol

from relay.engine.kafka import Generation, Outgoing, Partition, Transactions
from relay.engine.stages.crash_points import CrashPoint
from relay.engine.writer.state.inbox_start import LiveRecords, stated


class TransactionKind(Enum):
    """What a transaction makes durable, with the places around its commit at which a test can end the process.

    ``before_commit`` are passed in order once the unit of work is complete, ``after_commit`` once it stands and
    memory has followed it.
    """

    RECEIVE = (
        (CrashPoint.WRITER_AFTER_RECEIVE, CrashPoint.WRITER_BEFORE_RECEIVE_COMMIT),
        CrashPoint.WRITER_AFTER_RECEIVE_COMMIT,
    )
    INTEND = ((CrashPoint.WRITER_BEFORE_INTEND_COMMIT,), CrashPoint.WRITER_AFTER_INTEND)
    RECORD = ((CrashPoint.WRITER_BEFORE_RECORD_COMMIT,), CrashPoint.WRITER_AFTER_RECORD)
    SETTLE = ((CrashPoint.WRITER_BEFORE_SETTLE_COMMIT,), CrashPoint.WRITER_AFTER_SETTLE)
    HOLD = ((CrashPoint.WRITER_BEFORE_HOLD_COMMIT,), CrashPoint.WRITER_AFTER_HOLD_COMMIT)
    NOTE = ((CrashPoint.WRITER_BEFORE_NOTE_COMMIT,), CrashPoint.WRITER_AFTER_NOTE)

    def __init__(self, before_commit: tuple[CrashPoint, ...], after_commit: CrashPoint) -> None:
        self.before_commit = before_commit
        self.after_commit = after_commit


class Journal(Protocol):
    """Commits transactions of one partition."""

    def commit(self, outgoing: Iterable[Outgoing], offsets: Mapping[Partition, int]) -> None:
        """Commits all or nothing. Raises ``CommitFailed`` if it is not certain that all of it stands."""


class KafkaJournal:
    """Commits with the offsets and the generation of the last batch. Belongs to the stage's thread.

    ``inbox`` is the inbox's topic, and ``live`` what counts of it: where that begins is stated with the offsets.
    """

    def __init__(self, transactions: Transactions, group: str, generation: Generation, inbox: str) -> None:
        self._transactions = transactions
        self._group = group
        self._inbox = inbox
        self.generation = generation
        self.live = LiveRecords()

    def commit(self, outgoing: Iterable[Outgoing], offsets: Mapping[Partition, int]) -> None:
        """Raises ``CommitFailed`` if it is not certain that all of it stands."""
        records = list(outgoing)
        with self._transactions.transaction() as transaction:
            for record in records:
                transaction.send(record)
            if offsets:
                first = self.live.first()
                transaction.offsets(offsets, self._group, self.generation, "" if first is None else stated(first))
            written = transaction.settle()
        self._follow(records, written)

    def _follow(self, records: Iterable[Outgoing], written: Iterable[tuple[Partition, int]]) -> None:
        for record, (_, offset) in zip(records, written, strict=True):
            if record.topic == self._inbox and record.key is not None:
                self.live.put(record.key.decode(), offset, is_removed=record.value is None)
