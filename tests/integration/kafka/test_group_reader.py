from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import Any

import pytest
from kafka.errors import KafkaConnectionError

from relay.engine.kafka import (
    Cluster,
    CommitFailed,
    Connection,
    GroupReader,
    InstanceTaken,
    OffsetsLost,
    Outgoing,
    Partition,
    PlainWriter,
    Polled,
    TopicsMissing,
    Transactions,
)
from relay.engine.kafka.kafka_python_workarounds import is_joining

MakeTopic = Callable[..., str]
Begin = Callable[..., None]
Join = Callable[..., GroupReader]

LONG = 60.0
"""A session time-out that no test waits for."""
PATIENCE = 60.0


@pytest.fixture
def join(connection: Connection, prefix: str) -> Iterator[Join]:
    """Joins this test's group; what is still in it at the end leaves."""
    with ExitStack() as stack:

        def joined(*topics: str, instance: str | None, **settings: float) -> GroupReader:
            reader = GroupReader(
                connection,
                group=f"{prefix}group",
                topics=topics,
                instance=instance,
                session_timeout_s=settings.get("session_timeout_s", LONG),
            )
            stack.callback(reader.close)
            return reader

        yield joined


class Abandoned(Exception):
    """What a block raises that must not have happened."""


def abandon(transactions: Transactions, record: Outgoing) -> None:
    with transactions.transaction() as transaction:
        transaction.send(record)
        transaction.flush()
        raise Abandoned


def write(connection: Connection, topic: str, *values: bytes, partition: int = 0) -> None:
    with PlainWriter(connection) as writer:
        for value in values:
            writer.send(Outgoing(topic, b"k", value, partition))
        writer.flush()


def until(
    condition: Callable[[Polled], bool], reader: GroupReader, *others: GroupReader, timeout: float = 0.1
) -> Polled:
    """Polls all readers in turn until what the first one got fulfils the condition."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        polled = reader.poll(timeout)
        if condition(polled):
            return polled
        for other in others:
            other.poll(0.1)
    raise AssertionError(f"not within {PATIENCE} s")


def owns(count: int) -> Callable[[Polled], bool]:
    return lambda polled: len(polled.assigned) == count


def brings(*values: bytes) -> Callable[[Polled], bool]:
    """Collects over polls until these values, in any order, have come."""
    wanted = list(values)

    def check(polled: Polled) -> bool:
        for records in polled.records.values():
            for record in records:
                assert record.value in wanted, f"unexpected {record.value!r}"
                wanted.remove(record.value)
        return not wanted

    return check


def test_an_offset_that_was_captured_before_a_rebalance_is_refused(
    connection: Connection, cluster: Cluster, make_topic: MakeTopic, begin: Begin, join: Join, prefix: str
) -> None:
    topic, group = make_topic(partitions=2), f"{prefix}group"
    begin(group, topic, 2)
    write(connection, topic, b"a", partition=0)
    write(connection, topic, b"b", partition=1)
    one = join(topic, instance="one")
    batch = until(lambda polled: bool(polled.records), one)
    two = join(topic, instance="two")
    until(owns(1), two, one)
    kept = until(owns(1), one, two).assigned
    assert batch.generation.number > 0
    with closing(Transactions(connection, f"{prefix}tx")) as transactions:
        for partition in (Partition(topic, 0), Partition(topic, 1)):
            transactions.fence()
            with pytest.raises(CommitFailed), transactions.transaction() as transaction:
                transaction.offsets({partition: 1}, group, batch.generation)
        assert cluster.committed(group) == {Partition(topic, 0): 0, Partition(topic, 1): 0}
        transactions.fence()
        fresh = until(lambda polled: polled.assigned == kept, one).generation
        with transactions.transaction() as transaction:
            transaction.offsets(dict.fromkeys(kept, 1), group, fresh)
    assert sum(cluster.committed(group).values()) == 1


def test_after_a_rebalance_a_kept_partition_is_read_from_its_committed_offset(
    connection: Connection, make_topic: MakeTopic, begin: Begin, join: Join, prefix: str
) -> None:
    topic = make_topic(partitions=2)
    begin(f"{prefix}group", topic, 2)
    write(connection, topic, b"a", partition=0)
    write(connection, topic, b"b", partition=1)
    one = join(topic, instance="one")
    until(brings(b"a", b"b"), one)  # and commits neither
    two = join(topic, instance="two")
    until(owns(1), one, two)
    taken = {b"a", b"b"}
    seen: set[bytes | None] = set()

    def all_came(polled: Polled) -> bool:
        seen.update(record.value for records in polled.records.values() for record in records)
        return len(seen) == 1

    until(all_came, one, two)
    assert seen < taken


def test_news_of_the_assignment_come_once_and_before_records(
    connection: Connection, make_topic: MakeTopic, begin: Begin, join: Join, prefix: str
) -> None:
    topic = make_topic(partitions=2)
    begin(f"{prefix}group", topic, 2)
    write(connection, topic, b"a", partition=0)
    one = join(topic, instance="one")
    both = {Partition(topic, 0), Partition(topic, 1)}
    news = until(owns(2), one)
    assert news.gained == both
    assert not news.lost
    assert not news.records
    quiet = one.poll(0.0)
    assert (quiet.gained, quiet.lost) == (frozenset(), frozenset())
    two = join(topic, instance="two")
    half = until(owns(1), one, two)
    assert half.gained == frozenset()
    assert half.lost == both - half.assigned


def test_partitions_of_equal_number_go_to_the_same_member(
    make_topic: MakeTopic, begin: Begin, join: Join, prefix: str
) -> None:
    live, backfill = make_topic("live", 4), make_topic("backfill", 4)
    for topic in (live, backfill):
        begin(f"{prefix}group", topic, 4)
    one, two = join(live, backfill, instance="one"), join(live, backfill, instance="two")
    assigned = until(owns(4), one, two).assigned
    assert {p.number for p in assigned if p.topic == live} == {p.number for p in assigned if p.topic == backfill}


def test_a_static_member_that_is_removed_hands_over_at_once(
    connection: Connection, make_topic: MakeTopic, begin: Begin, join: Join, prefix: str
) -> None:
    topic = make_topic(partitions=2)
    begin(f"{prefix}group", topic, 2)
    one, two = join(topic, instance="one"), join(topic, instance="two")
    until(owns(1), one, two)
    until(owns(1), two, one)
    one.close()
    Cluster(connection).remove_member(f"{prefix}group", "one")
    until(owns(2), two)  # long before the session of a minute ends


def test_a_static_member_that_restarts_keeps_its_partitions_without_a_rebalance(
    make_topic: MakeTopic, begin: Begin, join: Join, prefix: str
) -> None:
    topic = make_topic(partitions=2)
    begin(f"{prefix}group", topic, 2)
    one, two = join(topic, instance="one"), join(topic, instance="two")
    before = until(owns(1), one, two)
    until(owns(1), two, one)
    generation = two.poll(0.1).generation
    one.close()
    again = join(topic, instance="one")
    assert until(owns(1), again, two).assigned == before.assigned
    assert two.poll(0.1).generation == generation


def test_a_pause_survives_a_rebalance(
    connection: Connection, make_topic: MakeTopic, begin: Begin, join: Join, prefix: str
) -> None:
    topic = make_topic(partitions=2)
    begin(f"{prefix}group", topic, 2)
    one, two = join(topic, instance="one"), join(topic, instance="two")
    mine = until(owns(1), one, two).assigned
    one.pause(mine)
    two.close()
    Cluster(connection).remove_member(f"{prefix}group", "two")
    gained = until(owns(2), one).gained
    write(connection, topic, b"of the paused", partition=next(iter(mine)).number)
    write(connection, topic, b"of the gained", partition=next(iter(gained)).number)
    until(brings(b"of the gained"), one)
    assert not one.poll(1.0).records
    one.resume(mine)
    until(brings(b"of the paused"), one)


def test_a_pause_ends_with_the_ownership(
    connection: Connection, make_topic: MakeTopic, begin: Begin, join: Join, prefix: str
) -> None:
    topic = make_topic()
    begin(f"{prefix}group", topic)
    one = join(topic, instance="one")
    one.pause(until(owns(1), one).assigned)
    Cluster(connection).remove_member(f"{prefix}group", "one")
    until(lambda polled: bool(polled.lost), one)
    write(connection, topic, b"read")
    until(brings(b"read"), one)


def test_a_membership_that_was_lost_is_told_as_lost_and_gained(
    connection: Connection, cluster: Cluster, make_topic: MakeTopic, begin: Begin, join: Join, prefix: str
) -> None:
    topic, group = make_topic(), f"{prefix}group"
    begin(group, topic)
    write(connection, topic, b"first")
    one = join(topic, instance="one")
    until(brings(b"first"), one)
    cluster.remove_member(group, "one")
    change = until(lambda polled: bool(polled.lost), one)
    assert change.lost == {Partition(topic, 0)}
    if not change.gained:
        change = until(lambda polled: bool(polled.gained), one)
    assert change.gained == {Partition(topic, 0)}
    until(brings(b"first"), one)  # nothing of it was committed


def test_seek_and_position_agree(
    connection: Connection, make_topic: MakeTopic, begin: Begin, join: Join, prefix: str
) -> None:
    topic = make_topic()
    begin(f"{prefix}group", topic)
    write(connection, topic, b"a", b"b", b"c")
    one = join(topic, instance=None)
    until(brings(b"a", b"b", b"c"), one)
    assert one.position(Partition(topic, 0)) == 3
    one.seek(Partition(topic, 0), 1)
    assert one.position(Partition(topic, 0)) == 1
    until(brings(b"b", b"c"), one)
    one.seek(Partition(topic, 9), 1)  # not ours: nothing happens


def test_records_of_open_and_aborted_transactions_are_not_read(
    connection: Connection, make_topic: MakeTopic, begin: Begin, join: Join, prefix: str
) -> None:
    topic = make_topic()
    begin(f"{prefix}group", topic)
    one = join(topic, instance=None)
    until(owns(1), one)
    with closing(Transactions(connection, f"{prefix}tx")) as transactions:
        transactions.fence()
        with pytest.raises(Abandoned):
            abandon(transactions, Outgoing(topic, b"k", b"aborted"))
        with transactions.transaction() as transaction:
            transaction.send(Outgoing(topic, b"k", b"committed"))
            transaction.flush()
            assert not one.poll(0.5).records
        until(brings(b"committed"), one)


def test_a_group_without_offsets_is_told_what_sets_them(make_topic: MakeTopic, join: Join, prefix: str) -> None:
    topic = make_topic()
    with pytest.raises(OffsetsLost) as told:
        until(owns(9), join(topic, instance=None))
    assert "cor topics apply" in str(told.value)
    assert f"{topic}[0]" in str(told.value)
    assert f"{prefix}group" in str(told.value)


def test_an_offset_that_is_no_longer_there_is_told_with_what_brings_it_back(
    connection: Connection, cluster: Cluster, make_topic: MakeTopic, join: Join, prefix: str
) -> None:
    topic = make_topic()
    write(connection, topic, b"a")
    cluster.reset_offsets(f"{prefix}group", {Partition(topic, 0): 5})
    with pytest.raises(OffsetsLost) as told:
        until(owns(9), join(topic, instance=None))
    assert "cor replay" in str(told.value)
    assert f"{topic}[0] at 5" in str(told.value)


def test_a_partition_that_is_paused_as_soon_as_it_is_gained_is_never_read(
    connection: Connection, cluster: Cluster, make_topic: MakeTopic, join: Join, prefix: str
) -> None:
    """A long poll, in which the member joins, would go on to read where its offset is no longer there."""
    topic = make_topic()
    write(connection, topic, b"a")
    cluster.reset_offsets(f"{prefix}group", {Partition(topic, 0): 5})
    one = join(topic, instance=None)
    gained = until(owns(1), one, timeout=5.0).gained
    one.pause(gained)
    assert not any(one.poll(0.1).records for _ in range(5))
    one.resume(gained)
    with pytest.raises(OffsetsLost):
        until(owns(9), one)


def test_a_missing_topic_is_told_with_what_makes_it(connection: Connection, prefix: str) -> None:
    with pytest.raises(TopicsMissing, match=rf"{prefix}nowhere.*cor topics apply"):
        GroupReader(connection, group=f"{prefix}group", topics=[f"{prefix}nowhere"], instance=None)


def test_two_processes_of_one_instance_do_not_share_the_work_in_silence(
    make_topic: MakeTopic, begin: Begin, join: Join, prefix: str
) -> None:
    topic = make_topic()
    begin(f"{prefix}group", topic)
    one = join(topic, instance="same", session_timeout_s=6.0)
    until(owns(1), one)
    two = join(topic, instance="same", session_timeout_s=6.0)
    until(owns(1), two)
    with pytest.raises(InstanceTaken, match="COR_INSTANCE"):
        until(owns(9), one, two)


def test_offsets_of_an_open_transaction_are_waited_for_without_an_alarm(
    connection: Connection,
    cluster: Cluster,
    make_topic: MakeTopic,
    begin: Begin,
    join: Join,
    prefix: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    topic, group = make_topic(), f"{prefix}group"
    begin(group, topic)
    write(connection, topic, b"a", b"b")
    one = join(topic, instance="one")
    batch = until(lambda polled: bool(polled.records), one)
    asked = logging.getLogger("kafka.coordinator.consumer")
    with closing(Transactions(connection, f"{prefix}tx")) as transactions, ThreadPoolExecutor(1) as pool:
        transactions.fence()
        with caplog.at_level(logging.DEBUG, logger=asked.name), transactions.transaction() as transaction:
            transaction.offsets({Partition(topic, 0): 2}, group, batch.generation)
            answer = pool.submit(cluster.committed, group)
            end = time.monotonic() + PATIENCE
            while not any("UnstableOffsetCommit" in line.getMessage() for line in caplog.records):
                assert time.monotonic() < end, "the question never met the open transaction"
                time.sleep(0.01)
        assert answer.result(PATIENCE) == {Partition(topic, 0): 2}
    alarms = [line.getMessage() for line in caplog.records if line.levelno >= logging.WARNING]
    assert [line for line in alarms if "offset" in line] == []


def test_a_join_that_outlasts_a_poll_is_finished_by_a_later_one(
    join: Join, make_topic: MakeTopic, begin: Begin, prefix: str
) -> None:
    """A member that did not would never beat again, nor learn that the group goes on without it."""
    topic = make_topic(partitions=2)
    begin(f"{prefix}group", topic, 2)
    reader = join(topic, instance="a")
    until(lambda polled: len(polled.assigned) == 2, reader)
    coordinator = reader._consumer._coordinator  # type: ignore[attr-defined]
    coordinator._assignment_snapshot = {}  # as if the topic's metadata had come only now
    first = coordinator._generation.generation_id
    end = time.monotonic() + PATIENCE
    while coordinator._generation.generation_id == first or not coordinator._heartbeat_enabled:
        reader.poll(0.0)
        assert time.monotonic() < end, "it has joined, and does not beat"
    assert reader.poll(0.1).generation.number > first


def test_members_that_are_busy_between_polls_that_do_not_wait_come_to_share(
    join: Join, make_topic: MakeTopic, begin: Begin, prefix: str
) -> None:
    """A join that ends while its member is busy counts; otherwise it would begin anew for ever."""
    topic = make_topic(partitions=2)
    begin(f"{prefix}group", topic, 2)
    one = join(topic, instance="one")
    until(owns(2), one)
    two = join(topic, instance="two")
    shares = {"one": 2, "two": 0}
    end = time.monotonic() + PATIENCE

    def busy(reader: GroupReader, name: str) -> None:
        while set(shares.values()) != {1} and time.monotonic() < end:
            shares[name] = len(reader.poll(0.0).assigned)
            time.sleep(0.15)  # Its work; nothing is waited for.

    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(busy, (one, two), shares))
    assert shares == {"one": 1, "two": 1}


def test_a_join_that_ends_between_two_polls_counts(
    join: Join, make_topic: MakeTopic, begin: Begin, prefix: str
) -> None:
    """Joining once more would have all the others join again."""
    topic = make_topic(partitions=2)
    begin(f"{prefix}group", topic, 2)
    reader = join(topic, instance="a")
    until(owns(2), reader)
    consumer = reader._consumer
    coordinator = consumer._coordinator  # type: ignore[attr-defined]
    end = time.monotonic() + PATIENCE
    while is_joining(consumer):  # Also for metadata that have come late.
        reader.poll(0.1)
        assert time.monotonic() < end
    coordinator.request_rejoin()
    consumer.poll(timeout_ms=0)
    while not coordinator._join_task.is_done:
        assert time.monotonic() < end
    joined = coordinator._generation.generation_id
    while is_joining(consumer):
        reader.poll(0.0)
        assert time.monotonic() < end
    assert coordinator._generation.generation_id == joined
    assert reader.poll(0.1).generation.number == joined


def test_what_a_failed_poll_has_given_up_can_be_paused_and_is_told_by_the_next(
    connection: Connection,
    make_topic: MakeTopic,
    begin: Begin,
    join: Join,
    prefix: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The group has forgotten a member, which learns it just before the broker goes."""
    topic = make_topic(partitions=2)
    begin(f"{prefix}group", topic, 2)
    reader = join(topic, instance=None, session_timeout_s=6.0)  # After which the group has forgotten it, too.
    owned = until(owns(2), reader).assigned
    client: Any = reader._consumer

    def gives_up_and_fails(**_: object) -> None:
        """As the client goes on when it is told so (its ``_on_join_prepare_async``), and then finds no coordinator."""
        client._coordinator.reset_generation()
        client._subscription.rebalance_listener.on_partitions_lost(client.assignment())
        client._subscription.assign_from_subscribed([])
        raise KafkaConnectionError("111 ECONNREFUSED")

    with monkeypatch.context() as failing:
        failing.setattr(client, "poll", gives_up_and_fails)
        polled = reader.poll(0.1)
    assert not polled.records
    assert not reader.has_read_everything()
    reader.pause(owned)
    reader.seek(min(owned, key=str), 0)
    reader.resume(owned)
    write(connection, topic, b"after")
    until(brings(b"after"), reader)
