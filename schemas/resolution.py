"""Records that were written with another version of their schema, brought into the current one."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from fastavro import schemaless_reader, schemaless_writer
from fastavro.schema import parse_schema

from schemas.canonical import canonical_form
from schemas.catalog import Schema
from schemas.compatibility import breaks
from schemas.failures import Unreadable

Translate = Callable[[bytes], bytes]


def translation(reader: Schema, writer: Schema) -> Translate | None:
    """What turns bytes of ``writer`` into bytes of ``reader``; ``None`` where they are the same bytes.

    Raises :class:`schemas.failures.Unreadable` where the one cannot be read with the other.
    """
    found = _breaks(reader, writer)
    if found:
        raise Unreadable(f"a record of schema {_name(writer)} cannot be read as {_name(reader)}: {found}")
    if canonical_form(reader) == canonical_form(writer):
        return None
    return _translate(parse_schema(_bare(reader)), parse_schema(_bare(writer)))


def _translate(reader: Any, writer: Any) -> Translate:
    def translate(body: bytes) -> bytes:
        source, result = BytesIO(body), BytesIO()
        record = schemaless_reader(source, writer, reader)
        if source.tell() != len(body):
            raise ValueError("there are bytes after the record")
        schemaless_writer(result, reader, record)
        return result.getvalue()

    return translate


def _breaks(reader: Schema, writer: Schema) -> str:
    try:
        return "; ".join(f"{one.path or 'the record'}: {one.why}" for one in breaks(reader, writer))
    except Exception as error:  # noqa: BLE001 - a registry may hold anything, and fastavro has many ways to refuse it
        return f"its schema is no Avro schema ({type(error).__name__}: {error})"


def _bare(part: Any) -> Any:
    """Without logical types: amounts and instants then pass as the bytes and numbers that they are."""
    if isinstance(part, list):
        return [_bare(one) for one in part]
    if isinstance(part, dict):
        return {key: _bare(one) if key in _NESTED else one for key, one in part.items() if key != "logicalType"}
    return part


_NESTED = ("type", "items", "values", "fields")


def _name(schema: Any) -> str:
    return str(schema.get("name")) if isinstance(schema, dict) else repr(schema)
