"""A record as it was read, with what is needed to map it again and to keep it in a dead letter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from relay.domain import identity
from relay.domain.events import ChangeOrderObserved, EventReference
from relay.domain.ledger import Waiting
from relay.domain.letters import DeadLetter
from relay.engine.kafka import Record
from relay.engine.telemetry.tracing import Headers


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierFailure:
    """The letter that a record has already: another failure is one more attempt of it."""

    letter_id: str
    attempts: int
    first_at: datetime

    @classmethod
    def of(cls, letter: DeadLetter) -> EarlierFailure:
        """The failure that ``letter`` tells of."""
        return cls(letter_id=letter.letter_id, attempts=letter.attempts, first_at=letter.first_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord:
    """Where a record stands and its bytes, untouched; ``earlier`` is its failure so far, if it had one."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    earlier: EarlierFailure | None = None

    @classmethod
    def of(cls, record: Record) -> SourceRecord:
        """The record as Kafka gave it."""
        return cls(
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            key=record.key,
            value=record.value,
            headers=record.headers,
        )

    @classmethod
    def of_waiting(cls, waiting: Waiting, earlier: EarlierFailure | None) -> SourceRecord:
        """The record that a command was received in."""
        return cls(
            topic=waiting.topic,
            partition=waiting.partition,
            offset=waiting.offset,
            key=waiting.record_key,
            value=waiting.command,
            headers=tuple((header.name, header.value) for header in waiting.headers),
            earlier=earlier,
        )

    @classmethod
    def of_letter(cls, letter: DeadLetter) -> SourceRecord:
        """The record that a letter keeps."""
        return cls(
            topic=letter.topic,
            partition=letter.partition,
            offset=letter.offset,
            key=letter.record_key,
            value=letter.record_value,
            headers=tuple((header.name, header.value) for header in letter.headers),
            earlier=EarlierFailure.of(letter),
        )

    def reference(self, event: ChangeOrderObserved) -> EventReference:
        """Where the event that this record holds stands."""
        return EventReference(topic=self.topic, partition=self.partition, offset=self.offset, event_id=event.event_id)

    def letter_id(self, stage: str) -> str:
        """The id of the letter in which a failure at ``stage`` ends: that of the earlier failure, if there was one."""
        if self.earlier is not None:
            return self.earlier.letter_id
        return identity.letter_id(stage, self.topic, self.partition, self.offset)
