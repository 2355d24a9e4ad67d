"""Whether records written with one schema can be read with another (Avro specification, 'Schema Resolution').

Stricter than Avro in three points, because old records are replayed: a word or symbol that was
once published must stay, even where a default would stand in for it; a logical type and its scale
must not change; and numbers are not promoted to ``float`` or ``double``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastavro.schema import parse_schema

from schemas.catalog import RECORDS, Schema, published, schema
from schemas.framing import canonical_form

_WIDENED = {("int", "long"), ("string", "bytes"), ("bytes", "string")}
_STATED = ("logicalType", "precision", "scale")


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """One reason why a reader cannot read what a writer wrote. ``path`` leads to it inside the record."""

    path: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incompatibility:
    """A break between the current schema of a record and one of its published versions."""

    record: str
    version: int
    path: str
    why: str


def incompatibilities(record: str, candidate: Schema | None = None) -> list[Incompatibility]:
    """Breaks of BACKWARD_TRANSITIVE: the current schema (or ``candidate``) against every published version."""
    reader = candidate or schema(record)
    return [
        Incompatibility(record=record, version=version.version, path=one.path, why=one.why)
        for version in published(record)
        for one in breaks(reader, version.schema)
    ]


def all_incompatibilities() -> list[Incompatibility]:
    """The same for every record; empty when all is well."""
    return [found for record in RECORDS for found in incompatibilities(record)]


def unpublished() -> list[str]:
    """Records whose current schema is not, word for word, their newest published version."""
    return [record for record in RECORDS if schema(record) != published(record)[-1].schema]


def read_alike(one: Schema, other: Schema) -> bool:
    """Whether bytes mean the same by both. Documentation may differ, and so may the JSON that says the same."""
    if one == other:
        return True
    # The canonical form leaves out what else decides: logical types, scales, words.
    return canonical_form(one) == canonical_form(other) and not breaks(one, other) and not breaks(other, one)


def breaks(reader: Schema, writer: Schema) -> list[Break]:
    """Every reason why ``reader`` cannot read records that were written with ``writer``.

    Raises ``fastavro``'s errors for what is no Avro schema.
    """
    pair = _Pair(_Names(reader), _Names(writer))
    return list(pair.between(pair.reader.whole, pair.writer.whole, ""))


class _Names:
    """A schema with full names, and its named types."""

    def __init__(self, schema: Schema) -> None:
        self.whole: Any = parse_schema(schema, _write_hint=False)
        self._named: dict[str, Any] = {}
        self._collect(self.whole)

    def of(self, part: Any) -> Any:
        """A type by itself: a dictionary or a list, references followed."""
        if isinstance(part, str):
            return self._named.get(part, {"type": part})
        return part

    def _collect(self, part: Any) -> None:
        if isinstance(part, list):
            for branch in part:
                self._collect(branch)
        elif isinstance(part, dict):
            if "name" in part:
                self._named[part["name"]] = part
            for inner in (part.get("items"), part.get("values"), *(field["type"] for field in part.get("fields", ()))):
                self._collect(inner)


class _Pair:
    """A reader's and a writer's schema beside each other."""

    def __init__(self, reader: _Names, writer: _Names) -> None:
        self.reader = reader
        self.writer = writer
        self._under_way: set[tuple[str, str]] = set()

    def between(self, reads: Any, writes: Any, path: str) -> Iterator[Break]:
        """Breaks between two types that stand at the same place."""
        reads, writes = self.reader.of(reads), self.writer.of(writes)
        if isinstance(writes, list):
            for branch in writes:
                yield from self.between(reads, branch, path)
        elif isinstance(reads, list):
            yield from self._union(reads, writes, path)
        elif reads["type"] != writes["type"]:
            yield from self._types(reads, writes, path)
        else:
            yield from self._stated(reads, writes, path)
            yield from self._same(reads, writes, path)

    def _union(self, reads: list[Any], writes: Any, path: str) -> Iterator[Break]:
        tried = [list(self.between(branch, writes, path)) for branch in reads]
        if all(tried):
            # Of several branches the one of the same type says best what is wrong.
            alike = [
                found
                for branch, found in zip(reads, tried, strict=True)
                if _type(self.reader.of(branch)) == writes["type"]
            ]
            yield from alike[0] if alike else [Break(path=path, why=f"no branch reads what was {_type(writes)}")]

    def _types(self, reads: Any, writes: Any, path: str) -> Iterator[Break]:
        stated = any(key in one for one in (reads, writes) for key in (*_STATED, "words"))
        if stated or (_type(writes), _type(reads)) not in _WIDENED:
            yield Break(path=path, why=f"{_type(reads)} cannot read what was {_type(writes)}")

    def _stated(self, reads: Any, writes: Any, path: str) -> Iterator[Break]:
        for key in _STATED:
            if reads.get(key) != writes.get(key):
                yield Break(path=path, why=f"{key} was {writes.get(key)} and is {reads.get(key)}")
        yield from _missing("word", writes.get("words", ()), reads.get("words"), path)

    def _same(self, reads: Any, writes: Any, path: str) -> Iterator[Break]:
        match reads["type"]:
            case "record":
                yield from self._record(reads, writes, path)
            case "enum":
                yield from _named_alike(reads, writes, path)
                yield from _missing("symbol", writes["symbols"], reads["symbols"], path)
            case "fixed":
                yield from _named_alike(reads, writes, path)
                if reads["size"] != writes["size"]:
                    yield Break(path=path, why=f"size was {writes['size']} and is {reads['size']}")
            case "array":
                yield from self.between(reads["items"], writes["items"], f"{path}[]")
            case "map":
                yield from self.between(reads["values"], writes["values"], f"{path}{{}}")

    def _record(self, reads: Any, writes: Any, path: str) -> Iterator[Break]:
        yield from _named_alike(reads, writes, path)
        pair = (reads["name"], writes["name"])
        if pair in self._under_way:
            return
        self._under_way.add(pair)
        written = {field["name"]: field for field in writes["fields"]}
        for field in reads["fields"]:
            yield from self._field(field, written, f"{path}.{field['name']}" if path else field["name"])
        self._under_way.discard(pair)

    def _field(self, field: Any, written: dict[str, Any], path: str) -> Iterator[Break]:
        found = next((written[name] for name in (field["name"], *field.get("aliases", ())) if name in written), None)
        if found:
            yield from self.between(field["type"], found["type"], path)
        elif "default" not in field:
            yield Break(path=path, why="is new and has no default, so older records cannot be read")


def _type(part: Any) -> str:
    return "a union" if isinstance(part, list) else str(part["type"])


def _named_alike(reads: Any, writes: Any, path: str) -> Iterator[Break]:
    if writes["name"] not in (reads["name"], *reads.get("aliases", ())):
        yield Break(path=path, why=f"{reads['name']} cannot read what was {writes['name']}")


def _missing(what: str, was: Any, now: Any, path: str) -> Iterator[Break]:
    # No list at all means any text: that reads every word.
    gone = [one for one in was if now is not None and one not in now]
    if gone:
        yield Break(path=path, why=f"{what} {', '.join(gone)} is gone, so older records cannot be read")
