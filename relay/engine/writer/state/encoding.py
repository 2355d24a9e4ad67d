"""Turns a unit of work into the records of its transaction. Nothing is encoded before.

A text that the codec cannot write shows here, and only here, whichever decision it came from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from relay.domain.letters import DeadLetter
from relay.engine.kafka import Outgoing, partition_of
from relay.engine.writer.state.cache import Change, Table
from relay.engine.writer.state.store import PartitionTopics
from relay.engine.writer.state.unit_of_work import SettledLetter, UnitOfWork
from schemas.codec import Codec


@dataclass(frozen=True, slots=True)
class EncodedWork:
    """The changes of the two tables, and all records of the transaction, these changes first."""

    changes: Mapping[Table, list[Change]]
    outgoing: list[Outgoing]


def encode(work: UnitOfWork, topics: PartitionTopics, codec: Codec) -> EncodedWork:
    """Encodes ``work``: each record once. Raises ``Unwritable`` for what does not fit its schema."""
    changes: dict[Table, list[Change]] = {
        Table.LEDGER: [(key, codec.encode(entry, topics.ledger)) for key, entry in work.entries.items()],
        Table.INBOX: [
            (key, None if record is None else codec.encode(record, topics.inbox)) for key, record in work.slots.items()
        ],
    }
    outgoing = [
        *_own_records(changes[Table.LEDGER], topics.ledger, topics.number),
        *_own_records(changes[Table.INBOX], topics.inbox, topics.number),
        *_outcomes(work, topics, codec),
        *(_letter(letter, topics, codec) for letter in work.letters),
    ]
    return EncodedWork(changes, outgoing)


def _own_records(changes: list[Change], topic: str, number: int) -> Iterator[Outgoing]:
    """The partition's own records lie on the partition itself."""
    for key, value in changes:
        yield Outgoing(topic, key.encode(), value, number)


def _outcomes(work: UnitOfWork, topics: PartitionTopics, codec: Codec) -> Iterator[Outgoing]:
    for outcome, trace in work.outcomes:
        value = codec.encode(outcome, topics.outcomes)
        yield Outgoing(topics.outcomes, outcome.change_order_key.encode(), value, headers=trace)


def _letter(letter: DeadLetter | SettledLetter, topics: PartitionTopics, codec: Codec) -> Outgoing:
    """A letter and its end lie with the outcomes of its change order."""
    value = codec.encode(letter, topics.letters) if isinstance(letter, DeadLetter) else None
    placed_by = letter.change_order_key or letter.letter_id
    number = partition_of(placed_by.encode(), topics.letter_partitions)
    return Outgoing(topics.letters, letter.letter_id.encode(), value, number)
