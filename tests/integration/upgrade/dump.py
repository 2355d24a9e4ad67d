"""A whole installation at one moment as a file: what is on its topics, and what the remotes hold.

One JSON object a line, compressed, the same bytes for the same contents. A line says in ``kind`` what it is: the
``installation`` first, then ``simulator``, ``topic``, ``partition`` (how far it reached), ``record`` and ``offset``
(what a consumer group had committed).
"""

from __future__ import annotations

import gzip
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from deploy.sandbox.shell.json_text import render

Headers = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True)
class Installation:
    """What the topics do not say. ``prefix`` is that of the topics' names.

    ``under_way``: what was not finished, by what it waits for. ``answers``: what ``cor`` said with ``--json``.
    """

    revision: str
    made_at: str
    prefix: str
    partitions: int
    configuration: str
    under_way: Mapping[str, Any]
    answers: Mapping[str, Any]


@dataclass(frozen=True)
class Topic:
    """A topic with its settings, as far as they are its own."""

    name: str
    partitions: int
    settings: Mapping[str, str]


@dataclass(frozen=True)
class Record:
    """One record, where it stood. ``timestamp`` is in milliseconds."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(frozen=True)
class Offset:
    """What a consumer group had committed."""

    group: str
    topic: str
    partition: int
    offset: int
    metadata: str


@dataclass(frozen=True)
class Dump:
    """All of it. ``ends``: the offset after the last one of each partition, transactions' markers among them."""

    installation: Installation
    simulators: Mapping[str, Mapping[str, Any]]
    topics: tuple[Topic, ...]
    ends: Mapping[tuple[str, int], int]
    records: tuple[Record, ...]
    offsets: tuple[Offset, ...]

    def under(self, prefix: str) -> Dump:
        """The same under another prefix of the same length: records name the topics that they came from.

        In Avro a text stands behind its length, so that one of equal length can take its place.
        """
        before = self.installation.prefix
        if len(prefix) != len(before):
            raise ValueError(f"{prefix!r} is not as long as {before!r}")

        def renamed(name: str) -> str:
            return prefix + name.removeprefix(before)

        def rewritten(data: bytes | None) -> bytes | None:
            return None if data is None else data.replace(before.encode(), prefix.encode())

        answers = json.loads(render(self.installation.answers).replace(before, prefix))
        return Dump(
            replace(self.installation, prefix=prefix, answers=answers),
            self.simulators,
            tuple(replace(topic, name=renamed(topic.name)) for topic in self.topics),
            {(renamed(topic), partition): end for (topic, partition), end in self.ends.items()},
            tuple(
                replace(
                    record,
                    topic=renamed(record.topic),
                    key=rewritten(record.key),
                    value=rewritten(record.value),
                    headers=tuple((name, rewritten(value)) for name, value in record.headers),
                )
                for record in self.records
            ),
            tuple(replace(one, group=renamed(one.group), topic=renamed(one.topic)) for one in self.offsets),
        )

    def without(self, topic: str) -> Dump:
        """The same with that topic empty, its offsets as far as they were: ``topic`` is how its name ends."""
        return replace(self, records=tuple(one for one in self.records if not one.topic.endswith(topic)))


def write(dump: Dump, file: Path) -> None:
    """Replaces ``file``."""
    text = "".join(f"{line}\n" for line in _lines(dump))
    with file.open("wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=9, mtime=0) as packed:
        packed.write(text.encode())


def read(file: Path) -> Dump:
    """The dump in ``file``."""
    parts = _Parts()
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line, parse_float=Decimal)
            getattr(parts, row.pop("kind"))(row)
    return parts.whole()


def _lines(dump: Dump) -> Iterator[str]:
    yield render({"kind": "installation", **asdict(dump.installation)})
    for name, simulator in dump.simulators.items():
        yield render({"kind": "simulator", "name": name, **simulator})
    for topic in sorted(dump.topics, key=lambda one: one.name):
        yield render({"kind": "topic", **asdict(topic)})
    for (name, partition), end in sorted(dump.ends.items()):
        yield render({"kind": "partition", "topic": name, "partition": partition, "end": end})
    for record in sorted(dump.records, key=lambda one: (one.topic, one.partition, one.offset)):
        headers = [[name, _text(value)] for name, value in record.headers]
        own = {"key": _text(record.key), "value": _text(record.value), "headers": headers}
        yield render({"kind": "record", **asdict(record), **own})
    for offset in sorted(dump.offsets, key=lambda one: (one.group, one.topic, one.partition)):
        yield render({"kind": "offset", **asdict(offset)})


@dataclass
class _Parts:
    """What has been read; each method takes the lines of its kind."""

    found: list[Installation] = field(default_factory=list)
    simulators: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    topics: list[Topic] = field(default_factory=list)
    ends: dict[tuple[str, int], int] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    offsets: list[Offset] = field(default_factory=list)

    def installation(self, row: dict[str, Any]) -> None:
        self.found.append(Installation(**row))

    def simulator(self, row: dict[str, Any]) -> None:
        self.simulators[row.pop("name")] = row

    def topic(self, row: dict[str, Any]) -> None:
        self.topics.append(Topic(**row))

    def partition(self, row: dict[str, Any]) -> None:
        self.ends[row["topic"], row["partition"]] = row["end"]

    def record(self, row: dict[str, Any]) -> None:
        headers = tuple((name, _bytes(value)) for name, value in row["headers"])
        own = {"key": _bytes(row["key"]), "value": _bytes(row["value"]), "headers": headers}
        self.records.append(Record(**{**row, **own}))

    def offset(self, row: dict[str, Any]) -> None:
        self.offsets.append(Offset(**row))

    def whole(self) -> Dump:
        [installation] = self.found
        topics, records, offsets = tuple(self.topics), tuple(self.records), tuple(self.offsets)
        return Dump(installation, self.simulators, topics, self.ends, records, offsets)


def _text(data: bytes | None) -> str | None:
    return None if data is None else b64encode(data).decode()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else b64decode(text)
