"""Records of a remote whose fields are declared once: the type of a field says how its member is read.

A field is read from the member of its own name; text in its annotation names others, the first that can be read
counts, and dots lead into nested objects::

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Line(NativeDeclared):
        id: Id
        description: Text
        amount: Annotated[Number, "amount", "total_amount"]
        cost_code_id: Annotated[Whole, "cost_code.id"]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Self, get_type_hints

from relay.clients.native_json.records import NativeRecord
from relay.domain.sources.native_values import day_of, decimal_of, instant_of, label_of, number_of, text_of, truth_of


@dataclass(frozen=True, slots=True)
class Reader:
    """How a field's value is read from the JSON value of its member, which is ``None`` where it is missing.

    ``required``: a record in which it reads as ``None`` is refused.
    """

    read: Callable[[Any], object]
    required: bool = False


def text_or_none(value: object) -> str | None:
    """Text that is not empty, see :func:`~relay.domain.sources.native_values.text_of`."""
    return text_of(value) or None


def label_or_none(value: object) -> str | None:
    """A label that is not empty, see :func:`~relay.domain.sources.native_values.label_of`."""
    return label_of(value) or None


Id = Annotated[int, Reader(number_of, required=True)]
Whole = Annotated[int | None, Reader(number_of)]
Number = Annotated[Decimal | None, Reader(decimal_of)]
Text = Annotated[str | None, Reader(text_or_none)]
Label = Annotated[str | None, Reader(label_or_none)]
"""What people call a record: its number, say."""
Truth = Annotated[bool | None, Reader(truth_of)]
Instant = Annotated[datetime | None, Reader(instant_of)]
Day = Annotated[str | None, Reader(day_of)]


class Declared:
    """A dataclass of annotated fields that is read from an object of an answer."""

    __slots__ = ()

    @classmethod
    def of(cls, members: Mapping[str, Any]) -> Self:
        """Reads the record from its members. Raises ``ValueError`` where a required one cannot be read."""
        return cls(**_values(cls, members))

    @classmethod
    def read(cls, native: NativeRecord) -> Self:
        """Reads the record from an object of an answer. Raises ``ValueError`` where a required member is missing."""
        return cls.of(native.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeDeclared(Declared):
    """A record that is kept beside the bytes that it was read from."""

    native: NativeRecord

    @classmethod
    def read(cls, native: NativeRecord) -> Self:
        """Reads the record and keeps ``native``. Raises ``ValueError`` where a required member is missing."""
        return cls(**_values(cls, native.data), native=native)


def nested(kind: type[Declared]) -> Reader:
    """Reads a nested object; one of ``None`` where there is none."""
    return Reader(lambda value: kind.of(value if isinstance(value, Mapping) else {}))


def each(kind: type[Declared]) -> Reader:
    """Reads the objects of a list into a tuple; whatever else is in the list is passed over."""
    return Reader(lambda value: tuple(kind.of(element) for element in objects_of(value)))


def ids_at(path: str) -> Reader:
    """Reads the ids at ``path`` in the objects of a list into a frozen set."""

    def read(value: object) -> frozenset[int]:
        ids = (number_of(_at(element, path)) for element in objects_of(value))
        return frozenset(number for number in ids if number is not None)

    return Reader(read)


def objects_of(value: object) -> list[Mapping[str, Any]]:
    """The objects of a list; none where ``value`` is no list."""
    return [element for element in value if isinstance(element, Mapping)] if isinstance(value, list) else []


def _values(cls: type, members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _first(reader, paths, members) for name, reader, paths in _declarations(cls)}


@cache
def _declarations(cls: type) -> tuple[tuple[str, Reader, tuple[str, ...]], ...]:
    """Name, reader and members of each field of a class; ``native`` is none of them."""
    annotations = get_type_hints(cls, include_extras=True)
    declared = []
    for field in fields(cls):
        extras = getattr(annotations[field.name], "__metadata__", ())
        readers = [extra for extra in extras if isinstance(extra, Reader)]
        if readers:  # An alias may be declared upon another; the outer reader is the last.
            paths = tuple(extra for extra in extras if isinstance(extra, str))
            declared.append((field.name, readers[-1], paths or (field.name,)))
    return tuple(declared)


def _first(reader: Reader, paths: tuple[str, ...], members: Mapping[str, Any]) -> object:
    value = None
    for path in paths:
        value = reader.read(_at(members, path))
        if value not in (None, ()):
            return value
    if reader.required and value is None:
        raise ValueError(f"a record without a readable {paths[0]}")
    return value


def _at(members: Mapping[str, Any], path: str) -> Any:
    value: Any = members
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
