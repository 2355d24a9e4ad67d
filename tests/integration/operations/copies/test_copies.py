"""Copies of all topics on one Kafka: what stops one, what a registry must know, what an interrupted restore leaves."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from operations.copies.backup import backup
from operations.copies.copy_file import lines_of
from operations.copies.restore import restore
from operations.environment import Environment, codec_of, connection_of
from operations.errors import Refused
from operations.known_losses import known_losses
from relay.domain.failures import Fatal
from relay.domain.record_types import RECORD_TYPES
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
from relay.engine.topics import ALL, CINX, DIRECTORY, LETTERS, NAMES, OBSERVED
from schemas import RegistryUnreachable, published
from schemas.registry import Registry, subject_of
from tests.unit.schemas.samples import SAMPLES
from tests.unit.schemas.small_registry import SmallRegistry, listening

AT = datetime(2026, 3, 2, 14, 5, 6, tzinfo=UTC)
BY = {"who": "anna", "why": "the disk of March is gone"}


def quiet(sentence: str) -> None:
    pass


@pytest.fixture
def environment(connection: Connection, cluster: Cluster, prefix: str) -> Environment:
    """All topics, whose ids are written down."""
    apply(cluster, prefix, partitions=1)
    environment = named(connection, prefix)
    write_ids(environment, cluster)
    return environment


def named(connection: Connection, prefix: str, registry: str | None = None) -> Environment:
    """Surroundings with a registry, or without one."""
    known = {"COR_KAFKA_BOOTSTRAP_SERVERS": connection.bootstrap_servers, "COR_TOPIC_PREFIX": prefix}
    settings = read_settings(known if registry is None else {**known, "COR_SCHEMA_REGISTRY_URL": registry})
    return Environment(settings, connection_of(settings), codec_of(settings))


def write_ids(environment: Environment, cluster: Cluster) -> None:
    connection, prefix = environment.connection, environment.prefix
    ids = cluster.topic_ids([topic.name(prefix) for topic in ALL])
    topics = [(topic.base, ids[topic.name(prefix)]) for topic in ALL]
    record_names(connection, environment.codec, prefix, accounts=(), targets=(), topics=topics, now=AT)


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


def test_no_copy_is_taken_of_what_a_command_writes_to_meanwhile(environment: Environment, tmp_path: Path) -> None:
    """Without stages there are still people: what they decide lies on several topics in one transaction."""
    letters = environment.name(LETTERS)

    def decide(sentence: str) -> None:
        if sentence.startswith(f"{letters}:"):
            put(environment, Outgoing(letters, b"a", None, 0))

    with pytest.raises(Refused, match=rf"written to meanwhile: {letters}\. .* take it again"):
        backup(environment, tmp_path / "copy", decide)
    assert not (tmp_path / "copy").exists()
    backup(environment, tmp_path / "copy", quiet)


@dataclass
class Registered:
    """Records of an installation that was upgraded once: its registry knows the later versions by later ids."""

    environment: Environment
    registry: SmallRegistry

    def at(self, url: str | None) -> Environment:
        """The same relay with another registry, or with none."""
        return named(self.environment.connection, self.environment.prefix, url)


@pytest.fixture
def upgraded(connection: Connection, cluster: Cluster, prefix: str) -> Iterator[Registered]:
    """A record on each topic, written with the registry, and the topics' ids."""
    registry = SmallRegistry()
    with listening(registry) as url:
        for topic in ALL:
            registry.add(subject_of(topic.name(prefix)), published(topic.record)[0].text)
        register_all(url, prefix)
        apply(cluster, prefix, partitions=1)
        environment = named(connection, prefix, url)
        write_ids(environment, cluster)
        for topic in ALL:
            if topic != NAMES:
                name = topic.name(prefix)
                put(environment, Outgoing(name, b"a", environment.codec.encode(SAMPLES[topic.record], name), 0))
        yield Registered(environment, registry)


def register_all(url: str, prefix: str) -> None:
    """As `cor schemas register`."""
    for topic in ALL:
        Registry(url).register(topic.name(prefix), topic.record)


def test_nothing_is_put_back_where_a_registry_gives_ids_another_meaning(
    upgraded: Registered, cluster: Cluster, tmp_path: Path
) -> None:
    prefix = upgraded.environment.prefix
    backup(upgraded.environment, tmp_path / "copy", quiet)
    delete_all(cluster, prefix)
    mine = [topic.name(prefix) for topic in ALL]
    with listening(SmallRegistry()) as url:
        with pytest.raises(Refused, match=rf"registry at {url} .*, nothing there.*Nothing was written"):
            restore(upgraded.at(url), tmp_path / "copy", quiet, **BY)
        assert not cluster.partition_counts(mine)
        register_all(url, prefix)
        with pytest.raises(Refused, match=r"\(\d+ is \w+ \d+ in the copy, \w+ \d+ there.*Nothing was"):
            restore(upgraded.at(url), tmp_path / "copy", quiet, **BY)
    with pytest.raises(Refused, match="Set COR_SCHEMA_REGISTRY_URL"):
        restore(upgraded.at(None), tmp_path / "copy", quiet, **BY)
    with pytest.raises(RegistryUnreachable):
        restore(upgraded.at(url), tmp_path / "copy", quiet, **BY)
    assert not cluster.partition_counts(mine)


def test_records_are_put_back_where_the_registry_knows_their_ids(
    upgraded: Registered, cluster: Cluster, tmp_path: Path
) -> None:
    prefix = upgraded.environment.prefix
    taken = backup(upgraded.environment, tmp_path / "copy", quiet)
    assert taken.schemas == len({topic.record for topic in ALL})
    assert taken.unknown_schemas == ()
    delete_all(cluster, prefix)
    held = {int(line["id"]): line["text"] for line in lines_of(tmp_path / "copy") if line["kind"] == "schema"}
    # What a person makes of the copy's lines, and `cor schemas register` behind that.
    imported = SmallRegistry()
    imported.schemas |= dict.fromkeys(range(1, max(held)), '"string"') | held
    with listening(imported) as url:
        register_all(url, prefix)
        there = upgraded.at(url)
        put_back = restore(there, tmp_path / "copy", quiet, **BY)
        assert (put_back.records, put_back.schemas) == (taken.records, taken.schemas)
        assert known_losses(there, cluster) == ()
        for topic in (OBSERVED, LETTERS, *CINX.all):
            (record,) = read_to_end(there.connection, [Partition(topic.name(prefix), 0)])
            assert there.codec.decode(record.value or b"", RECORD_TYPES[topic.record]) == SAMPLES[topic.record]


def test_a_copy_that_was_taken_before_copies_held_schemas_is_put_back(
    upgraded: Registered, cluster: Cluster, tmp_path: Path
) -> None:
    there = upgraded.environment
    taken = backup(there, tmp_path / "copy", quiet)
    with gzip.open(tmp_path / "copy", "rt") as new, gzip.open(tmp_path / "older", "wt") as older:
        older.writelines(line for line in new if '"kind":"schema"' not in line)
    delete_all(cluster, there.prefix)
    put_back = restore(there, tmp_path / "older", quiet, **BY)
    assert (put_back.records, put_back.schemas) == (taken.records, 0)
    assert known_losses(there, cluster) == ()


def test_no_copy_is_taken_without_the_registry_that_was_written_with(upgraded: Registered, tmp_path: Path) -> None:
    with pytest.raises(Fatal, match="set COR_SCHEMA_REGISTRY_URL"):
        backup(upgraded.at(None), tmp_path / "copy", quiet)
    assert list(tmp_path.iterdir()) == []


def test_a_copy_without_ids_needs_no_registry_and_names_none(
    environment: Environment, cluster: Cluster, tmp_path: Path
) -> None:
    taken = backup(environment, tmp_path / "copy", quiet)
    assert taken.schemas == 0
    assert "schema" not in {line["kind"] for line in lines_of(tmp_path / "copy")}
    delete_all(cluster, environment.prefix)
    assert restore(environment, tmp_path / "copy", quiet, **BY).records == taken.records
    assert known_losses(environment, cluster) == ()
