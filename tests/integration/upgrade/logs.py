"""Topics as they are on a cluster, and the same again on another: each record at the offset at which it stood.

Records name each other by topic, partition and offset, and consumer groups go on from offsets, so none may move.
Between the records there are offsets that no reader sees: the marks that end transactions, and records that were
aborted. A single one behind records is made by writing these in a transaction; more are an aborted one, with records
enough to fill them up to its own mark.

Only Kafka's client is used here, nothing of the product.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic
from kafka.structs import OffsetAndMetadata

from tests.integration.upgrade.dump import Dump, Offset, Record, Topic

MEBIBYTE = 1024 * 1024
LARGEST = 12 * MEBIBYTE
_TEN_YEARS_MS = str(10 * 365 * 86_400_000)
FOR_EVER = {"retention.ms": "-1", "segment.ms": _TEN_YEARS_MS, "min.compaction.lag.ms": _TEN_YEARS_MS}
"""Of every topic that is made again: by their age all records of an old dump would be past its retention, and what is
written beside them now would close segments, so that older values of a key were gone before they are looked for."""

PADDING = b"aborted, so that the next record has its offset"


class Unmade(Exception):
    """The topics cannot be made again as they were, or have not become so; the message says where."""


# -- reading


def topics(servers: str, prefix: str) -> tuple[Topic, ...]:
    """The topics whose names begin with ``prefix``."""
    admin = KafkaAdminClient(bootstrap_servers=servers)
    try:
        names = sorted(name for name in admin.list_topics() if name.startswith(prefix))
        counts = {row["name"]: len(row["partitions"]) for row in admin.describe_topics(names)}
        return tuple(Topic(name, counts[name], _settings(admin, name)) for name in names)
    finally:
        admin.close()


def offsets(servers: str, prefix: str) -> tuple[Offset, ...]:
    """What the groups whose names begin with ``prefix`` have committed."""
    admin = KafkaAdminClient(bootstrap_servers=servers)
    try:
        groups = [row["group_id"] for row in admin.list_groups() if row["group_id"].startswith(prefix)]
        return tuple(
            Offset(group, place.topic, place.partition, committed.offset, committed.metadata or "")
            for group in groups
            for place, committed in admin.list_group_offsets(group)[group].items()
        )
    finally:
        admin.close()


def records(servers: str, found: Iterable[Topic]) -> tuple[tuple[Record, ...], dict[tuple[str, int], int]]:
    """All records that a transaction has committed, and the end of each partition.

    Raises :class:`Unmade` where a transaction is open, or where the beginning is gone.
    """
    places = [TopicPartition(topic.name, number) for topic in found for number in range(topic.partitions)]
    consumer = _consumer(servers, "read_committed")
    raw = _consumer(servers, "read_uncommitted")
    try:
        consumer.assign(places)
        consumer.seek_to_beginning()
        ends, written = consumer.end_offsets(places), raw.end_offsets(places)
        if open_ones := [place for place in places if ends[place] != written[place]]:
            raise Unmade(f"a transaction is open in {open_ones}")
        if gone := [place for place, first in consumer.beginning_offsets(places).items() if first]:
            raise Unmade(f"the first records are gone of {gone}")
        read = tuple(_until(consumer, ends))
        return read, {(place.topic, place.partition): end for place, end in ends.items()}
    finally:
        consumer.close()
        raw.close()


def _consumer(servers: str, isolation: str) -> Any:
    return KafkaConsumer(
        bootstrap_servers=servers,
        isolation_level=isolation,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=LARGEST,
    )


def _until(consumer: Any, ends: Mapping[Any, int]) -> Iterator[Record]:
    while any(consumer.position(place) < end for place, end in ends.items()):
        for rows in consumer.poll(timeout_ms=500).values():
            for row in rows:
                headers = tuple((name, value) for name, value in row.headers)
                yield Record(row.topic, row.partition, row.offset, row.timestamp, row.key, row.value, headers)


def _settings(admin: Any, topic: str) -> dict[str, str]:
    described = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    return {name: str(row["value"]) for name, row in sorted(described["topic"][topic].items())}


# -- making again


def make(servers: str, dump: Dump) -> None:
    """Topics, records and committed offsets of ``dump``. Raises :class:`Unmade` if they are not as they were."""
    admin = KafkaAdminClient(bootstrap_servers=servers)
    try:
        admin.create_topics(
            [NewTopic(one.name, one.partitions, 1, topic_configs={**one.settings, **FOR_EVER}) for one in dump.topics]
        )
    finally:
        admin.close()
    _write(servers, dump)
    for group, committed in _by_group(dump.offsets).items():
        _commit(servers, group, committed)
    found, ends = records(servers, dump.topics)
    if ends != dump.ends:
        raise Unmade(f"ends {ends}, not {dump.ends}")
    if differing := set(found) ^ set(dump.records):
        places = sorted({(one.topic, one.partition, one.offset) for one in differing})
        raise Unmade(f"{len(differing)} records differ, at {places[:5]}; read {len(found)} of {len(dump.records)}")
    if set(offsets(servers, dump.installation.prefix)) != set(dump.offsets):
        raise Unmade("the committed offsets differ")


@dataclass(frozen=True)
class _Run:
    """Records that follow each other without a gap, how many offsets behind them hold none, and the next one."""

    records: tuple[Record, ...]
    gap: int
    next_offset: int


def _write(servers: str, dump: Dump) -> None:
    """All partitions side by side, run by run."""
    by_place: dict[tuple[str, int], list[Record]] = defaultdict(list)
    for record in dump.records:
        by_place[record.topic, record.partition].append(record)
    waiting = {place: deque(_runs(place, by_place[place], end)) for place, end in dump.ends.items()}
    common: dict[str, Any] = {"bootstrap_servers": servers, "acks": "all", "max_request_size": LARGEST}
    plain = KafkaProducer(enable_idempotence=True, **common)
    transactional = KafkaProducer(transactional_id=f"{dump.installation.prefix}made-again", **common)
    stable = _consumer(servers, "read_committed")
    try:
        transactional.init_transactions()
        while any(waiting.values()):
            step = {place: runs.popleft() for place, runs in waiting.items() if runs}
            _write_step(plain, transactional, step)
            _await_ends(stable, {TopicPartition(*place): run.next_offset for place, run in step.items()})
    finally:
        plain.close()
        transactional.close()
        stable.close()


def _write_step(plain: Any, transactional: Any, step: Mapping[tuple[str, int], _Run]) -> None:
    ended = [run for run in step.values() if run.gap == 1]
    _send(plain, [record for run in step.values() if run.gap != 1 for record in run.records])
    if ended:
        transactional.begin_transaction()
        _send(transactional, [record for run in ended for record in run.records])
        transactional.commit_transaction()
    padded = {place: run.gap - 1 for place, run in step.items() if run.gap > 1}
    if padded:
        transactional.begin_transaction()
        for (topic, partition), count in padded.items():
            for _ in range(count):
                transactional.send(topic, PADDING, partition=partition, key=b"aborted")
        transactional.flush()  # What has not been sent when a transaction is aborted never is.
        transactional.abort_transaction()


def _await_ends(stable: Any, expected: Mapping[Any, int]) -> None:
    """Until the marks stand: a broker answers the end of a transaction before it writes them, and a record that no
    transaction holds would come to stand before a mark that belongs in front of it."""
    until = time.monotonic() + 30
    while (ends := stable.end_offsets(list(expected))) != expected:
        if time.monotonic() > until:
            late = {place: (ends[place], end) for place, end in expected.items() if ends[place] != end}
            raise Unmade(f"partitions do not end where they should, as (found, expected): {late}")
        time.sleep(0.01)


def _send(producer: Any, batch: Iterable[Record]) -> None:
    def send(one: Record) -> Any:
        at = {"partition": one.partition, "timestamp_ms": one.timestamp}
        return producer.send(one.topic, one.value, one.key, headers=list(one.headers), **at)

    sent = [send(one) for one in batch]
    producer.flush()
    for future in sent:
        future.get(timeout=30)


def _runs(place: tuple[str, int], found: list[Record], end: int) -> Iterator[_Run]:
    run: list[Record] = []
    at = 0
    for record in [*sorted(found, key=lambda one: one.offset), None]:
        offset = end if record is None else record.offset
        if gap := offset - at:
            if gap == 1 and not run:
                raise Unmade(f"nothing can be written for offset {at} of {place}: a mark stands behind records")
            yield _Run(tuple(run), gap, offset)
            run = []
        at = offset + 1
        if record is not None:
            run.append(record)
    if run:
        yield _Run(tuple(run), 0, end)


def _commit(servers: str, group: str, committed: Mapping[Any, Any]) -> None:
    """By a consumer, which waits for a coordinator that the cluster has yet to choose."""
    consumer = KafkaConsumer(bootstrap_servers=servers, group_id=group, enable_auto_commit=False)
    try:
        consumer.assign(list(committed))
        consumer.commit(committed)
    finally:
        consumer.close()


def _by_group(committed: Iterable[Offset]) -> dict[str, dict[Any, Any]]:
    groups: dict[str, dict[Any, Any]] = defaultdict(dict)
    for one in committed:
        groups[one.group][TopicPartition(one.topic, one.partition)] = OffsetAndMetadata(one.offset, one.metadata, -1)
    return groups


def remove(servers: str, dump: Dump) -> None:
    """Deletes what :func:`make` made, as far as it came."""
    admin = KafkaAdminClient(bootstrap_servers=servers)
    try:
        there = set(admin.list_topics())
        admin.delete_topics([one.name for one in dump.topics if one.name in there])
    finally:
        admin.close()
