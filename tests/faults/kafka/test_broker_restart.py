from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from deploy.local import Broker, broker
from relay.engine.kafka import (
    Cluster,
    CommitFailed,
    Connection,
    GroupReader,
    KafkaFailure,
    Outgoing,
    Partition,
    TopicSpec,
    Transactions,
    read_to_end,
)

PATIENCE = 60.0
TOPIC = "topic"
PARTITION = Partition(TOPIC, 0)


@pytest.fixture(scope="module")
def own_broker() -> Iterator[Broker]:
    """A broker for these tests alone, which each of them leaves running."""
    with broker() as own:
        yield own


@pytest.fixture
def connection(own_broker: Broker) -> Connection:
    return Connection(own_broker.bootstrap_servers, bootstrap_timeout=2.0)


@pytest.fixture
def reader(connection: Connection) -> Iterator[GroupReader]:
    group = uuid.uuid4().hex  # A static member stays in its group for a while.
    with Cluster(connection) as cluster:
        cluster.create([TopicSpec(name=TOPIC, partitions=1, replication=1)])
        cluster.reset_offsets(group, {PARTITION: 0})
    reader = GroupReader(connection, group=group, topics=[TOPIC], instance="one")
    yield reader
    reader.close()
    with Cluster(connection) as cluster:
        cluster.delete([TOPIC])


def read_until(reader: GroupReader, wanted: bytes) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for records in reader.poll(0.5).records.values():
            if any(record.value == wanted for record in records):
                return
    raise AssertionError(f"{wanted!r} was not read within {PATIENCE} s")


def written(connection: Connection) -> list[bytes | None]:
    return [record.value for record in read_to_end(connection, [PARTITION])]


def commit(transactions: Transactions, value: bytes) -> None:
    """As an owner does it: what is not certain is fenced and tried again."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with transactions.transaction() as transaction:
                transaction.send(Outgoing(TOPIC, b"k", value))
        except CommitFailed:
            assert time.monotonic() < end
            fence(transactions)
        else:
            return


def fence(transactions: Transactions) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            transactions.fence()
        except KafkaFailure:
            assert time.monotonic() < end
        else:
            return


def test_reader_and_owner_go_on_after_the_broker_was_stopped_and_started(
    own_broker: Broker, connection: Connection, reader: GroupReader
) -> None:
    with closing(Transactions(connection, "owner")) as transactions:
        transactions.fence()
        commit(transactions, b"before")
        read_until(reader, b"before")
        own_broker.stop()
        assert not reader.poll(0.5).records, "an absent broker is no reason to end"
        own_broker.start()
        commit(transactions, b"after")
        read_until(reader, b"after")


def test_a_commit_without_an_answer_ends_in_time_and_is_settled_by_fencing(
    own_broker: Broker, connection: Connection, reader: GroupReader
) -> None:
    # A broker that starts again forgets to abort what was overdue before it leads its partitions (docs/guarantees.md).
    with closing(Transactions(connection, "owner", watchdog_s=1.0, timeout_s=10 * PATIENCE)) as transactions:
        transactions.fence()
        open_one = transactions.transaction()
        transaction = open_one.__enter__()
        transaction.send(Outgoing(TOPIC, b"k", b"in doubt"))
        transaction.flush()
        own_broker.kill()
        with pytest.raises(CommitFailed, match="not certain"):
            open_one.__exit__(None, None, None)
        own_broker.start()
        fence(transactions)
        settled = written(connection)
        assert settled in ([], [b"in doubt"])
        commit(transactions, b"next")
    assert written(connection) == [*settled, b"next"], "what fencing settled stays so"


def test_waiting_for_a_broker_ends_when_it_comes(own_broker: Broker, connection: Connection) -> None:
    own_broker.stop()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(connection.wait, PATIENCE)
        own_broker.start()
        waiting.result(PATIENCE)


def test_what_was_read_once_is_there_after_a_power_cut(
    own_broker: Broker, connection: Connection, reader: GroupReader
) -> None:
    with closing(Transactions(connection, "owner")) as transactions:
        transactions.fence()
        commit(transactions, b"committed")
        read_until(reader, b"committed")
        own_broker.kill()
        own_broker.start()
        fence(transactions)
    assert written(connection) == [b"committed"]
