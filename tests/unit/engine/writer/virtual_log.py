"""The topics of a partition, a journal that commits into them, and a clock: all of them virtual."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from relay.domain.backoff import Backoff
from relay.domain.outcomes import ChangeOrderOutcome
from relay.domain.writes.remote_writes import RemoteWrite
from relay.engine.kafka import CommitFailed, Outgoing, Partition, Record, RecordTooLarge
from relay.engine.letters import LetterTopic
from relay.engine.record_codec import record_codec
from relay.engine.topics import LETTERS, PROCORE, WRAPPING_BYTES
from relay.engine.writer.state.timing import Clock, Timing

LANE = Partition(PROCORE.commands.name(), 0)
SEND_WINDOW, DEADLINE = 2.0, 5.0
TIMING = Timing(
    send_window=SEND_WINDOW,
    quarantine=SEND_WINDOW + DEADLINE,
    lone_doubts=4,
    backoff=Backoff(first=0.5, longest=4.0),
    held_reported_after=3600.0,
    routes_settle_in=20.0,
)
CODEC = record_codec()
LETTER_TOPIC = LetterTopic(partitions=12, max_message_bytes=8 * 1024 * 1024)
"""On a cluster that permits less than is declared."""
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@dataclass
class VirtualTime:
    """Seconds since the start; moves only when told to."""

    seconds: float = 0.0

    def clock(self) -> Clock:
        return Clock(now=lambda: START + timedelta(seconds=self.seconds), running=lambda: self.seconds)


class CommitFate(StrEnum):
    """What becomes of a commit."""

    STANDS = "stands"
    FAILS = "fails"
    STANDS_UNANSWERED = "stands_unanswered"


@dataclass
class Log:
    """Every topic of the partition, and the group's offset. Transactions are all or nothing.

    A value without bytes is a tombstone that no owner has written.
    """

    compacted: dict[str, dict[str, bytes]] = field(default_factory=dict)
    outcomes: list[ChangeOrderOutcome] = field(default_factory=list)
    writes: list[RemoteWrite] = field(default_factory=list)
    lane: list[bytes] = field(default_factory=list)
    offset: int = 0
    fates: list[CommitFate] = field(default_factory=list)
    epoch: int = 0
    written_letters: int = 0
    _offsets: dict[tuple[str, str], int] = field(default_factory=dict)

    def read(
        self, partitions: Iterable[Partition], compacted: Mapping[str, Mapping[str, bytes]] | None = None
    ) -> Iterator[Record]:
        """What a reader of these partitions finds, or found when they held ``compacted``; a key keeps its offset."""
        topics = self.compacted if compacted is None else compacted
        for topic, number in partitions:
            for key, value in topics.get(topic, {}).items():
                offset = self._offsets.setdefault((topic, key), len(self._offsets))
                yield Record(topic, number, offset, key.encode(), value or None, (), 0)


def _largest_in(topic: str) -> int:
    return LETTER_TOPIC.max_message_bytes if topic == LETTERS.name() else WRAPPING_BYTES


class ModelJournal:
    """Commits into the log, unless it was fenced or fate is against it."""

    def __init__(self, log: Log, lane: Partition = LANE) -> None:
        log.epoch += 1
        self._log = log
        self._lane = lane
        self._epoch = log.epoch

    @property
    def is_fenced(self) -> bool:
        """Whether a successor has come."""
        return self._epoch != self._log.epoch

    def commit(self, outgoing: Iterable[Outgoing], offsets: Mapping[Partition, int]) -> None:
        if self._epoch != self._log.epoch:
            raise CommitFailed("fenced")
        outgoing = list(outgoing)
        if any(record.size > _largest_in(record.topic) for record in outgoing):
            raise RecordTooLarge("no topic takes it")
        fate = self._log.fates.pop(0) if self._log.fates else CommitFate.STANDS
        if fate is not CommitFate.FAILS:
            self._apply(outgoing, offsets)
        if fate is not CommitFate.STANDS:
            raise CommitFailed("the broker did not answer")

    def _apply(self, outgoing: list[Outgoing], offsets: Mapping[Partition, int]) -> None:
        for record in outgoing:
            key = (record.key or b"").decode()
            if "outcomes" in record.topic:
                self._log.outcomes.append(CODEC.decode(record.value or b"", ChangeOrderOutcome))
            elif "writes" in record.topic:
                self._log.writes.append(CODEC.decode(record.value or b"", RemoteWrite))
            elif record.value is None:
                self._log.compacted.setdefault(record.topic, {}).pop(key, None)
            else:
                self._log.compacted.setdefault(record.topic, {})[key] = record.value
                self._log.written_letters += record.topic == LETTERS.name()
        self._log.offset = offsets.get(self._lane, self._log.offset)
