"""Copies of all topics on one Kafka: what stops one, and what an interrupted restore leaves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from operations.copies.backup import backup
from operations.copies.restore import restore
from operations.environment import Environment, codec_of, connection_of
from operations.errors import Refused
from operations.topics import known_losses
from relay.engine.kafka import (
    Cluster,
    Connection,
    GroupReader,
    Outgoing,
    Partition,
    PlainWriter,
    Transactions,
    read_to_end,
)
from relay.engine.provision import apply, record_names
from relay.engine.settings import read_settings
from relay.engine.topics import ALL, CINX, DIRECTORY, NAMES, OBSERVED

AT = datetime(2026, 3, 2, 14, 5, 6, tzinfo=UTC)
BY = {"who": "anna", "why": "the disk of March is gone"}


def quiet(sentence: str) -> None:
    pass


@pytest.fixture
def environment(connection: Connection, cluster: Cluster, prefix: str) -> Environment:
    """All topics, whose ids are written down."""
    apply(cluster, prefix, partitions=1)
    settings = read_settings({"COR_KAFKA_BOOTSTRAP_SERVERS": connection.bootstrap_servers, "COR_TOPIC_PREFIX": prefix})
    environment = Environment(settings, connection_of(settings), codec_of(settings))
    ids = cluster.topic_ids([topic.name(prefix) for topic in ALL])
    topics = [(topic.base, ids[topic.name(prefix)]) for topic in ALL]
    record_names(connection, environment.codec, prefix, accounts=(), targets=(), topics=topics, now=AT)
    return environment


def put(environment: Environment, *records: Outgoing) -> None:
    with PlainWriter(environment.connection) as writer:
        for one in records:
            writer.send(one)
        writer.flush()


def delete_all(cluster: Cluster, prefix: str) -> None:
    mine = [topic.name(prefix) for topic in ALL]
    cluster.delete(list(cluster.partition_counts(mine)))
    gone = Retrying(retry=retry_if_result(bool), stop=stop_after_delay(30), wait=wait_fixed(0.1))
    gone(lambda: cluster.partition_counts(mine))


def test_what_an_interrupted_restore_leaves_is_worked_on_by_nobody(
    environment: Environment, cluster: Cluster, tmp_path: Path
) -> None:
    ledger = environment.name(CINX.ledger)
    put(environment, Outgoing(ledger, b"a", b"1", 0))
    backup(environment, tmp_path / "copy", quiet)
    delete_all(cluster, environment.prefix)

    def dies(sentence: str) -> None:
        if not sentence.startswith(environment.name(NAMES)):
            raise InterruptedError(sentence)

    with pytest.raises(InterruptedError):
        restore(environment, tmp_path / "copy", dies, **BY)
    assert {found.topic for found in known_losses(environment, cluster)} == set(ALL)
    with pytest.raises(Refused, match="delete what an interrupted restore has left, and run it again"):
        restore(environment, tmp_path / "copy", quiet, **BY)

    delete_all(cluster, environment.prefix)
    restore(environment, tmp_path / "copy", quiet, **BY)
    assert known_losses(environment, cluster) == ()
    (record,) = read_to_end(environment.connection, [Partition(ledger, 0)])
    assert (record.key, record.value) == (b"a", b"1")


def test_no_copy_is_taken_of_what_lies_behind_an_open_transaction(environment: Environment, tmp_path: Path) -> None:
    ledger = environment.name(CINX.ledger)
    killed = Transactions(environment.connection, f"{environment.prefix}killed", timeout_s=60.0)
    killed.fence()
    with killed.transaction() as transaction:
        transaction.send(Outgoing(ledger, b"open", b"1", 0))
        transaction.flush()
        put(environment, Outgoing(ledger, b"behind", b"1", 0))
        with pytest.raises(Refused, match=rf"a transaction is open in {ledger}\[0\]: .*COR_TRANSACTION_TIMEOUT"):
            backup(environment, tmp_path / "copy", quiet)
    killed.close()
    assert not (tmp_path / "copy").exists()
    before = backup(environment, tmp_path / "copy", quiet)
    assert before.records == len(ALL) + 2


def test_no_copy_is_kept_where_a_stage_has_begun_meanwhile(
    environment: Environment, begin: Callable[..., None], tmp_path: Path
) -> None:
    stage, observed = f"{environment.prefix}mapper", environment.name(OBSERVED)
    begin(stage, observed)
    joined = Retrying(retry=retry_if_result(lambda polled: not polled.assigned), stop=stop_after_delay(30))
    opened: list[GroupReader] = []

    def begins(sentence: str) -> None:
        if sentence.startswith(environment.name(DIRECTORY)):
            opened.append(GroupReader(environment.connection, group=stage, topics=[observed], instance=None))
            joined(opened[0].poll, 0.1)

    try:
        with pytest.raises(Refused, match="these have members: mapper"):
            backup(environment, tmp_path / "copy", begins)
    finally:
        for reader in opened:
            reader.close()
    assert list(tmp_path.iterdir()) == []
