from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import pytest

from relay.engine.kafka import Connection, Outgoing, Partition, PlainWriter, RecordFetcher, Transactions

MakeTopic = Callable[..., str]


def write(connection: Connection, topic: str, count: int, size: int = 1, partition: int = 0) -> None:
    with PlainWriter(connection) as writer:
        for number in range(count):
            writer.send(Outgoing(topic, b"%d" % number, b"x" * size, partition))
        writer.flush()


def test_a_record_is_read_by_its_place(connection: Connection, make_topic: MakeTopic) -> None:
    topic = make_topic(partitions=2)
    write(connection, topic, 3, partition=1)
    with RecordFetcher(connection) as fetcher:
        found = [fetcher.at(topic, 1, offset) for offset in (2, 0, 1)]
        assert [record.key for record in found if record] == [b"2", b"0", b"1"]


def test_a_record_larger_than_a_fetch_comes_whole(connection: Connection, make_topic: MakeTopic) -> None:
    topic = make_topic()
    write(connection, topic, 2, size=300_000)
    with RecordFetcher(connection) as fetcher:
        found = fetcher.at(topic, 0, 1)
    assert found is not None
    assert (found.offset, len(found.value or b"")) == (1, 300_000)


@pytest.mark.parametrize("offset", [0, 1, 4, 99])
def test_what_is_gone_or_not_there_yet_is_none(
    connection: Connection, make_topic: MakeTopic, let_retention_pass: Callable[[Partition, int], None], offset: int
) -> None:
    topic = make_topic()
    write(connection, topic, 4)
    let_retention_pass(Partition(topic, 0), 2)
    with RecordFetcher(connection) as fetcher:
        assert fetcher.at(topic, 0, offset) is None


def test_the_end_of_a_transaction_is_no_record(connection: Connection, make_topic: MakeTopic, prefix: str) -> None:
    """Its marker has an offset of its own, here the last one."""
    topic = make_topic()
    with closing(Transactions(connection, f"{prefix}owner")) as owner:
        owner.fence()
        with owner.transaction() as transaction:
            transaction.send(Outgoing(topic, b"k", b"committed"))
    with RecordFetcher(connection) as fetcher:
        assert fetcher.at(topic, 0, 1) is None
        found = fetcher.at(topic, 0, 0)
    assert found is not None
    assert found.value == b"committed"


def test_many_are_read_each_partition_in_order_and_none_twice(connection: Connection, make_topic: MakeTopic) -> None:
    topic = make_topic(partitions=2)
    write(connection, topic, 1_000, size=500)
    write(connection, topic, 10, partition=1)
    wanted = {Partition(topic, 0): [999, 3, 5, 5, 700, 4, 5_000], Partition(topic, 1): [9, 0], Partition(topic, 7): []}
    with RecordFetcher(connection) as fetcher:
        found = [(record.partition, record.offset) for record in fetcher.every(wanted)]
        assert found == [(0, 3), (0, 4), (0, 5), (0, 700), (0, 999), (1, 0), (1, 9)]
        assert [record.offset for record in fetcher.every({Partition(topic, 0): range(1_000)})] == list(range(1_000))


def test_nothing_to_read_is_no_question_at_all() -> None:
    with RecordFetcher(Connection("127.0.0.1:1")) as fetcher:
        assert list(fetcher.every({})) == []
