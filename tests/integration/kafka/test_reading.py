from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import pytest

from relay.engine.kafka import (
    Connection,
    Outgoing,
    Partition,
    PlainWriter,
    ReadOutOfRange,
    Transactions,
    read_to_end,
)

MakeTopic = Callable[..., str]


class Abandoned(Exception):
    """What a block raises that must not have happened."""


def abandon(transactions: Transactions, record: Outgoing) -> None:
    with transactions.transaction() as transaction:
        transaction.send(record)
        transaction.flush()
        raise Abandoned


def test_after_fencing_nothing_that_a_predecessor_committed_is_missing(
    connection: Connection, make_topic: MakeTopic, prefix: str
) -> None:
    topic = make_topic()
    for turn in range(10):
        owner = Transactions(connection, f"{prefix}owner")
        owner.fence()
        found = [record.value for record in read_to_end(connection, [Partition(topic, 0)])]
        assert found == [b"%d" % n for n in range(turn)]
        with owner.transaction() as transaction:
            transaction.send(Outgoing(topic, b"k", b"%d" % turn))
        owner.close()


def test_partitions_are_read_each_in_order_and_none_twice(connection: Connection, make_topic: MakeTopic) -> None:
    topic = make_topic(partitions=4)
    with PlainWriter(connection) as writer:
        for n in range(20_000):
            writer.send(Outgoing(topic, b"k", b"%d" % n, n % 3))  # the fourth stays empty
        writer.flush()
    by_partition: dict[int, list[int]] = {}
    for record in read_to_end(connection, [Partition(topic, number) for number in range(4)]):
        assert record.value is not None
        by_partition.setdefault(record.partition, []).append(int(record.value))
    assert by_partition == {number: list(range(number, 20_000, 3)) for number in range(3)}


def test_an_end_that_consists_of_aborted_records_is_reached(
    connection: Connection, make_topic: MakeTopic, prefix: str
) -> None:
    topic = make_topic()
    with closing(Transactions(connection, f"{prefix}owner")) as owner:
        owner.fence()
        with owner.transaction() as transaction:
            transaction.send(Outgoing(topic, b"k", b"committed"))
        for _ in range(3):
            with pytest.raises(Abandoned):
                abandon(owner, Outgoing(topic, b"k", b"aborted"))
        owner.fence()
        assert [record.value for record in read_to_end(connection, [Partition(topic, 0)])] == [b"committed"]


def test_reading_goes_on_from_where_it_is_told(connection: Connection, make_topic: MakeTopic) -> None:
    topic = make_topic(partitions=2)
    with PlainWriter(connection) as writer:
        for n in range(6):
            writer.send(Outgoing(topic, b"k", b"%d" % n, n % 2))
        writer.flush()
    partitions = [Partition(topic, 0), Partition(topic, 1)]
    start = {partitions[0]: 2, partitions[1]: 3}
    found = [(record.partition, record.offset) for record in read_to_end(connection, partitions, start=start)]
    assert found == [(0, 2)]


def test_what_is_written_while_reading_is_not_waited_for(connection: Connection, make_topic: MakeTopic) -> None:
    topic = make_topic()
    with PlainWriter(connection) as writer:
        writer.send(Outgoing(topic, b"k", b"before"))
        writer.flush()
        reading = read_to_end(connection, [Partition(topic, 0)])
        assert next(reading).value == b"before"
        writer.send(Outgoing(topic, b"k", b"after"))
        writer.flush()
        assert list(reading) == []


@pytest.mark.parametrize("start", [0, 9])
def test_a_start_outside_of_the_partition_is_refused(
    connection: Connection, make_topic: MakeTopic, let_retention_pass: Callable[[Partition, int], None], start: int
) -> None:
    topic = make_topic()
    partition = Partition(topic, 0)
    with PlainWriter(connection) as writer:
        for n in range(4):
            writer.send(Outgoing(topic, b"k", b"%d" % n))
        writer.flush()
    let_retention_pass(partition, 2)
    with pytest.raises(ReadOutOfRange, match="from 2 to 4"):
        list(read_to_end(connection, [partition], start={partition: start}))
    assert [record.offset for record in read_to_end(connection, [partition])] == [2, 3]


def test_nothing_to_read_is_no_question_at_all() -> None:
    nowhere = Connection("127.0.0.1:1")
    assert list(read_to_end(nowhere, [])) == []
