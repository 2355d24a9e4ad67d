"""Writes a history that never happened to a Kafka, for ``cor mock``."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from operations.environment import Environment, registry_of
from operations.errors import WrongUsage
from operations.mock.aftermath import Told
from operations.mock.history import Batch, history
from operations.preflight import await_registry
from relay.engine.kafka import Cluster, Outgoing, Partition, Transactions, partition_of
from relay.engine.provision.declared import declared_topics
from relay.engine.topics import ALL, FAMILIES, OBSERVED, Topic

PREFIX = "mock-"
"""What stands before the topics' names where nothing else is said."""

FOR_OTHERS = tuple(topic for topic in ALL if topic.for_others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What was written: committed records by topic, and how many records of aborted transactions lie between them."""

    records: dict[str, int]
    aborted: int


class _Aborted(Exception):
    """Raised within a transaction so that it is aborted."""


def publish(orders: int, seed: int, *, prefix: str = PREFIX, partitions: int | None = None) -> Published:
    """Makes the topics that other services read, registers their schemas where there is a registry, and fills them.

    Every record is the same each time, with its key, headers, time and place. Raises ``WrongUsage`` where a relay
    works under the prefix, or where something stands in the topics already.
    """
    environment = Environment.read()
    environment.connection.wait(environment.settings.patience)
    with Cluster(environment.connection) as cluster:
        _refuse_relay(cluster, prefix)
        wanted = declared_topics(prefix, cluster.brokers(), partitions, environment.settings.largest_message_bytes)
        specs = [wanted[topic.name(prefix)] for topic in FOR_OTHERS]
        cluster.create(specs)
        counts = cluster.partition_counts([spec.name for spec in specs])
        _refuse_filled(cluster, counts)
    _register(environment, prefix)
    return _Writer(environment, prefix, counts).write(orders, seed)


def _refuse_relay(cluster: Cluster, prefix: str) -> None:
    """A relay's prefix is told by the topics that only its stages have: names, poll state, commands and the like."""
    own = sorted(cluster.topics() & {topic.name(prefix) for topic in ALL if not topic.for_others})
    if own:
        raise WrongUsage(
            f"a relay has been provisioned under the prefix {prefix!r} ({own[0]} is there): its services would take "
            "what never happened for true. Name another one with --prefix"
        )


def _refuse_filled(cluster: Cluster, counts: dict[str, int]) -> None:
    for name, count in counts.items():
        ends = cluster.end_offsets([Partition(name, number) for number in range(count)])
        if any(ends.values()):
            raise WrongUsage(f"{name} has records already: name another prefix with --prefix, or delete these topics")


def _register(environment: Environment, prefix: str) -> None:
    registry = registry_of(environment.settings)
    if registry is not None:
        await_registry(environment.settings, threading.Event())
        for topic in (*FOR_OTHERS, *(family.commands for family in FAMILIES.values())):  # A letter holds its command.
            registry.register(topic.name(prefix), topic.record)


class _Writer:
    def __init__(self, environment: Environment, prefix: str, counts: dict[str, int]) -> None:
        self._codec = environment.codec
        self._name: Callable[[Topic], str] = lambda topic: topic.name(prefix)
        self._counts = counts
        self._transactions = Transactions(environment.connection, f"{prefix}mock")

    def write(self, orders: int, seed: int) -> Published:
        written: Counter[str] = Counter()
        aborted = 0
        partitions = self._counts[self._name(OBSERVED)]
        try:
            self._transactions.fence()
            for batch in history(orders, seed, partitions=partitions, name=self._name, encode=self._codec.encode):
                self._transact(batch)
                if batch.aborted:
                    aborted += len(batch.told)
                else:
                    written.update(told.topic.base for told in batch.told)
        finally:
            self._transactions.close()
        return Published(records=dict(written), aborted=aborted)

    def _transact(self, batch: Batch) -> None:
        try:
            with self._transactions.transaction() as transaction:
                for told in batch.told:
                    transaction.send(self._outgoing(told))
                if batch.aborted:
                    transaction.settle()  # Written they are; without that nothing of them would be at the broker.
                    raise _Aborted
        except _Aborted:
            return

    def _outgoing(self, told: Told) -> Outgoing:
        topic = self._name(told.topic)
        return Outgoing(
            topic,
            told.key.encode(),
            None if told.record is None else self._codec.encode(told.record, topic),
            partition_of((told.beside or told.key).encode(), self._counts[topic]),
            told.all_headers,
            timestamp_ms=int(told.at.timestamp() * 1000),
        )
