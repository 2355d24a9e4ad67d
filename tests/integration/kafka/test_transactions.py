from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from relay.engine.kafka import (
    LARGEST_RECORD,
    Cluster,
    CommitFailed,
    Connection,
    Fenced,
    Generation,
    GroupReader,
    Outgoing,
    Partition,
    Polled,
    RecordTooLarge,
    Transactions,
    read_to_end,
)

MakeTopic = Callable[..., str]
Begin = Callable[..., None]
Fence = Callable[[str], Transactions]
Offsets = tuple[dict[Partition, int], str, Generation]


@pytest.fixture
def fence(connection: Connection, prefix: str) -> Iterator[Fence]:
    """Makes transactions of a name, already fenced."""
    with ExitStack() as stack:

        def fenced(name: str = "owner") -> Transactions:
            transactions = stack.enter_context(closing(Transactions(connection, prefix + name)))
            transactions.fence()
            return transactions

        yield fenced


def values(connection: Connection, topic: str, partitions: int = 1) -> list[bytes | None]:
    every = [Partition(topic, number) for number in range(partitions)]
    return [record.value for record in read_to_end(connection, every)]


class Abandoned(Exception):
    """What a block raises that must not have happened."""


def abandon(transactions: Transactions, *records: Outgoing, offsets: Offsets | None = None) -> None:
    with transactions.transaction() as transaction:
        for record in records:
            transaction.send(record)
        if offsets is not None:
            transaction.offsets(*offsets)
        transaction.flush()
        raise Abandoned


def first_batch(reader: GroupReader) -> Polled:
    while not (polled := reader.poll(5.0)).records:
        pass
    return polled


def test_what_is_committed_is_read_back_whole(connection: Connection, make_topic: MakeTopic, fence: Fence) -> None:
    topic = make_topic()
    with fence("owner").transaction() as transaction:
        transaction.send(Outgoing(topic, b"key", b"value", headers=(("cor-letter", b"1"), ("empty", None))))
        transaction.send(Outgoing(topic, b"gone", None))
    first, second = read_to_end(connection, [Partition(topic, 0)])
    assert (first.topic, first.partition, first.offset, first.key, first.value) == (topic, 0, 0, b"key", b"value")
    assert first.headers == (("cor-letter", b"1"), ("empty", b""))
    assert first.timestamp_ms > 0
    assert (second.key, second.value) == (b"gone", None)


def test_flush_tells_where_each_record_stands(make_topic: MakeTopic, fence: Fence) -> None:
    topic = make_topic(partitions=3)
    numbers = [2, 0, 2, 1, 2]
    with fence("owner").transaction() as transaction:
        for number in numbers[:3]:
            transaction.send(Outgoing(topic, b"k", b"v", number))
        early = transaction.flush()
        for number in numbers[3:]:
            transaction.send(Outgoing(topic, b"k", b"v", number))
        late = transaction.flush()
    assert early == [(Partition(topic, 2), 0), (Partition(topic, 0), 0), (Partition(topic, 2), 1)]
    assert late == [(Partition(topic, 1), 0), (Partition(topic, 2), 2)]


def test_an_exception_in_the_block_leaves_nothing_in_any_topic(
    connection: Connection, make_topic: MakeTopic, fence: Fence
) -> None:
    one, two = make_topic("one"), make_topic("two")
    transactions = fence("owner")
    with pytest.raises(Abandoned):
        abandon(transactions, Outgoing(one, b"k", b"aborted"), Outgoing(two, b"k", b"aborted"))
    with transactions.transaction() as transaction:
        transaction.send(Outgoing(one, b"k", b"committed"))
    assert values(connection, one) == [b"committed"]
    assert values(connection, two) == []


def test_a_transaction_that_a_predecessor_left_open_is_undone_by_fencing(
    connection: Connection, make_topic: MakeTopic, fence: Fence
) -> None:
    topic = make_topic()
    left_open = fence("owner").transaction()
    left_open.__enter__().send(Outgoing(topic, b"k", b"left open"))
    with fence("owner").transaction() as transaction:
        transaction.send(Outgoing(topic, b"k", b"successor"))
    assert values(connection, topic) == [b"successor"]


def test_a_fenced_predecessor_cannot_commit(connection: Connection, make_topic: MakeTopic, fence: Fence) -> None:
    topic = make_topic()
    old = fence("owner")
    open_one = old.transaction()
    transaction = open_one.__enter__()
    transaction.send(Outgoing(topic, b"k", b"zombie"))
    transaction.flush()
    new = fence("owner")
    with pytest.raises(Fenced, match="owner"):
        open_one.__exit__(None, None, None)
    with new.transaction() as transaction:
        transaction.send(Outgoing(topic, b"k", b"successor"))
    assert values(connection, topic) == [b"successor"]


def test_whoever_was_fenced_can_fence_again(connection: Connection, make_topic: MakeTopic, fence: Fence) -> None:
    topic = make_topic()
    old = fence("owner")
    fence("owner")
    with pytest.raises(CommitFailed), old.transaction() as transaction:
        transaction.send(Outgoing(topic, b"k", b"too late"))
    with pytest.raises(CommitFailed, match="not fenced"), old.transaction():
        pass
    old.fence()
    with old.transaction() as transaction:
        transaction.send(Outgoing(topic, b"k", b"again"))
    assert values(connection, topic) == [b"again"]


def test_offsets_stand_or_fall_with_the_records(
    connection: Connection, cluster: Cluster, make_topic: MakeTopic, begin: Begin, prefix: str, fence: Fence
) -> None:
    source, sink, group = make_topic("source"), make_topic("sink"), f"{prefix}group"
    begin(group, source)
    transactions = fence("owner")
    with transactions.transaction() as transaction:
        for n in range(3):
            transaction.send(Outgoing(source, b"k", b"%d" % n))
    reader = GroupReader(connection, group=group, topics=[source], instance="one")
    polled = first_batch(reader)
    partition = Partition(source, 0)
    with pytest.raises(Abandoned):
        abandon(transactions, Outgoing(sink, b"k", b"aborted"), offsets=({partition: 3}, group, polled.generation))
    assert cluster.committed(group) == {partition: 0}
    with transactions.transaction() as transaction:
        transaction.send(Outgoing(sink, b"k", b"committed"))
        transaction.offsets({partition: 3}, group, polled.generation)
        assert cluster.committed_at_least(group, [partition]) == {partition: 0}, "not waited for for ever"
    assert cluster.committed_at_least(group, [partition]) == cluster.committed(group) == {partition: 3}
    assert values(connection, sink) == [b"committed"]
    reader.close()


@pytest.mark.parametrize(
    "generation", [Generation("g"), Generation("g", 4, ""), Generation("other", 4, "member")], ids=str
)
def test_offsets_without_a_membership_never_reach_the_broker(
    cluster: Cluster, make_topic: MakeTopic, begin: Begin, prefix: str, fence: Fence, generation: Generation
) -> None:
    topic = make_topic()
    begin(prefix + "g", topic)
    named = Generation(prefix + generation.group, generation.number, generation.member)
    with pytest.raises(CommitFailed, match="membership"), fence("owner").transaction() as transaction:
        transaction.offsets({Partition(topic, 0): 7}, prefix + "g", named)
    assert cluster.committed(prefix + "g") == {Partition(topic, 0): 0}


def test_the_largest_record_passes_and_a_larger_one_is_told_apart(
    connection: Connection, make_topic: MakeTopic, fence: Fence
) -> None:
    topic = make_topic(max_message_bytes=str(LARGEST_RECORD))
    envelope = Outgoing(topic, b"k", b"").size
    noise = random.Random(1).randbytes(LARGEST_RECORD)  # does not compress
    largest = Outgoing(topic, b"k", noise[: LARGEST_RECORD - envelope])
    assert largest.size == LARGEST_RECORD
    transactions = fence("owner")
    with transactions.transaction() as transaction:
        transaction.send(largest)
    with pytest.raises(RecordTooLarge), transactions.transaction() as transaction:
        transaction.send(Outgoing(topic, b"k", noise + noise))
    with transactions.transaction() as transaction:
        transaction.send(Outgoing(topic, b"k", b"next"))
    read = values(connection, topic)
    assert [len(value or b"") for value in read] == [len(largest.value or b""), 4]
    assert read[0] == largest.value


def test_a_record_that_only_its_topic_refuses_is_too_large_as_well(make_topic: MakeTopic, fence: Fence) -> None:
    topic = make_topic(max_message_bytes="1000")
    noise = random.Random(1).randbytes(5_000)
    with pytest.raises(RecordTooLarge, match="larger"), fence("owner").transaction() as transaction:
        transaction.send(Outgoing(topic, b"k", noise))


def test_more_than_fits_into_memory_at_once_is_still_one_transaction(
    connection: Connection, make_topic: MakeTopic, fence: Fence
) -> None:
    topic = make_topic()
    with fence("owner").transaction() as transaction:
        for n in range(50):
            transaction.send(Outgoing(topic, b"k", n.to_bytes(4, "big") * 250_000))
        positions = transaction.flush()
    assert [offset for _, offset in positions] == list(range(50))
    assert sum(1 for _ in read_to_end(connection, [Partition(topic, 0)])) == 50
