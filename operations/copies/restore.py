"""Puts a copy back on a cluster that has none of the topics yet: each record at the offset at which it stood."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Self

from operations.copies.backup import Copied, refuse_members
from operations.copies.copy_file import FORM, Line, lines_of, outgoing_of
from operations.copies.named_schemas import refuse_other_meanings
from operations.environment import Environment
from operations.errors import Refused
from operations.known_losses import known_losses
from operations.topics import Acceptance, accept_topics
from operations.written_versions import write_what_all_read
from relay.domain.failures import Fatal
from relay.engine.kafka import Cluster, Outgoing, Partition, PlainWriter, Transactions
from relay.engine.provision.declared import declared_topics
from relay.engine.topics import ALL, NAMES
from schemas import Schema

_AT_ONCE = 5_000
"""Records of one transaction that fills offsets up."""

_PATIENCE = 30.0
"""Seconds for the mark of a transaction to be written."""

_PAUSE = 0.005
"""Seconds between two looks at it."""

_FILLING = b"fills an offset that held no record"


class _Aborted(Exception):
    """Ends a transaction that is not to stand."""


def restore(environment: Environment, path: Path, say: Callable[[str], None], *, who: str, why: str) -> Copied:
    """Makes the topics, writes what ``path`` holds, sets the groups' offsets, and takes the topics' new ids, which the
    audit tells.

    The topic of names stands before any other is there: its ids are of the old topics, so that where this is cut off
    nothing works on what it has left.

    Raises ``Refused`` for a file that is no whole copy, or of another prefix, where there is a topic already, and where
    the registry gives the records' ids another meaning; ``RegistryFailure`` where it cannot be asked, or lacks what is
    written at the end. All of that before anything is made.
    """
    partitions, schemas = _contents_of(environment, path)
    refuse_other_meanings(environment, schemas)
    with Cluster(environment.connection) as cluster:
        refuse_members(environment, cluster)
        _refuse_remains(cluster, partitions)
        names = {environment.name(NAMES)}
        with _Rewriting(environment, cluster) as rewriting:
            for topics in (names, partitions.keys() - names):
                _make(environment, cluster, {topic: partitions[topic] for topic in topics})
                rewriting.all(_lines_about(path, topics), say)
        offsets = _set_offsets(cluster, rewriting.offsets)
        _take_ids(environment, cluster, who, why)
    return Copied(topics=len(partitions), records=rewriting.records, offsets=offsets, schemas=len(schemas))


def _contents_of(environment: Environment, path: Path) -> tuple[dict[str, int], dict[int, Schema]]:
    """The topics of a copy with how many partitions each has, and the schemas by the ids that its records name.

    The whole file is read for it. A copy of records without ids has no schemas.
    """
    lines = lines_of(path)
    first = next(lines, {"kind": "nothing"})
    if first["kind"] != "copy" or first["form"] != FORM:
        raise Refused(f"{path} is no copy that this release reads")
    if first["prefix"] != environment.prefix:
        raise Refused(
            f"{path} is of topics that begin with {first['prefix']!r}, and records name them so: set COR_TOPIC_PREFIX"
        )
    found: dict[str, int] = {}
    schemas: dict[int, Schema] = {}
    for line in lines:
        if line["kind"] == "topic":
            found[line["topic"]] = int(line["partitions"])
        elif line["kind"] == "schema":
            schemas[int(line["id"])] = json.loads(line["text"])
    unknown = found.keys() ^ {environment.name(topic) for topic in ALL}
    if unknown:
        raise Refused(f"{path} is of another release: it differs in {', '.join(sorted(unknown))}")
    return found, schemas


def _lines_about(path: Path, topics: Collection[str]) -> Iterator[Line]:
    """What a copy holds of some topics, and of what groups have read of them."""
    taken = False
    for line in lines_of(path):
        if line["kind"] in {"topic", "offset"}:
            taken = line["topic"] in topics
        elif line["kind"] == "schema":
            taken = False
        if taken:
            yield line


def _refuse_remains(cluster: Cluster, partitions: dict[str, int]) -> None:
    if there := cluster.partition_counts(list(partitions)):
        raise Refused(
            f"there is something already: {', '.join(sorted(there))}. A copy is put back where none of its topics is: "
            "delete what an interrupted restore has left, and run it again"
        )


def _make(environment: Environment, cluster: Cluster, partitions: dict[str, int]) -> None:
    largest = environment.settings.largest_message_bytes
    declared = declared_topics(environment.prefix, cluster.brokers(), largest_message=largest)
    cluster.create(replace(declared[name], partitions=count) for name, count in partitions.items())


def _set_offsets(cluster: Cluster, lines: Iterable[Line]) -> int:
    """Sets them; returns how many there are. Beside each stands what the group had noted with it."""
    groups: dict[str, dict[Partition, Line]] = defaultdict(dict)
    for line in lines:
        groups[line["group"]][Partition(line["topic"], line["partition"])] = line
    for group, found in groups.items():
        told = {place: line["metadata"] for place, line in found.items()}
        cluster.reset_offsets(group, {place: line["offset"] for place, line in found.items()}, told)
    return sum(map(len, groups.values()))


def _take_ids(environment: Environment, cluster: Cluster, who: str, why: str) -> None:
    """Those that were written down are of the other cluster's topics."""
    write_what_all_read(environment)
    lost = known_losses(environment, cluster)
    names = tuple(environment.name(found.topic) for found in lost)
    accept_topics(environment, lost, cluster.topic_ids(names), Acceptance(topics=names, who=who, why=why))


class _Rewriting:
    """Writes partition after partition.

    Between records there are offsets that no reader sees: the marks that end transactions, and what was aborted or
    compacted away. A single one behind records is made by writing these in a transaction, more by one that is aborted.
    """

    def __init__(self, environment: Environment, cluster: Cluster) -> None:
        self._cluster = cluster
        self._plain = PlainWriter(environment.connection)
        self._transactions = Transactions(environment.connection, f"{environment.prefix}cor-restore", timeout_s=60.0)
        self.offsets: list[Line] = []
        self.records = 0

    def __enter__(self) -> Self:
        self._transactions.fence()
        return self

    def __exit__(self, *_: object) -> None:
        self._plain.close()
        self._transactions.close()

    def all(self, lines: Iterator[Line], say: Callable[[str], None]) -> None:
        """Everything but the groups' offsets, which are kept."""
        for line in lines:
            if line["kind"] == "topic":
                place = Partition(line["topic"], line["partition"])
                say(f"{place.topic}[{place.number}]")
                self._partition(place, lines)
            else:
                self.offsets.append(line)

    def _partition(self, place: Partition, lines: Iterator[Line]) -> None:
        run: list[Outgoing] = []
        at = 0
        for line in lines:
            record = outgoing_of(line, *place) if line["kind"] == "record" else None
            if gap := line["offset"] - at:
                self._leave(place, run, gap, record)
                run = []
            elif len(run) > _AT_ONCE:  # The last one stays: what is next to it is not known yet.
                self._write(run[:-1])
                run = run[-1:]
            if record is None:
                self._write(run)
                return
            run.append(record)
            self.records += 1
            at = line["offset"] + 1

    def _leave(self, place: Partition, run: list[Outgoing], gap: int, following: Outgoing | None) -> None:
        """Writes ``run``, and so many offsets behind it that hold nothing."""
        before = self._cluster.end_offsets([place])[place]
        if gap == 1 and run:
            with self._transactions.transaction() as transaction:
                for one in run:
                    transaction.send(one)
        elif gap == 1:
            # A mark stands behind something. What was there first was of the same key, or has passed: the next one
            # stands twice, as after a crash.
            self._write([] if following is None else [following])
            return
        else:
            self._write(run)
            self._fill(place, gap)
        self._await_end(place, before + len(run) + gap)

    def _fill(self, place: Partition, gap: int) -> None:
        """Transactions that are aborted, each with its mark; none of them may be left with the mark alone."""
        end = self._cluster.end_offsets([place])[place]
        while gap:
            taken = min(gap, _AT_ONCE + 1)
            taken -= gap - taken == 1
            with suppress(_Aborted), self._transactions.transaction() as transaction:
                for _ in range(taken - 1):
                    transaction.send(Outgoing(place.topic, _FILLING, _FILLING, place.number))
                transaction.flush()  # What has not been sent when a transaction is aborted never is.
                raise _Aborted
            gap, end = gap - taken, end + taken
            self._await_end(place, end)

    def _write(self, run: list[Outgoing]) -> None:
        for one in run:
            self._plain.send(one)
        self._plain.flush()

    def _await_end(self, place: Partition, expected: int) -> None:
        """Until the mark stands: Kafka answers the end of a transaction before it has written that everywhere."""
        until = time.monotonic() + _PATIENCE
        while (end := self._cluster.end_offsets([place])[place]) != expected:
            if time.monotonic() > until:
                raise Fatal(
                    f"{place.topic}[{place.number}] ends at offset {end} and not at {expected}: somebody else writes "
                    "there. Delete the topics, and put the copy back where nobody does"
                )
            time.sleep(_PAUSE)
