"""How the bytes of one schema are read as a record of another: with which schemas, after which check."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from fastavro import schemaless_reader
from fastavro.schema import parse_schema

from schemas.byte_check import byte_check
from schemas.catalog import Schema
from schemas.compatibility import breaks
from schemas.failures import Unreadable
from schemas.framing import canonical_form

Read = Callable[[bytes, int], dict[str, Any]]
"""Takes bytes and where the record begins in them, returns its values by the names of the fields.

Raises ``ValueError``, ``LookupError``, ``EOFError``, ``RecursionError`` or fastavro's
``SchemaResolutionError`` where the bytes are not one whole record, and nothing after it.
"""


def row_reader(reader: Schema, writer: Schema) -> Read:
    """Reads rows of ``reader`` from bytes that ``writer`` wrote.

    Raises :class:`schemas.failures.Unreadable` where the one cannot be read with the other.
    """
    try:
        found = breaks(reader, writer)
        written = wire_schema(writer)
        check = byte_check(written)
    except Exception as error:  # a registry may hold anything, and fastavro has many ways to refuse it
        raise _unreadable(reader, writer, f"it is no Avro schema ({type(error).__name__}: {error})") from error
    if found:
        raise _unreadable(reader, writer, "; ".join(f"{one.path or 'the record'}: {one.why}" for one in found))
    wanted = None if canonical_form(reader) == canonical_form(writer) else wire_schema(reader)

    def read(data: bytes, start: int) -> dict[str, Any]:
        end = check(data, start)
        if end != len(data):
            raise ValueError(f"the record ends at byte {end} of {len(data)}")
        source = BytesIO(data)
        source.seek(start)
        row: Any = schemaless_reader(source, written, wanted)
        return row  # type: ignore[no-any-return]

    return read


def wire_schema(schema: Schema) -> Any:
    """The schema for fastavro without logical types: amounts and instants pass as the bytes and numbers they are."""
    return parse_schema(_bare(schema))


def _bare(part: Any) -> Any:
    match part:
        case list():
            return [_bare(branch) for branch in part]
        case {"type": "record" | "error"}:
            return part | {"fields": [field | {"type": _bare(field["type"])} for field in part["fields"]]}
        case {"type": "array"}:
            return part | {"items": _bare(part["items"])}
        case {"type": "map"}:
            return part | {"values": _bare(part["values"])}
        case {"type": "enum" | "fixed"}:
            return {key: value for key, value in part.items() if key != "logicalType"}
        case {"type": plain}:
            return _bare(plain)
        case _:
            return part


def _unreadable(reader: Schema, writer: Schema, why: str) -> Unreadable:
    return Unreadable(f"a record of schema {_name(writer)} cannot be read as {_name(reader)}: {why}")


def _name(schema: Any) -> str:
    return str(schema.get("name")) if isinstance(schema, dict) else repr(schema)
