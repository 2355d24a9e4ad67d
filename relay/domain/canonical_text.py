"""The text that hashes are over: JSON in canonical form, by a writer that is made once for each type.

The bytes are part of every key and hash that was ever written, so they never change. They are those of
``json.dumps(canonical(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)``, which is what
is used for whatever has no writer here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum, StrEnum
from json.encoder import encode_basestring
from operator import attrgetter
from typing import Any

Write = Callable[[Any], str]


def canonical_text(value: object) -> str:
    """The canonical form of ``value`` as JSON. Raises ``TypeError`` or ``ValueError`` for what JSON cannot say."""
    return _WRITERS[type(value)](value)


def canonical(value: object) -> object:
    """Plain JSON values with one spelling per meaning: decimals without trailing zeros, no nulls."""
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return _without_nulls({f.name: getattr(value, f.name) for f in fields(value)})
    if isinstance(value, Mapping):
        return _without_nulls(value)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [canonical(member) for member in value]
    return value


def decimal_text(value: Decimal) -> str:
    """``2380`` for 2380.0 and 2380.00; never an exponent, never minus zero."""
    if value == 0:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _without_nulls(members: Mapping[str, object]) -> dict[str, object]:
    return {name: canonical(member) for name, member in members.items() if member is not None}


class _Writers(dict[type, Write]):
    """The writer of each type that was met. Made twice where two threads meet it at once, which does no harm."""

    def __missing__(self, kind: type) -> Write:
        write = self[kind] = _made(kind)
        return write


def _made(kind: type) -> Write:
    if is_dataclass(kind) and not issubclass(kind, Decimal | Enum | datetime):  # In the order of :func:`canonical`.
        return _of_record(kind)
    return _word if issubclass(kind, StrEnum) else _plainly


def _of_record(kind: type) -> Write:
    names = sorted(field.name for field in fields(kind))
    if len(names) < 2:  # attrgetter gives the value itself for one name.
        return _plainly
    values_of, labels = attrgetter(*names), [f"{encode_basestring(name)}:" for name in names]

    def write(record: Any) -> str:
        members = [
            label + _WRITERS[type(value)](value)
            for label, value in zip(labels, values_of(record), strict=True)
            if value is not None
        ]
        return f"{{{','.join(members)}}}"

    return write


def _word(word: StrEnum) -> str:
    return encode_basestring(word.value)


def _list(values: Sequence[Any]) -> str:
    return f"[{','.join([_WRITERS[type(value)](value) for value in values])}]"


def _mapping(members: dict[Any, Any]) -> str:
    """Keys that are no texts are spelt, and refused, by Python's own rules."""
    if any(type(name) is not str for name in members):
        return _plainly(members)
    written = [
        f"{encode_basestring(name)}:{_WRITERS[type(members[name])](members[name])}"
        for name in sorted(members)
        if members[name] is not None
    ]
    return f"{{{','.join(written)}}}"


def _plainly(value: Any) -> str:
    return json.dumps(canonical(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


_WRITERS = _Writers(
    {
        str: encode_basestring,
        int: int.__repr__,
        bool: lambda value: "true" if value else "false",
        type(None): lambda _: "null",
        Decimal: lambda value: f'"{decimal_text(value)}"',
        list: _list,
        tuple: _list,
        dict: _mapping,
    }
)
