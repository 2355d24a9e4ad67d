"""The product's codec: :class:`schemas.Codec` with the record types of the domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar, cast

from relay.domain.record_types import RECORD_TYPES
from schemas import Codec, SchemaSource, Unwritable

T = TypeVar("T")


def record_codec(registry: SchemaSource | None = None) -> Codec:
    """Returns a codec for every record of the product.

    It writes Confluent's wire format where there is a registry, otherwise Avro's single-object
    encoding, and reads both.
    """
    return Codec(RECORD_TYPES, registry)


def encoded(codec: Codec, record: Any, topic: str) -> bytes:
    """Encodes ``record``; a text with half characters, which no encoding has bytes for, is written escaped.

    Raises ``Unwritable`` for what does not fit its schema in another way.
    """
    try:
        return codec.encode(record, topic)
    except Unwritable:
        escaped = _escaped(record)
        if escaped == record:
            raise
        return codec.encode(escaped, topic)


def _escaped(value: T) -> T:
    """``value`` with every half character in its texts written as Python would write it."""
    escaped: Any = value
    if isinstance(value, str) and not isinstance(value, Enum):
        escaped = value.encode("utf-8", "backslashreplace").decode()
    elif is_dataclass(value) and not isinstance(value, type):
        escaped = replace(value, **{each.name: _escaped(getattr(value, each.name)) for each in fields(value)})
    elif isinstance(value, Mapping):
        escaped = {_escaped(name): _escaped(member) for name, member in value.items()}
    elif isinstance(value, tuple):
        escaped = tuple(map(_escaped, value))
    return cast("T", escaped)
