"""Lanes and inboxes whose limits were lowered below what they hold: that could be neither received nor settled."""

from __future__ import annotations

from collections.abc import Mapping

from relay.domain.failures import Fatal
from relay.engine.kafka import Cluster, Connection, Outgoing, Partition, Record, read_to_end
from relay.engine.sizes import limits, target_sizes
from relay.engine.topics import WRITERS, Family, Topic


def refuse_outgrown(connection: Connection, cluster: Cluster, prefix: str) -> None:
    """Raises ``Fatal`` where a command that is not received yet, or a record of an inbox, has outgrown the inbox.

    Only topics that take less than is declared are read, lanes from where the writer's group stands.
    """
    for stage, family in WRITERS.items():
        counts = cluster.partition_counts([topic.name(prefix) for topic in family.all])
        if len(counts) == len(family.all) and _is_lowered(cluster, prefix, family):
            every = [
                Partition(topic.name(prefix), number)
                for topic in family.lanes
                for number in range(counts[topic.name(prefix)])
            ]
            committed = {} if not every else cluster.committed(f"{prefix}{stage}", every)
            _refuse(connection, cluster, prefix, family, _starts(cluster, every, committed))


def _is_lowered(cluster: Cluster, prefix: str, family: Family) -> bool:
    found = limits(cluster, prefix, family.all)
    return any(limit < topic.max_message_bytes for topic, limit in found.items())


def _starts(cluster: Cluster, partitions: list[Partition], committed: Mapping[Partition, int]) -> dict[Partition, int]:
    """Where what is not received yet begins; what retention has passed is none of it."""
    first = cluster.beginning_offsets(partitions)
    return {partition: max(first[partition], committed.get(partition, 0)) for partition in partitions}


def _refuse(
    connection: Connection, cluster: Cluster, prefix: str, family: Family, starts: Mapping[Partition, int]
) -> None:
    inbox = family.inbox.name(prefix)
    kept = [Partition(inbox, number) for number in range(cluster.partitions(inbox))]
    largest_kept = limits(cluster, prefix, [family.inbox])[family.inbox]
    largest_command = target_sizes(cluster, prefix, family).limit
    newest: dict[tuple[Partition, bytes | None], Record] = {}
    for record in read_to_end(connection, kept):
        newest[Partition(record.topic, record.partition), record.key] = record
    for record in newest.values():
        _refuse_record(record, largest_kept, family.inbox, prefix)
    for record in read_to_end(connection, list(starts), start=starts, pass_over=lambda _: None):
        _refuse_record(record, largest_command, family.inbox, prefix)


def _refuse_record(record: Record, largest: int, inbox: Topic, prefix: str) -> None:
    size = Outgoing(record.topic, record.key, record.value, headers=record.headers).size
    if size > largest:
        raise Fatal(
            f"the record at offset {record.offset} of {record.topic}[{record.partition}] takes {size} bytes, and the "
            f"limits of {inbox.name(prefix)} and its lanes (max.message.bytes) let the writer keep at most {largest}: "
            "raise them again until it is settled, then lower them"
        )
