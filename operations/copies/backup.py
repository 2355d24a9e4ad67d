"""Takes the copy: nothing may work meanwhile, so that it is of one moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from operations.copies.copy_file import FORM, CopyWriter, written
from operations.environment import Environment
from operations.errors import Refused
from operations.topics import known_losses
from relay.engine.kafka import Cluster, Partition, TopicsMissing, read_to_end
from relay.engine.topics import ALL, GROUPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """How much a copy holds."""

    topics: int
    records: int
    offsets: int


def backup(environment: Environment, path: Path, say: Callable[[str], None]) -> Copied:
    """Writes everything that is committed to ``path``, and what each group has read.

    Raises ``Refused`` while a stage has members, where a topic was lost or is missing, and where there is a file
    already; ``RecordsWithheld`` where a topic holds what nobody reads.
    """
    with Cluster(environment.connection) as cluster, written(path) as writer:
        refuse_members(environment, cluster)
        if lost := known_losses(environment, cluster):
            raise Refused(f"there is no copy of what is lost: {'; '.join(str(one.sentence) for one in lost)}")
        counts = cluster.partition_counts([environment.name(topic) for topic in ALL])
        if missing := [topic.base for topic in ALL if environment.name(topic) not in counts]:
            raise TopicsMissing(f"not found: {', '.join(missing)}: run `cor topics apply`")
        writer.line("copy", form=FORM, prefix=environment.prefix)
        for topic in ALL:
            name = environment.name(topic)
            say(f"{name}: {counts[name]} partitions")
            for number in range(counts[name]):
                _copy(environment, cluster, writer, Partition(name, number), counts[name])
        offsets = _copy_offsets(environment, cluster, writer)
        return Copied(topics=len(counts), records=writer.records, offsets=offsets)


def refuse_members(environment: Environment, cluster: Cluster) -> None:
    """Raises ``Refused``, with their names, where stages are at work."""
    found = {stage: cluster.members(f"{environment.prefix}{stage}") for stage in GROUPS}
    at_work = [f"{stage} ({one.instance or one.id})" for stage, members in found.items() for one in members]
    if at_work:
        raise Refused(
            f"these have members: {', '.join(at_work)}. Stop every stage; one that has ended counts until its session "
            "is over: wait for that, or see `cor members remove`"
        )


def _copy(environment: Environment, cluster: Cluster, writer: CopyWriter, place: Partition, partitions: int) -> None:
    writer.line("topic", topic=place.topic, partition=place.number, partitions=partitions)
    for record in read_to_end(environment.connection, [place]):
        writer.record(record)
    writer.line("end", offset=cluster.end_offsets([place])[place])


def _copy_offsets(environment: Environment, cluster: Cluster, writer: CopyWriter) -> int:
    count = 0
    for stage in GROUPS:
        group = f"{environment.prefix}{stage}"
        committed = cluster.committed(group)
        told = cluster.committed_metadata(group, list(committed))
        for place, offset in committed.items():
            at = {"topic": place.topic, "partition": place.number, "offset": offset}
            writer.line("offset", group=group, **at, metadata=told.get(place, ""))
            count += 1
    return count
