"""The file: one JSON object a line, compressed, in the order in which it is put back.

``kind`` says what a line is: the ``copy`` first; then each partition of each ``topic``, its ``record``s in order and
behind them its ``end``; then each ``offset`` that a group had committed; then each ``schema`` that a record names by
its id in a schema registry (none without one); and at the very end ``whole``, with the number of records, by which a
file that was cut off is told.
"""

from __future__ import annotations

import gzip
import json
import uuid
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from operations.errors import Refused
from relay.engine.kafka import Outgoing, Record

FORM = 1
"""Raised when a file is read otherwise than before."""

Line = dict[str, Any]


class CopyWriter:
    """Writes a copy line by line. ``records`` counts."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.records = 0

    def line(self, kind: str, **values: object) -> None:
        """One line."""
        self._file.write(json.dumps({"kind": kind, **values}, separators=(",", ":")) + "\n")

    def record(self, record: Record) -> None:
        """One record of the partition that was begun."""
        self.records += 1
        headers = [[name, _text(value)] for name, value in record.headers]
        self.line(
            "record",
            offset=record.offset,
            timestamp=record.timestamp_ms,
            key=_text(record.key),
            value=_text(record.value),
            headers=headers,
        )


@contextmanager
def written(path: Path) -> Iterator[CopyWriter]:
    """A new file, which has its name only once it is whole; of any other nothing stays.

    Raises ``Refused`` where there is one, or where another was written by that name meanwhile.
    """
    if path.exists():
        raise _taken(path)
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.partial")  # Its own: two may be under way.
    try:
        with gzip.open(partial, "xt", encoding="utf-8", compresslevel=6) as file:
            writer = CopyWriter(file)
            yield writer
            writer.line("whole", records=writer.records)
        _name(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _name(partial: Path, path: Path) -> None:
    """Gives the file its name. Raises ``Refused`` where there is one of that name.

    An empty file claims the name for that moment: not every file system has hard links, and renaming alone would put
    the file in the other's place.
    """
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        raise _taken(path) from None
    try:
        partial.replace(path)
    except BaseException:
        path.unlink()
        raise


def _taken(path: Path) -> Refused:
    return Refused(f"{path} is there already: name another file")


def lines_of(path: Path) -> Iterator[Line]:
    """The lines, without the last one. Raises ``Refused`` for what is no copy, or not the whole of one."""
    seen, ended = 0, False
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for text in file:
                line: Line = json.loads(text)
                if line["kind"] == "whole":
                    ended = line["records"] == seen
                    break
                seen += line["kind"] == "record"
                yield line
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise Refused(f"{path} cannot be read as a copy: {error}") from error
    if not ended:
        raise Refused(f"{path} is not the whole of a copy ({seen} records): take the file that `cor backup` has named")


def outgoing_of(line: Mapping[str, Any], topic: str, partition: int) -> Outgoing:
    """A record as it is written again. What has neither key nor value, no client writes: its value is empty then."""
    key, value = _bytes(line["key"]), _bytes(line["value"])
    return Outgoing(
        topic,
        key,
        b"" if key is None and value is None else value,
        partition,
        tuple((name, _bytes(value)) for name, value in line["headers"]),
        line["timestamp"],
    )


def _text(data: bytes | None) -> str | None:
    return None if data is None else b64encode(data).decode()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else b64decode(text)
