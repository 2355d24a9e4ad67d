"""Consume, transform, produce: one Kafka transaction for each batch and its offsets.

What a transformer makes of a batch stands with the batch's offsets or not at all. A commit that is
not certain ends the session: the next one fences, rejoins and reads on from what is committed.

A transformer that keeps nothing between batches may work ahead: the next batch is read and transformed while the
last one is committed. One transaction is under way at most, and nothing is written of a batch before all earlier ones
stand. Each transaction carries the membership that its batch was polled with, so the broker refuses offsets of a batch
whose partitions the group has handed on since; and a partition's committed offset is told only once no transaction over
it is open, so what is read anew after a rebalance begins behind what is being committed.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
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
    """A stage around a :class:`Transformer`. ``before`` and ``after`` are the crash points at the commit.

    ``ahead``: it transforms a batch while the last one is committed, for a transformer that keeps nothing between them.
    """

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
        ahead: bool = False,
    ) -> None:
        self.name = name
        self._ahead = ahead
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
        session = TransformSession(
            context,
            name=self.name,
            reader=reader,
            transactions=transactions,
            transformer=self._transformer,
            before=self._before,
            after=self._after,
            ahead=self._ahead,
        )
        resources.callback(session.close)
        return session


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
        ahead: bool = False,
    ) -> None:
        self._context = context
        self._name = name
        self._reader = reader
        self._transactions = transactions
        self._transformer = transformer
        self._before = before
        self._after = after
        self._ahead = ahead
        self._committer = ThreadPoolExecutor(1, thread_name_prefix=f"commits-{name}")
        self._under_way: Future[None] | None = None

    def turn(self) -> Turn:
        """Polls, transforms and commits. Raises ``CommitFailed``: then the next session reads on from what stands.

        Working ahead, it returns once all batches before this turn's stand, so that whatever is stated of the turn
        holds for them.
        """
        context, was_busy = self._context, self._under_way is not None
        if was_busy and self._reader.is_joining:
            self._settle()  # The poll joins, and by the new membership the broker would refuse what is under way.
        polled = self._reader.poll(self._patience())
        # After the poll: what wrote these records may have taken over a changed file before.
        context.configuration.refresh()
        self._transformer.follow(polled)
        records = [record for batch in polled.records.values() for record in batch]
        transformed = self._transformer.transform(records)
        self._settle()
        worked = bool(records) or transformed is not None
        if worked:
            self._under_way = self._committer.submit(self._commit, transformed, records, polled)
            if not self._ahead:
                self._settle()
        return Turn(polled=polled, partitions=len(polled.assigned), quiet=not (worked or was_busy))

    def finish(self) -> None:
        """Waits for the commit under way. Raises ``CommitFailed``."""
        self._settle()

    def close(self) -> None:
        """Waits for the commit under way, whatever comes of it, and ends its thread."""
        with suppress(Exception):  # What ends the session has been raised.
            self._settle()
        self._committer.shutdown()

    def _patience(self) -> float:
        """A commit under way is not left alone for as long as no records come."""
        if self._under_way is not None:
            return 0.0
        return _POLL_ONCE if self._context.once else _POLL

    def _settle(self) -> None:
        under_way, self._under_way = self._under_way, None
        if under_way is None:
            return
        try:
            under_way.result()
        except CommitFailed as error:
            self._count("fenced" if isinstance(error, Fenced) else "failed")
            raise

    def _commit(self, transformed: Transformed | None, records: Sequence[Record], polled: Polled) -> None:
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

    def _count(self, result: str) -> None:
        self._context.metrics.transactions.labels(self._name, result).inc()


def next_offsets(records: Iterable[Record]) -> dict[Partition, int]:
    """Where each partition is to be read on."""
    offsets: dict[Partition, int] = {}
    for record in records:
        at = Partition(record.topic, record.partition)
        offsets[at] = max(offsets.get(at, 0), record.offset + 1)
    return offsets
