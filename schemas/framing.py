"""What stands before a record's Avro bytes and tells which schema wrote them.

Two formats: Confluent's (a zero byte and the schema's id in the registry, four bytes big-endian;
Confluent docs, 'Wire format') and Avro's own (``C3 01`` and the schema's fingerprint; Avro
specification, 'Single-object encoding', 'Parsing Canonical Form for Schemas', 'Schema Fingerprints').
"""

from __future__ import annotations

from typing import Any

from fastavro.schema import fingerprint as text_fingerprint
from fastavro.schema import to_parsing_canonical_form

from schemas.failures import Unreadable

_CONFLUENT = b"\x00"
_SINGLE_OBJECT = b"\xc3\x01"
CONFLUENT_BYTES = 5
SINGLE_OBJECT_BYTES = 10


def canonical_form(schema: dict[str, Any]) -> str:
    """Without docs, defaults and logical types: what decides how bytes are read."""
    return str(to_parsing_canonical_form(schema))


def fingerprint(schema: dict[str, Any]) -> bytes:
    """CRC-64-AVRO over the canonical form, in the order of the wire: eight bytes, little-endian."""
    return bytes.fromhex(text_fingerprint(canonical_form(schema), "CRC-64-AVRO"))


def confluent(schema_id: int) -> bytes:
    """The first bytes of a record whose schema has this id in the registry."""
    return _CONFLUENT + schema_id.to_bytes(4, "big")


def single_object(schema: dict[str, Any]) -> bytes:
    """The first bytes of a record that this schema writes."""
    return _SINGLE_OBJECT + fingerprint(schema)


def frame_of(data: bytes) -> bytes:
    """The first bytes that name the schema. Raises :class:`schemas.failures.Unreadable` where there are none."""
    if data[:2] == _SINGLE_OBJECT and len(data) >= SINGLE_OBJECT_BYTES:
        return data[:SINGLE_OBJECT_BYTES]
    if data[:1] == _CONFLUENT and len(data) >= CONFLUENT_BYTES:
        return data[:CONFLUENT_BYTES]
    raise Unreadable(
        f"these {len(data)} bytes are no record of ours: they begin with {data[:4].hex(' ') or 'nothing'} instead of "
        "00 and a schema id, or c3 01 and a fingerprint; something else than this product wrote them"
    )


def schema_id_in(frame: bytes) -> int | None:
    """The registry's id in a frame, or ``None`` where it holds a fingerprint."""
    return int.from_bytes(frame[1:], "big") if len(frame) == CONFLUENT_BYTES else None


def fingerprint_in(frame: bytes) -> bytes:
    """The fingerprint in a frame of Avro's own format."""
    return frame[2:]
