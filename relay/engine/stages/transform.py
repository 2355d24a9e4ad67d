"""Consume, transform, produce: one Kafka transaction for each batch and its offsets.

What a transformer makes of a batch stands with the batch's offsets or not at all. A commit that is
not certain ends the session: the next one fences, rejoins and reads on from what is committed.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Protocol

from relay.engine.kafka import CommitFailed, Fenced, GroupReader, Outgoing, Partition, Polled, Record, Transactions
from relay.engine.stages.context import StageContext
from relay.engine.stages.crash_points import CrashPoint, reached
from relay.engine.stages.session_loop import SessionLoop, Turn

_POLL = 1.0
"""Seconds that a poll waits for records; what time asks for (a redrive by policy) is looked at as often."""

_POLL_ONCE = 0.2
"""Seconds with ``--once``: an idle stage is to be seen idle twice without a long wait."""


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
        self._context = context
        self._transformer = transformer
        self._before = before
        self._after = after
        self._loop = SessionLoop(context, name=name, topics=topics, max_records=max_records)

    def run(self) -> None:
        """Works until the context says stop. Raises ``Fatal``, or what stayed unreachable for ``COR_PATIENCE``."""
        self._loop.run(self._open_session)

    def _open_session(self, reader: GroupReader, resources: ExitStack) -> TransformSession:
        context = self._context
        # An instance keeps its id, so that a restart settles at once what it left open.
        transactional_id = f"{self._loop.group}-{context.instance or uuid.uuid4()}"
        transactions = Transactions(
            context.connection, transactional_id, timeout_s=context.settings.transaction_timeout
        )
        resources.callback(transactions.close)
        transactions.fence()
        return TransformSession(
            context,
            name=self.name,
            reader=reader,
            transactions=transactions,
            transformer=self._transformer,
            before=self._before,
            after=self._after,
        )


class TransformSession:
    """One membership of a :class:`TransformingStage` in its group. Belongs to the stage's thread."""

    def __init__(
        self,
        context: StageContext,
        *,
        name: str,
        reader: GroupReader,
        transactions: Transactions,
        transformer: Transformer,
        before: CrashPoint,
        after: CrashPoint | None = None,
    ) -> None:
        self._context = context
        self._name = name
        self._reader = reader
        self._transactions = transactions
        self._transformer = transformer
        self._before = before
        self._after = after

    def turn(self) -> Turn:
        """Polls, transforms and commits. Raises ``CommitFailed``: then the next session reads on from what stands."""
        context = self._context
        polled = self._reader.poll(_POLL_ONCE if context.once else _POLL)
        # After the poll: what wrote these records may have taken over a changed file before.
        context.configuration.refresh()
        self._transformer.follow(polled)
        records = [record for batch in polled.records.values() for record in batch]
        try:
            worked = self._transform(records, polled)
        except CommitFailed as error:
            self._count("fenced" if isinstance(error, Fenced) else "failed")
            raise
        return Turn(polled=polled, partitions=len(polled.assigned), quiet=not worked)

    def finish(self) -> None:
        """Does nothing: a turn leaves nothing under way."""

    def _transform(self, records: Sequence[Record], polled: Polled) -> bool:
        transformed = self._transformer.transform(records)
        if not records and transformed is None:
            return False
        with self._transactions.transaction() as transaction:
            for outgoing in transformed.outgoing if transformed else ():
                transaction.send(outgoing)
            if records:
                transaction.offsets(next_offsets(records), polled.generation.group, polled.generation)
            reached(self._before)
        if self._after:
            reached(self._after)
        self._count("committed")
        if transformed:
            transformed.committed()
        for record in records:
            self._context.metrics.records_read.labels(self._name, record.topic).inc()
        return True

    def _count(self, result: str) -> None:
        self._context.metrics.transactions.labels(self._name, result).inc()


def next_offsets(records: Iterable[Record]) -> dict[Partition, int]:
    """Where each partition is to be read on."""
    offsets: dict[Partition, int] = {}
    for record in records:
        at = Partition(record.topic, record.partition)
        offsets[at] = max(offsets.get(at, 0), record.offset + 1)
    return offsets
