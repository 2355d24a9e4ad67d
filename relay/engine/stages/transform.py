"""Consume, transform, produce: one Kafka transaction for each batch and its offsets.

What a transformer makes of a batch stands with the batch's offsets or not at all. A commit that is
not certain ends the session: the next one fences, rejoins and reads on from what is committed.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from relay.engine.kafka import (
    CommitFailed,
    Fenced,
    GroupReader,
    KafkaUnreachable,
    Outgoing,
    Partition,
    Polled,
    Record,
    Transactions,
)
from relay.engine.stages.context import StageContext
from relay.engine.stages.crash_points import CrashPoint, reached
from relay.engine.telemetry import events
from schemas import RegistryUnreachable

_log = structlog.get_logger(__name__)

_LONGEST_PAUSE = 15.0
_POLL = 1.0
_POLL_ONCE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Transformed:
    """What a batch became. ``committed`` is called once it stands."""

    outgoing: Sequence[Outgoing]
    committed: Callable[[], None]


class Transformer(Protocol):
    """The part of a stage that knows what to make of records. Belongs to the stage's thread."""

    def follow(self, polled: Polled) -> None:
        """Called before each batch, and when partitions came or went; may read what it needs to know."""

    def transform(self, records: Sequence[Record]) -> Transformed | None:
        """What becomes of ``records``, each partition in order; ``None`` if only offsets are to be noted.

        With no records it is called, too, so that it can do what time asks for.
        """


class TransformingStage:
    """A stage around a :class:`Transformer`. ``before`` and ``after`` are the crash points at the commit."""

    def __init__(
        self,
        context: StageContext,
        *,
        name: str,
        topics: Sequence[str],
        transformer: Transformer,
        before: CrashPoint,
        after: CrashPoint | None = None,
        max_records: int = 500,
    ) -> None:
        self.name = name
        self.group = f"{context.prefix}{name}"
        self._context = context
        self._topics = topics
        self._transformer = transformer
        self._before = before
        self._after = after
        self._max_records = max_records
        self._well_at = time.monotonic()
        self._pause = 0.0

    def run(self) -> None:
        """Works until the context says stop. Raises ``Fatal``, or what stayed unreachable too long."""
        while not self._context.stop.is_set():
            try:
                self._session()
            except CommitFailed as error:
                self._count("fenced" if isinstance(error, Fenced) else "failed")
                self._wait_after(error)
            except (KafkaUnreachable, RegistryUnreachable) as error:
                self._wait_after(error)

    def _session(self) -> None:
        context = self._context
        reader = GroupReader(
            context.connection,
            group=self.group,
            topics=self._topics,
            instance=context.instance,
            session_timeout_s=context.settings.session_timeout,
            max_records=self._max_records,
        )
        transactions = Transactions(
            context.connection, self._transactional_id(), timeout_s=context.settings.transaction_timeout
        )
        try:
            transactions.fence()
            while not context.stop.is_set():
                self._turn(reader, transactions)
        finally:
            context.health.ready(self.name, False)
            transactions.close()
            reader.close(leave=False)

    def _transactional_id(self) -> str:
        """An instance keeps its id, so that a restart settles at once what it left open."""
        return f"{self.group}-{self._context.instance or uuid.uuid4()}"

    def _turn(self, reader: GroupReader, transactions: Transactions) -> None:
        context = self._context
        context.health.beat(self.name)
        polled = reader.poll(_POLL_ONCE if context.once else _POLL)
        # After the poll: what wrote these records may have taken over a changed file before.
        context.configuration.refresh()
        joined = polled.generation.number >= 0
        if joined:
            context.health.ready(self.name, True)
            context.metrics.partitions_owned.labels(self.name).set(len(polled.assigned))
        self._transformer.follow(polled)
        records = [record for batch in polled.records.values() for record in batch]
        worked = self._transform(records, polled, transactions)
        self._well_at, self._pause = time.monotonic(), 0.0
        context.health.idle(self.name, joined and not worked and (not context.once or reader.has_read_everything()))

    def _transform(self, records: Sequence[Record], polled: Polled, transactions: Transactions) -> bool:
        transformed = self._transformer.transform(records)
        if not records and transformed is None:
            return False
        with transactions.transaction() as transaction:
            for outgoing in transformed.outgoing if transformed else ():
                transaction.send(outgoing)
            if records:
                transaction.offsets(next_offsets(records), self.group, polled.generation)
            reached(self._before)
        if self._after:
            reached(self._after)
        self._count("committed")
        if transformed:
            transformed.committed()
        self._count_read(records)
        return True

    def _count(self, result: str) -> None:
        self._context.metrics.transactions.labels(self.name, result).inc()

    def _count_read(self, records: Iterable[Record]) -> None:
        for record in records:
            self._context.metrics.records_read.labels(self.name, record.topic).inc()

    def _wait_after(self, error: Exception) -> None:
        """Waits before the next session. Raises ``error`` where nothing has worked for ``COR_PATIENCE``."""
        if time.monotonic() - self._well_at > self._context.settings.patience:
            raise error
        self._pause = min(_LONGEST_PAUSE, self._pause * 2 + 0.5)
        _log.warning(events.STAGE_RESTARTED, stage=self.name, message=str(error), pause=self._pause)
        self._context.health.beat(self.name)
        self._context.health.idle(self.name, False)
        self._context.stop.wait(self._pause)


def next_offsets(records: Iterable[Record]) -> dict[Partition, int]:
    """Where each partition is to be read on."""
    offsets: dict[Partition, int] = {}
    for record in records:
        at = Partition(record.topic, record.partition)
        offsets[at] = max(offsets.get(at, 0), record.offset + 1)
    return offsets
