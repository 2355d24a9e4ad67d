"""What is done around kafka-python's faults, with a broker.

Tests named ``..._is_still_needed`` hold the library's fault itself: one that fails says that the
library has mended it, and which workaround goes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, errors
from kafka.consumer.fetcher import Fetcher
from kafka.net.transport import KafkaTCPTransport

from relay.engine.kafka import (
    Cluster,
    Connection,
    Generation,
    GroupReader,
    Outgoing,
    Partition,
    PlainWriter,
    Record,
    RecordsWithheld,
    Transactions,
    Withheld,
    read_to_end,
)
from relay.engine.kafka.client import raw
from relay.engine.kafka.kafka_python_workarounds import end_sender, is_joining, keep_joins, tell_fencing
from relay.engine.kafka.sending import close_for_good

MakeTopic = Callable[..., str]
Begin = Callable[..., None]

PATIENCE = 60.0
MENDED = "kafka-python has mended this: delete the workaround {} and this test"
HUGE = 16 * 1024 * 1024
LARGE = 9 * 1024 * 1024


@pytest.fixture
def foreign(connection: Connection) -> Iterator[Callable[..., None]]:
    """Writes as somebody does who is not us: compressed, whatever its size."""
    producer = KafkaProducer(
        bootstrap_servers=connection.bootstrap_servers,
        compression_type="gzip",
        max_request_size=2**30,
        batch_size=2**27,
        linger_ms=60_000,  # What is flushed together is one batch.
    )

    def write(topic: str, *values: bytes) -> None:
        for value in values:
            producer.send(topic, value, key=b"foreign")
        producer.flush(PATIENCE)

    with closing(producer):
        yield write


def write(connection: Connection, topic: str, *values: bytes) -> None:
    with PlainWriter(connection) as writer:
        for value in values:
            writer.send(Outgoing(topic, b"ours", value, 0))
        writer.flush()


@pytest.mark.parametrize("compression", ["producer", "lz4", "zstd", "gzip"])
def test_what_lies_around_a_batch_without_bound_is_read(
    connection: Connection, make_topic: MakeTopic, foreign: Callable[..., None], compression: str
) -> None:
    topic = make_topic(compression_type=compression)
    write(connection, topic, b"before")
    foreign(topic, bytes(HUGE))
    write(connection, topic, b"after")
    passed: list[Withheld] = []
    records = list(read_to_end(connection, [Partition(topic, 0)], pass_over=passed.append))
    assert [(one.offset, one.value) for one in records] == [(0, b"before"), (2, b"after")]
    assert [(one.partition, one.first_offset, one.last_offset) for one in passed] == [(Partition(topic, 0), 1, 1)]


def test_reading_stops_at_it_by_name_where_nobody_passes_it_over(
    connection: Connection, make_topic: MakeTopic, foreign: Callable[..., None]
) -> None:
    topic = make_topic()
    write(connection, topic, b"before")
    foreign(topic, bytes(HUGE))
    records = read_to_end(connection, [Partition(topic, 0)])
    assert next(records).value == b"before"
    with pytest.raises(RecordsWithheld, match=rf"the record at offset 1 of {topic}\[0\]") as told:
        next(records)
    assert told.value.withheld.last_offset == 1


def test_a_member_gets_it_in_its_place_and_commits_behind_it(
    connection: Connection,
    make_topic: MakeTopic,
    begin: Begin,
    foreign: Callable[..., None],
    prefix: str,
) -> None:
    topic, group = make_topic(), f"{prefix}group"
    begin(group, topic)
    foreign(topic, bytes(HUGE), b"small", b"in the same batch")
    write(connection, topic, b"after")
    with member(connection, group, topic) as reader, closing(Transactions(connection, f"{prefix}t")) as ending:
        ending.fence()
        seen: list[Record] = []
        generation = Generation(group)
        while len(seen) < 2:
            polled = reader.poll(1.0)
            if polled.gained:
                seen.clear()  # It is read from what is committed: its beginning.
            seen += polled.records.get(Partition(topic, 0), ())
            generation = polled.generation
        first, second = seen
        assert first.withheld is not None
        assert (first.withheld.first_offset, first.offset, second.offset, second.value) == (0, 2, 3, b"after")
        with ending.transaction() as transaction:
            transaction.offsets({Partition(topic, 0): first.offset + 1}, group, generation)
    with member(connection, group, topic) as reader:
        while not (records := reader.poll(1.0).records):
            pass
        assert [one.value for one in records[Partition(topic, 0)]] == [b"after"]


def test_one_poll_is_bounded_by_bytes_and_nothing_is_lost_between_polls(
    connection: Connection, make_topic: MakeTopic, begin: Begin, foreign: Callable[..., None], prefix: str
) -> None:
    """Each of these is as large as a record of ours may be, and takes nine thousand bytes in Kafka."""
    topic, group, other = make_topic(), f"{prefix}group", make_topic("other")
    begin(group, topic)
    begin(group, other)
    for _ in range(8):  # Each on its own.
        foreign(topic, bytes(LARGE))
        foreign(other, bytes(LARGE))
    sizes: list[int] = []
    offsets: dict[str, set[int]] = {topic: set(), other: set()}
    with member(connection, group, topic, other) as reader:
        end = time.monotonic() + PATIENCE
        while sum(map(len, offsets.values())) < 16:
            assert time.monotonic() < end
            polled = reader.poll(1.0)
            records = [one for batch in polled.records.values() for one in batch]
            sizes.append(sum(len(one.value or b"") for one in records))
            for one in records:
                offsets[one.topic].add(
                    one.offset
                )  # After a rebalance it is read from what is committed: its beginning.
    assert offsets == {topic: set(range(8)), other: set(range(8))}
    assert max(sizes) <= 4 * LARGE


@contextmanager
def member(connection: Connection, group: str, *topics: str) -> Iterator[GroupReader]:
    reader = GroupReader(connection, group=group, topics=topics, instance=None)
    try:
        yield reader
    finally:
        reader.close()


# -- joining


@pytest.fixture
def plain(connection: Connection, make_topic: MakeTopic, begin: Begin, prefix: str) -> Iterator[Any]:
    """A member of a group as the library makes it."""
    topic, group = make_topic(partitions=2), f"{prefix}group"
    begin(group, topic, 2)
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=connection.bootstrap_servers,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        heartbeat_interval_ms=500,
    )
    with closing(consumer):
        end = time.monotonic() + PATIENCE
        while is_joining(consumer) or not consumer.assignment():
            consumer.poll(timeout_ms=2_000)  # A join that outlasts it would begin anew: keep_joins is not there.
            assert time.monotonic() < end
        yield consumer


def joined_between_polls(consumer: Any) -> tuple[int, int]:
    """The generation of a join that ended between two polls, and the one that the next polls came to."""
    coordinator = consumer._coordinator
    end = time.monotonic() + PATIENCE
    coordinator.request_rejoin()
    consumer.poll(timeout_ms=0)
    while not coordinator._join_task.is_done:
        assert time.monotonic() < end
    joined = coordinator._generation.generation_id
    while is_joining(consumer):
        consumer.poll(timeout_ms=0)
        assert time.monotonic() < end
    return joined, coordinator._generation.generation_id


def test_the_library_joins_twice_which_is_why_keep_joins_is_still_needed(plain: Any) -> None:
    joined, now = joined_between_polls(plain)
    assert now > joined, MENDED.format("keep_joins")
    keep_joins(plain)
    joined, now = joined_between_polls(plain)
    assert now == joined


def test_the_library_forgets_a_join_which_is_why_finish_joining_is_still_needed(plain: Any) -> None:
    coordinator = plain._coordinator
    coordinator._assignment_snapshot = {}  # as if the topic's metadata had come only now
    end = time.monotonic() + PATIENCE
    while not coordinator.rejoining:
        plain.poll(timeout_ms=0)
        assert time.monotonic() < end, "it never began to join again"
    while coordinator._join_task is not None and not coordinator._join_task.is_done:
        assert time.monotonic() < end
    for _ in range(20):
        plain.poll(timeout_ms=0)
    assert coordinator.rejoining, MENDED.format("finish_joining")


async def refused_as_somebody_else() -> None:
    raise errors.FencedInstanceIdError


@pytest.mark.parametrize("code", ["with the workaround", "as the library has it"])
def test_a_member_that_a_heartbeat_fenced_is_told_at_the_next_poll(plain: Any, code: str) -> None:
    coordinator = plain._coordinator
    coordinator._send_heartbeat_request = refused_as_somebody_else
    if code == "with the workaround":
        tell_fencing(plain)
    end = time.monotonic() + PATIENCE
    while coordinator._heartbeat_enabled:  # It gives up beating when it meets it.
        assert time.monotonic() < end
        time.sleep(0.01)
    if code == "with the workaround":
        with pytest.raises(errors.FencedInstanceIdError):
            plain.poll(timeout_ms=0)
    else:
        try:
            plain.poll(timeout_ms=0)
        except errors.FencedInstanceIdError:
            pytest.fail(MENDED.format("tell_fencing"))


# -- ending


def test_a_producer_is_ended_although_its_records_do_not_arrive(
    connection: Connection, make_topic: MakeTopic, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = make_topic()
    for ours in (False, True):
        producer = KafkaProducer(bootstrap_servers=connection.bootstrap_servers)
        producer.send(topic, b"", key=b"k").get(PATIENCE)
        monkeypatch.setattr(KafkaTCPTransport, "write", lambda _self, _data: None)
        sender = producer._sender
        producer.send(topic, b"", key=b"k")
        if ours:
            close_for_good(producer, 0.5)
        else:
            with pytest.raises(errors.KafkaTimeoutError):
                producer.close(timeout=0.5)
            assert sender.is_alive(), MENDED.format("end_sender")
            end_sender(producer, 10.0)
        assert not sender.is_alive()
        monkeypatch.undo()


# -- asking for offsets


def ask_for_a_topic_that_is_new(connection: Connection, make_topic: MakeTopic) -> None:
    """The reader knows the first topic when it is asked for both."""
    known, new = make_topic("known"), make_topic("new")
    with Cluster(connection) as cluster:
        cluster.end_offsets([Partition(known, 0)])
        both = [Partition(known, 0), Partition(new, 0)]
        assert cluster.end_offsets(both) == cluster.beginning_offsets(both) == dict.fromkeys(both, 0)


def test_partitions_of_a_topic_that_is_not_known_yet_are_asked_for(
    connection: Connection, make_topic: MakeTopic
) -> None:
    ask_for_a_topic_that_is_new(connection, make_topic)


def test_waiting_for_all_leaders_is_still_needed(
    connection: Connection, make_topic: MakeTopic, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced = Fetcher._group_list_offset_requests
    monkeypatch.setattr(Fetcher, "_group_list_offset_requests", replaced.__wrapped__)
    try:
        ask_for_a_topic_that_is_new(connection, make_topic)
    except KeyError:
        return
    pytest.fail(MENDED.format("mend_offset_questions"))


# -- asking where partitions are


def test_a_reader_in_passing_looks_up_its_partitions_at_once_which_the_library_has_no_setting_for(
    connection: Connection, make_topic: MakeTopic
) -> None:
    partition, pauses = Partition(make_topic("looked-up"), 0), []
    for reader in (connection.consumer(in_passing=True), connection.consumer(retry_backoff_ms=20)):
        try:
            reader.end_offsets([raw(partition)])
            pauses.append(reader._client.cluster.refresh_backoff())  # type: ignore[attr-defined]
        finally:
            reader.close(autocommit=False)
    assert pauses[0] == 20
    assert pauses[1] == 100, MENDED.format("look_up_soon")
