"""The chosen events, mapped again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from operations.audit import now
from operations.environment import Environment
from operations.letters.open_letters import OpenLetters
from operations.replay.newest import Place
from relay.domain.letters import MAPPER, DeadLetter
from relay.domain.routes import Routing
from relay.engine.kafka import Partition, Record, RecordFetcher
from relay.engine.mapping.decision_records import (
    DecisionRecords,
    EncodedDecision,
    counts_of_targets,
)
from relay.engine.mapping.remap import Remapper
from relay.engine.source_record import EarlierFailure, SourceRecord
from relay.engine.topics import OBSERVED
from schemas import Unreadable, Unwritable


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One event and what it becomes."""

    place: Place
    written: EncodedDecision

    @property
    def size(self) -> int:
        """Bytes to be written."""
        return sum(outgoing.size for outgoing in self.written.outgoing)


class ReplayMapping:
    """Maps events into the backfill lane, with today's routes."""

    def __init__(self, environment: Environment, routing: Routing) -> None:
        self._environment = environment
        self._routing = routing
        counts = counts_of_targets(environment.connection, environment.prefix)
        self._records = DecisionRecords(environment.codec, environment.prefix, counts)
        self._remapping = Remapper(environment.codec, self._records, environment.prefix)
        self._letters = _letters_of_the_mapper(environment)

    def events(self, places: Sequence[Place]) -> Iterator[Replayed]:
        """In the order of ``places``; what retention has removed meanwhile is passed over."""
        topic = self._environment.name(OBSERVED)
        wanted: dict[Partition, list[int]] = {}
        for number, offset in places:
            wanted.setdefault(Partition(topic, number), []).append(offset)
        with RecordFetcher(self._environment.connection) as fetcher:
            for record in fetcher.every(wanted):
                yield Replayed(place=(record.partition, record.offset), written=self._mapped(record))

    def _mapped(self, record: Record) -> EncodedDecision:
        original = SourceRecord.of(record)
        # A letter that is open already stays the same letter, with one more attempt.
        letter = self._letters.get(original.letter_id(MAPPER))
        if letter is not None:
            original = replace(original, earlier=EarlierFailure.of(letter))
        at = now()
        try:
            return self._remapping.event(original, self._routing, at)
        except (Unreadable, Unwritable) as error:
            return self._records.unreadable(original, error.reason, error.message, at)


def _letters_of_the_mapper(environment: Environment) -> Mapping[str, DeadLetter]:
    return {letter.id: letter.letter for letter in OpenLetters(environment).open() if letter.letter.stage == MAPPER}
