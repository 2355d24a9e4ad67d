"""Takes the copy: nothing may work or write meanwhile, so that it is of one moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from operations.copies.copy_file import FORM, CopyWriter, written
from operations.copies.named_schemas import NamedSchemas
from operations.environment import Environment
from operations.errors import Refused
from operations.known_losses import known_losses
from relay.engine.kafka import Cluster, Partition, Record, TopicsMissing, read_to_end
from relay.engine.topics import ALL, GROUPS

_PATIENCE = 3.0
"""Seconds for the marks of transactions that have ended just now to be written."""

_PAUSE = 0.2
"""Seconds between two looks for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """How much a copy holds. ``unknown_schemas``: ids in records that nobody can read, whose schemas it lacks."""

    topics: int
    records: int
    offsets: int
    schemas: int
    unknown_schemas: tuple[int, ...] = ()


def backup(environment: Environment, path: Path, say: Callable[[str], None]) -> Copied:
    """Writes everything that is committed to ``path``, what each group has read, and what the registry's ids mean.

    Raises ``Refused`` while a stage has members or a transaction is open, where something was written meanwhile, where
    a topic was lost or is missing, where records were written with a registry and none is named, and where there is a
    file already; ``RecordsWithheld`` where a topic holds what nobody reads; ``RegistryUnreachable`` where the registry
    cannot be asked.
    """
    schemas = NamedSchemas(environment)
    with Cluster(environment.connection) as cluster, written(path) as writer:
        refuse_members(environment, cluster)
        if lost := known_losses(environment, cluster):
            raise Refused(f"there is no copy of what is lost: {'; '.join(str(one.sentence) for one in lost)}")
        counts = cluster.partition_counts([environment.name(topic) for topic in ALL])
        if missing := [topic.base for topic in ALL if environment.name(topic) not in counts]:
            raise TopicsMissing(f"not found: {', '.join(missing)}: run `cor topics apply`")
        places = [Partition(name, number) for name in counts for number in range(counts[name])]
        ends = _settled_ends(cluster, places)
        offsets = _offsets(environment, cluster)
        writer.line("copy", form=FORM, prefix=environment.prefix)
        for topic in ALL:
            name = environment.name(topic)
            say(f"{name}: {counts[name]} partitions")
            for number in range(counts[name]):
                writer.line("topic", topic=name, partition=number, partitions=counts[name])
                for record in _copied(environment, cluster, writer, Partition(name, number)):
                    schemas.see(topic, record.value)
        for offset in offsets:
            writer.line("offset", **offset)
        texts = list(schemas.lines())
        for schema_id, text in texts:
            writer.line("schema", id=schema_id, text=text)
        # Who has come meanwhile may have written where it was read already.
        refuse_members(environment, cluster)
        _refuse_written(ends, cluster.written_offsets(places))
        return Copied(
            topics=len(counts),
            records=writer.records,
            offsets=len(offsets),
            schemas=len(texts),
            unknown_schemas=schemas.unknown,
        )


def refuse_members(environment: Environment, cluster: Cluster) -> None:
    """Raises ``Refused``, with their names, where stages are at work."""
    found = {stage: cluster.members(f"{environment.prefix}{stage}") for stage in GROUPS}
    at_work = [f"{stage} ({one.instance or one.id})" for stage, members in found.items() for one in members]
    if at_work:
        raise Refused(
            f"these have members: {', '.join(at_work)}. Stop every stage; one that has ended counts until its session "
            "is over: wait for that, or see `cor members remove`"
        )


def _settled_ends(cluster: Cluster, places: list[Partition]) -> dict[Partition, int]:
    """Where each ends. Raises ``Refused`` where records lie behind what is not committed, which nobody would read."""
    until = time.monotonic() + _PATIENCE
    while True:
        written = cluster.written_offsets(places)  # Asked first: what is committed by then is below the other ends.
        committed = cluster.end_offsets(places)
        hidden = sorted(place for place in places if committed[place] < written[place])
        if not hidden:
            return written
        if time.monotonic() >= until:
            named = ", ".join(f"{place.topic}[{place.number}]" for place in hidden)
            raise Refused(
                f"a transaction is open in {named}: whoever was killed has left it, and nothing behind it can be read; "
                "try again in COR_TRANSACTION_TIMEOUT seconds"
            )
        time.sleep(_PAUSE)


def _refuse_written(before: Mapping[Partition, int], after: Mapping[Partition, int]) -> None:
    """Raises ``Refused`` where something came while the copy was taken: of what was read before it knows nothing."""
    if moved := sorted({place.topic for place in before if after[place] != before[place]}):
        raise Refused(
            f"this was written to meanwhile: {', '.join(moved)}. No stage works, so it was a command, or a page on "
            "which people decide: the copy would be of no one moment. Let nobody write, and take it again"
        )


def _copied(environment: Environment, cluster: Cluster, writer: CopyWriter, place: Partition) -> Iterator[Record]:
    """Writes what a partition holds, and hands each record out as well."""
    for record in read_to_end(environment.connection, [place]):
        writer.record(record)
        yield record
    writer.line("end", offset=cluster.end_offsets([place])[place])


def _offsets(environment: Environment, cluster: Cluster) -> list[dict[str, object]]:
    """What each group has committed, and noted beside that."""
    found: list[dict[str, object]] = []
    for stage in GROUPS:
        group = f"{environment.prefix}{stage}"
        committed = cluster.committed(group)
        told = cluster.committed_metadata(group, list(committed))
        for place, offset in committed.items():
            at = {"topic": place.topic, "partition": place.number, "offset": offset}
            found.append({"group": group, **at, "metadata": told.get(place, "")})
    return found
