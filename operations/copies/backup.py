"""Takes the copy: nothing may work meanwhile, so that it is of one moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from operations.copies.copy_file import FORM, CopyWriter, written
from operations.environment import Environment
from operations.errors import Refused
from operations.topics import known_losses
from relay.engine.kafka import Cluster, Partition, TopicsMissing, read_to_end
from relay.engine.topics import ALL, GROUPS

_PATIENCE = 3.0
"""Seconds for the marks of transactions that have ended just now to be written."""

_PAUSE = 0.2
"""Seconds between two looks for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """How much a copy holds."""

    topics: int
    records: int
    offsets: int


def backup(environment: Environment, path: Path, say: Callable[[str], None]) -> Copied:
    """Writes everything that is committed to ``path``, and what each group has read.

    Raises ``Refused`` while a stage has members or a transaction is open, where a topic was lost or is missing, and
    where there is a file already; ``RecordsWithheld`` where a topic holds what nobody reads.
    """
    with Cluster(environment.connection) as cluster, written(path) as writer:
        refuse_members(environment, cluster)
        if lost := known_losses(environment, cluster):
            raise Refused(f"there is no copy of what is lost: {'; '.join(str(one.sentence) for one in lost)}")
        counts = cluster.partition_counts([environment.name(topic) for topic in ALL])
        if missing := [topic.base for topic in ALL if environment.name(topic) not in counts]:
            raise TopicsMissing(f"not found: {', '.join(missing)}: run `cor topics apply`")
        _refuse_open_transactions(
            cluster, [Partition(name, number) for name in counts for number in range(counts[name])]
        )
        offsets = _offsets(environment, cluster)
        writer.line("copy", form=FORM, prefix=environment.prefix)
        for topic in ALL:
            name = environment.name(topic)
            say(f"{name}: {counts[name]} partitions")
            for number in range(counts[name]):
                _copy(environment, cluster, writer, Partition(name, number), counts[name])
        for offset in offsets:
            writer.line("offset", **offset)
        refuse_members(environment, cluster)  # One that has come meanwhile may have written where it was read already.
        return Copied(topics=len(counts), records=writer.records, offsets=len(offsets))


def refuse_members(environment: Environment, cluster: Cluster) -> None:
    """Raises ``Refused``, with their names, where stages are at work."""
    found = {stage: cluster.members(f"{environment.prefix}{stage}") for stage in GROUPS}
    at_work = [f"{stage} ({one.instance or one.id})" for stage, members in found.items() for one in members]
    if at_work:
        raise Refused(
            f"these have members: {', '.join(at_work)}. Stop every stage; one that has ended counts until its session "
            "is over: wait for that, or see `cor members remove`"
        )


def _refuse_open_transactions(cluster: Cluster, places: list[Partition]) -> None:
    """Raises ``Refused`` where records lie behind what is not committed, which nobody would read."""
    until = time.monotonic() + _PATIENCE
    while True:
        written = cluster.written_offsets(places)  # Asked first: what is committed by then is below the other ends.
        committed = cluster.end_offsets(places)
        hidden = sorted(place for place in places if committed[place] < written[place])
        if not hidden:
            return
        if time.monotonic() >= until:
            named = ", ".join(f"{place.topic}[{place.number}]" for place in hidden)
            raise Refused(
                f"a transaction is open in {named}: whoever was killed has left it, and nothing behind it can be read; "
                "try again in COR_TRANSACTION_TIMEOUT seconds"
            )
        time.sleep(_PAUSE)


def _copy(environment: Environment, cluster: Cluster, writer: CopyWriter, place: Partition, partitions: int) -> None:
    writer.line("topic", topic=place.topic, partition=place.number, partitions=partitions)
    for record in read_to_end(environment.connection, [place]):
        writer.record(record)
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
