"""Batches in which nothing is that is looked for are passed over, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from relay.engine.kafka import Connection, Outgoing, Partition, PlainWriter, Transactions, holding, read_to_end

MakeTopic = Callable[..., str]


def written(connection: Connection, topic: str, batches: Iterator[list[tuple[bytes, bytes | None]]]) -> None:
    """Each list as batches of its own, mostly one, in two partitions by turns."""
    with PlainWriter(connection) as writer:
        for number, batch in enumerate(batches):
            for key, value in batch:
                writer.send(Outgoing(topic, key, value, number % 2))
            writer.flush()


def test_what_is_looked_for_is_found_wherever_it_is(connection: Connection, make_topic: MakeTopic) -> None:
    topic = make_topic(partitions=2)
    filler = [[(b"other %d" % number, os.urandom(200).hex().encode())] * 20 for number in range(60)]
    wanted: dict[int, tuple[bytes, bytes | None]] = {
        3: (b"cor:7:", b"by its key"),
        17: (b"x", b"in the value cor:7: somewhere"),
        41: (b"cor:7:", None),
        59: (b"cor:7:", b"the last of all"),
    }
    written(connection, topic, ([*batch, *([wanted[at]] if at in wanted else [])] for at, batch in enumerate(filler)))
    told: list[tuple[int, int]] = []
    places = [Partition(topic, 0), Partition(topic, 1)]
    found = list(
        read_to_end(connection, places, batches=holding(b"cor:7:"), progress=lambda done, of: told.append((done, of)))
    )
    kept = {(record.key, record.value) for record in found}
    assert set(wanted.values()) <= kept
    beside = {b"other %d" % number for number in range(60) if number not in wanted}
    assert not beside & {record.key for record in found}, "no batch beside those"
    assert len(found) > 4, "batches are passed over, not records"
    assert told[-1] == (60 * 20 + 4,) * 2
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_batch_that_is_passed_over_at_the_end_of_a_transaction_is_read_to_its_end(
    connection: Connection, make_topic: MakeTopic, prefix: str
) -> None:
    topic = make_topic()
    owner = Transactions(connection, f"{prefix}owner")
    owner.fence()
    for value in (b"one", b"two", b"three"):
        with owner.transaction() as transaction:
            transaction.send(Outgoing(topic, b"k", value))
    owner.close()
    place = Partition(topic, 0)
    assert [one.value for one in read_to_end(connection, [place], batches=holding(b"two"))] == [b"two"]
    assert [one.value for one in read_to_end(connection, [place], batches=holding(b"four"))] == []
    assert [one.value for one in read_to_end(connection, [place], start={place: 2}, batches=holding(b"three"))] == [
        b"three"
    ]
