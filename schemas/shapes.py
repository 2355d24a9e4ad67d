"""What the fields of a record are made of, as far as writing and reading must know: dataclasses seen once."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any, Union, get_args, get_origin, get_type_hints


class Plain(Enum):
    """Values without parts."""

    TEXT = "text"
    BYTES = "bytes"
    LONG = "long"
    BOOLEAN = "boolean"
    MONEY = "money"
    INSTANT = "instant"


_PLAIN: dict[Any, Plain] = {
    str: Plain.TEXT,
    bytes: Plain.BYTES,
    int: Plain.LONG,
    bool: Plain.BOOLEAN,
    Decimal: Plain.MONEY,
    datetime: Plain.INSTANT,
}


@dataclass(frozen=True, slots=True)
class Words:
    """One word of a closed vocabulary."""

    vocabulary: type[StrEnum]


@dataclass(frozen=True, slots=True)
class Optional:
    """Something, or nothing."""

    inner: Shape


@dataclass(frozen=True, slots=True)
class Row:
    """A tuple of any length of one kind."""

    inner: Shape


@dataclass(frozen=True, slots=True)
class Table:
    """A dictionary with text as keys."""

    inner: Shape


@dataclass(frozen=True, slots=True)
class Nested:
    """Another record."""

    kind: type


Shape = Plain | Words | Optional | Row | Table | Nested


def shapes_of(kind: type) -> dict[str, Shape]:
    """The shape of every field of the dataclass ``kind``, in its order.

    Raises ``TypeError`` naming the field for a type that no schema can mirror.
    """
    hints = get_type_hints(kind)
    return {field.name: _shape(hints[field.name], f"{kind.__name__}.{field.name}") for field in fields(kind)}


def kinds_in(kind: type) -> list[type]:
    """``kind`` and every record inside it, inner ones first."""
    found: list[type] = []
    for shape in shapes_of(kind).values():
        inner = _nested(shape)
        found += [one for one in (kinds_in(inner) if inner else []) if one not in found]
    return [*found, kind]


def _nested(shape: Shape) -> type | None:
    while isinstance(shape, Optional | Row | Table):
        shape = shape.inner
    return shape.kind if isinstance(shape, Nested) else None


def _shape(hint: Any, where: str) -> Shape:
    wrapper = _WRAPPERS.get(get_origin(hint))
    if wrapper:
        return wrapper(get_args(hint), where)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return Words(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return Nested(hint)
    if hint not in _PLAIN:
        raise TypeError(f"{where}: no schema can mirror {hint!r}")
    return _PLAIN[hint]


def _optional(arguments: tuple[Any, ...], where: str) -> Shape:
    inner = [one for one in arguments if one is not types.NoneType]
    if len(inner) != 1 or len(arguments) != 2:
        raise TypeError(f"{where}: of unions only 'something or None' can be mirrored")
    return Optional(_shape(inner[0], where))


def _row(arguments: tuple[Any, ...], where: str) -> Shape:
    if len(arguments) != 2 or arguments[1] is not Ellipsis:
        raise TypeError(f"{where}: of tuples only those of any length and one kind can be mirrored")
    return Row(_shape(arguments[0], where))


def _table(arguments: tuple[Any, ...], where: str) -> Shape:
    if arguments[0] is not str:
        raise TypeError(f"{where}: of dictionaries only those with text as keys can be mirrored")
    return Table(_shape(arguments[1], where))


_WRAPPERS: dict[Any, Callable[[tuple[Any, ...], str], Shape]] = {
    types.UnionType: _optional,
    Union: _optional,
    tuple: _row,
    dict: _table,
}
