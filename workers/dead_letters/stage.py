"""The dead-letter keeper: settles the mapper's letters, redrives what a policy names, counts what is open.

It reads outcomes and letters, partitioned alike, and never calls a remote system.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import structlog

from relay.domain.letters import DeadLetter
from relay.domain.mapping import in_milliseconds
from relay.domain.outcomes import ChangeOrderOutcome
from relay.domain.redrive import MAPPED_ANEW, OpenLetter, RedriveRule, redrive_due
from relay.domain.routes import Routing
from relay.engine.kafka import (
    Cluster,
    Connection,
    Outgoing,
    Partition,
    Polled,
    Record,
    RecordFetcher,
    Withheld,
    read_to_end,
)
from relay.engine.letters import LONGEST_ID, tombstone
from relay.engine.mapping.decision_records import DecisionRecords, target_topics
from relay.engine.mapping.remap import CannotRedrive, Remapper, event_reader
from relay.engine.stages.context import StageContext
from relay.engine.stages.crash_points import CrashPoint
from relay.engine.stages.transform import Transformed, TransformingStage
from relay.engine.telemetry import events
from relay.engine.telemetry.metrics import Metrics
from relay.engine.topics import LETTERS, OUTCOMES
from schemas.codec import Codec
from schemas.failures import Unreadable
from workers.dead_letters.declared_reasons import labels_of
from workers.dead_letters.open_letters import REMEMBERED, OpenLetters

STAGE = "dead-letters"
_REDRIVES_AT_ONCE = 20
"""Letters of one batch: each takes a read of its letter and mostly of its event, within the transaction's time."""

T = TypeVar("T")
_log = structlog.get_logger(__name__)


class LetterKeeper:
    """The transformer of the stage. ``rules`` and ``routing`` are asked for each batch."""

    def __init__(
        self,
        *,
        connection: Connection,
        codec: Codec,
        prefix: str,
        remapper: Remapper,
        routing: Callable[[], Routing],
        rules: Callable[[], Sequence[RedriveRule]],
        metrics: Metrics,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._connection = connection
        self._codec = codec
        self._letters = LETTERS.name(prefix)
        self._outcomes = OUTCOMES.name(prefix)
        self._remapper = remapper
        self._routing = routing
        self._rules = rules
        self._metrics = metrics
        self._clock = clock or (lambda: datetime.now(UTC))
        self._open_letters: dict[int, OpenLetters] = {}
        self._counted: set[tuple[str, str]] = set()
        self._settled_by_restore: list[tuple[tuple[int, OpenLetter], str]] = []

    def follow(self, polled: Polled) -> None:
        """Reads the letters of a partition that came, before anything of it is judged."""
        mine = {partition.number for partition in polled.assigned if partition.topic == self._letters}
        came = {partition.number for partition in polled.gained if partition.topic == self._letters}
        for number in self._open_letters.keys() - mine:
            del self._open_letters[number]
        if came:
            self._settled_by_restore = [entry for entry in self._settled_by_restore if entry[0][0] not in came]
        for number in came:
            self._open_letters[number] = self._restored(number)

    def transform(self, records: Sequence[Record]) -> Transformed | None:
        """Tombstones of letters that are done with, and letters sent again."""
        now = in_milliseconds(self._clock())
        done = dict([*self._settled_by_restore, *self._done(records)])
        self._settled_by_restore = []
        outgoing = [self._tombstone(number, letter, why) for (number, letter), why in done.items()]
        outgoing += self._redriven(now)
        self._count(now)
        return Transformed(outgoing=outgoing, committed=lambda: None) if outgoing else None

    # -- settling

    def _done(self, records: Sequence[Record]) -> Iterator[tuple[tuple[int, OpenLetter], str]]:
        """Letters first: an outcome that settles one may have been written later and read earlier."""
        for record in [*_of(self._letters, records), *_of(self._outcomes, records)]:
            open_letters = self._open_letters.get(record.partition)
            if open_letters is None:
                continue
            for letter, why in self._settled_by(open_letters, record):
                open_letters.remove(letter.letter_id)
                yield (record.partition, letter), why

    def _settled_by(self, open_letters: OpenLetters, record: Record) -> Iterable[tuple[OpenLetter, str]]:
        if record.withheld:
            _pass_over(record.withheld)
            return ()
        if record.topic == self._outcomes:
            outcome = self._decoded(record, ChangeOrderOutcome)
            return open_letters.add_outcome(outcome) if outcome else ()
        if record.offset < open_letters.restored_to:
            return ()
        letter = self._put(open_letters, record)
        return open_letters.already_settled(letter) if letter else ()

    def _put(self, open_letters: OpenLetters, record: Record) -> OpenLetter | None:
        if record.value is None:
            open_letters.remove((record.key or b"").decode("utf-8", "replace"))
            return None
        letter = self._decoded(record, DeadLetter)
        if letter is not None and len(letter.letter_id) > LONGEST_ID:
            _tell_skipped(record, f"its id has {len(letter.letter_id)} characters")
            return None
        return open_letters.put(letter, record.offset) if letter else None

    def _tombstone(self, number: int, letter: OpenLetter, why: str) -> Outgoing:
        _log.info(events.LETTER_SETTLED, letter=letter.letter_id, change_order=letter.change_order_key, why=why)
        return tombstone(self._letters, number, letter.letter_id, why)

    # -- redriving

    def _redriven(self, now: datetime) -> list[Outgoing]:
        rules = (MAPPED_ANEW, *self._rules())
        due = [
            (number, letter)
            for number, open_letters in self._open_letters.items()
            for letter in open_letters
            if redrive_due(letter, rules, now)
        ]
        if not due:
            return []
        with RecordFetcher(self._connection) as fetcher:
            return [
                record
                for number, letter in due[:_REDRIVES_AT_ONCE]
                for record in self._redrive(fetcher, number, letter, now)
            ]

    def _redrive(self, fetcher: RecordFetcher, number: int, letter: OpenLetter, now: datetime) -> tuple[Outgoing, ...]:
        self._open_letters[number].redriven(letter, now)
        record = fetcher.at(self._letters, number, letter.place)
        dead_letter = self._decoded(record, DeadLetter) if record else None
        if dead_letter is None:
            return ()
        try:
            redriven = self._remapper.letter(dead_letter, self._routing(), now, event_reader(fetcher))
        except CannotRedrive as cannot:
            _log.warning(events.LETTER_NOT_REDRIVEN, letter=letter.letter_id, reason=letter.reason, why=str(cannot))
            return ()
        _log.info(
            events.LETTER_REDRIVEN,
            letter=letter.letter_id,
            change_order=letter.change_order_key,
            reason=letter.reason,
            attempt=letter.attempts + 1,
        )
        return redriven.written.outgoing

    # -- restoring and counting

    def _restored(self, number: int) -> OpenLetters:
        open_letters = OpenLetters()
        for record in read_to_end(self._connection, [Partition(self._letters, number)], pass_over=_pass_over):
            open_letters.restored_to = record.offset + 1
            self._put(open_letters, record)
        partition = Partition(self._outcomes, number)
        with Cluster(self._connection) as cluster:
            first = cluster.beginning_offsets([partition])[partition]
            end = cluster.end_offsets([partition])[partition]
        start = {partition: max(first, end - REMEMBERED)}
        for record in read_to_end(self._connection, [partition], start=start, pass_over=_pass_over):
            outcome = self._decoded(record, ChangeOrderOutcome)
            for letter, why in open_letters.add_outcome(outcome) if outcome else ():
                open_letters.remove(letter.letter_id)
                self._settled_by_restore.append(((number, letter), why))
        return open_letters

    def _decoded(self, record: Record, kind: type[T]) -> T | None:
        try:
            return self._codec.decode(record.value or b"", kind)
        except Unreadable as error:
            _tell_skipped(record, error.message)
            return None

    def _count(self, now: datetime) -> None:
        letters = [letter for open_letters in self._open_letters.values() for letter in open_letters]
        labels = [(letter, *labels_of(letter.stage, letter.reason)) for letter in letters]
        open_now = Counter((stage, reason) for _, stage, reason in labels)
        for stage, reason in self._counted | open_now.keys():
            self._metrics.letters_open.labels(stage, reason).set(open_now[(stage, reason)])
        oldest = {stage: now for stage, _ in self._counted | open_now.keys()}
        for letter, stage, _ in labels:
            oldest[stage] = min(oldest[stage], letter.first_at)
        for stage, since in oldest.items():
            self._metrics.letters_oldest.labels(stage).set((now - since).total_seconds())
        self._counted |= open_now.keys()


def _tell_skipped(record: Record, message: str) -> None:
    _log.error(
        events.RECORD_SKIPPED, topic=record.topic, partition=record.partition, offset=record.offset, message=message
    )


def _pass_over(withheld: Withheld) -> None:
    """A letter or an outcome of ours is never so large."""
    _log.error(
        events.RECORD_SKIPPED,
        topic=withheld.partition.topic,
        partition=withheld.partition.number,
        offset=withheld.last_offset,
        message=str(withheld),
    )


def _of(topic: str, records: Iterable[Record]) -> Iterator[Record]:
    return (record for record in records if record.topic == topic)


def dead_letters(context: StageContext) -> TransformingStage:
    """The stage ``dead-letters``."""
    records = DecisionRecords(context.codec, context.prefix, target_topics(context.connection, context.prefix))
    keeper = LetterKeeper(
        connection=context.connection,
        codec=context.codec,
        prefix=context.prefix,
        remapper=Remapper(context.codec, records, context.prefix),
        routing=lambda: context.routing_of(STAGE),
        rules=lambda: context.configuration.current.redrive,
        metrics=context.metrics,
    )
    return TransformingStage(
        context,
        name=STAGE,
        topics=[OUTCOMES.name(context.prefix), LETTERS.name(context.prefix)],
        transformer=keeper,
        before=CrashPoint.LETTERS_BEFORE_COMMIT,
    )
