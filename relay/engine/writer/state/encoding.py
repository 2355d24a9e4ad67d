"""Turns a unit of work into the records of its transaction. Nothing is encoded before.

A value that no schema holds, or a record that no topic takes, shows here, and only here, whichever decision it came
from; a text that is no Unicode is written escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from relay.domain.letters import DeadLetter
from relay.engine.kafka import Outgoing
from relay.engine.letters import LetterRecords
from relay.engine.outcome_records import outcome_record
from relay.engine.record_codec import encoded
from relay.engine.writer.state.cache import Change, Table
from relay.engine.writer.state.store import PartitionTopics
from relay.engine.writer.state.unit_of_work import UnitOfWork
from schemas.codec import Codec


@dataclass(frozen=True, slots=True)
class EncodedWork:
    """The changes of the two tables, and all records of the transaction, these changes first."""

    changes: Mapping[Table, list[Change]]
    outgoing: list[Outgoing]


def encode(work: UnitOfWork, topics: PartitionTopics, codec: Codec) -> EncodedWork:
    """Encodes ``work``: each record once. Raises ``Unwritable`` for what does not fit its schema or its topic."""
    changes: dict[Table, list[Change]] = {
        Table.LEDGER: [(key, encoded(codec, entry, topics.ledger)) for key, entry in work.entries.items()],
        Table.INBOX: [
            (key, None if record is None else encoded(codec, record, topics.inbox))
            for key, record in work.slots.items()
        ],
    }
    outgoing = [
        *_own_records(changes[Table.LEDGER], topics.ledger, topics.number),
        *_own_records(changes[Table.INBOX], topics.inbox, topics.number),
        *_outcomes(work, topics, codec),
        *_writes(work, topics),
        *_letters(work, topics, codec),
    ]
    for record in outgoing:
        topics.limits.check(record)
    return EncodedWork(changes, outgoing)


def _own_records(changes: list[Change], topic: str, number: int) -> Iterator[Outgoing]:
    """The partition's own records lie on the partition itself."""
    for key, value in changes:
        yield Outgoing(topic, key.encode(), value, number)


def _outcomes(work: UnitOfWork, topics: PartitionTopics, codec: Codec) -> Iterator[Outgoing]:
    for outcome, trace in work.outcomes:
        yield outcome_record(codec, outcome, topics.outcomes, topics.limits, trace)


def _writes(work: UnitOfWork, topics: PartitionTopics) -> Iterator[Outgoing]:
    for write in work.writes:
        yield Outgoing(topics.writes, write.change_order_key.encode(), write.value, headers=write.trace)


def _letters(work: UnitOfWork, topics: PartitionTopics, codec: Codec) -> Iterator[Outgoing]:
    records = LetterRecords(codec, topics.prefix, topics.letter_topic)
    for letter in work.letters:
        if isinstance(letter, DeadLetter):
            yield records.written(letter)
        else:
            yield records.settled(letter.letter_id, letter.change_order_key)
