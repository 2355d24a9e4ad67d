"""The chosen events, mapped again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from operations.audit import now
from operations.environment import Environment
from operations.letters.open_letters import OpenLetters
from operations.replay.places import Place, Places
from relay.domain.letters import MAPPER, DeadLetter
from relay.domain.routes import Routing
from relay.engine.kafka import Partition, Record, RecordFetcher
from relay.engine.mapping.decision_records import (
    DecisionRecords,
    EncodedDecision,
    target_topics,
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
    """Maps events into the backfill lane, with today's routes.

    ``plan_id``: the plan that the commands carry out. ``only``: the commands of these origin ids, and nothing that the
    mapper ends itself.
    """

    def __init__(
        self,
        environment: Environment,
        routing: Routing,
        *,
        plan_id: str | None = None,
        only: frozenset[str] | None = None,
    ) -> None:
        self._environment = environment
        self._routing = routing
        self._plan_id = plan_id
        self._only = only
        topics = target_topics(environment.connection, environment.prefix)
        self._records = DecisionRecords(environment.codec, environment.prefix, topics)
        self._remapping = Remapper(environment.codec, self._records, environment.prefix)
        self.open_letters = OpenLetters(environment).open()
        letters = [letter.letter for letter in self.open_letters]
        self._letters = {letter.letter_id: letter for letter in letters if letter.stage == MAPPER}
        self._letters_of_writers = newest_by_origin(letters)

    def events(self, places: Places) -> Iterator[Replayed]:
        """In the order of ``places``; what retention has removed meanwhile is passed over."""
        topic = self._environment.name(OBSERVED)
        wanted = {Partition(topic, number): offsets for number, offsets in places.by_partition().items()}
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
            return self._remapping.event(
                original,
                self._routing,
                at,
                letters=self._letters_of_writers,
                plan_id=self._plan_id,
                only=self._only,
            )
        except (Unreadable, Unwritable) as error:
            return self._records.unreadable(original, error.reason, error.message, at)


def newest_by_origin(letters: Iterable[DeadLetter]) -> Mapping[str, DeadLetter]:
    """The writers' letters by origin id; of several about one record the one that failed last.

    The letter of a whole project names no change order and is none of them.
    """
    of_writers = (letter for letter in letters if letter.stage != MAPPER and letter.change_order_key is not None)
    by_age = sorted(of_writers, key=lambda letter: letter.last_at)
    return {letter.origin_id: letter for letter in by_age if letter.origin_id is not None}
