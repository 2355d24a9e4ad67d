"""Bytes to records: one function per record, written out once, as :mod:`schemas.writing` does for the other way.

For a field ``number: str | None`` the text is::

    branch = data[at]
    at += 1
    if branch == 2:
        (size, see _SIZE)
        number = data[at:end].decode()
        at = end
    elif branch == 0:
        number = None
    else:
        raise malformed(...)

Running off the end is not looked for at every step: a read beyond it either fails by itself or
leaves ``at`` beyond the end, which the caller sees.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schemas import values
from schemas.catalog import Schema
from schemas.layout import field_names, records_in
from schemas.shapes import Nested, Optional, Plain, Row, Shape, Table, Words, kinds_in, shapes_of

Read = Callable[[bytes, int], tuple[Any, int]]
"""``(data, position)`` to ``(record, position after it)``."""


def long_at(data: bytes, at: int) -> tuple[int, int]:
    """The long at a position, and the position after it. Raises ``ValueError`` where it has over 64 bits."""
    spelt, shift = 0, 0
    while True:
        byte = data[at]
        at += 1
        spelt |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
    if spelt >= 1 << 64 or shift > 63:
        raise ValueError("a number has more than 64 bits")
    return (spelt >> 1) ^ -(spelt & 1), at


def size_at(data: bytes, at: int) -> tuple[int, int]:
    """The length at a position, and the position after it. Raises ``ValueError`` for a negative one."""
    size, at = long_at(data, at)
    if size < 0:
        raise ValueError("a length is negative")
    return size, at


def count_at(data: bytes, at: int) -> tuple[int, int]:
    """How many entries the block at a position holds, 0 at the end, and the position after that.

    A negative count is followed by the block's size, which only serves to skip it.
    """
    count, at = long_at(data, at)
    if count < 0:
        _, at = size_at(data, at)
    return abs(count), at


def malformed(branch: int) -> ValueError:
    """A union names a branch that it does not have."""
    return ValueError(f"a value is marked {branch} where only 0 (nothing) and 2 (something) can be")


_NAMES: dict[str, object] = {
    "AMOUNT": values.Amounts(),
    "BOOLEAN": (False, True),
    "long_at": long_at,
    "size_at": size_at,
    "count_at": count_at,
    "malformed": malformed,
    "moment": values.moment,
}

# A byte with neither its highest nor its lowest bit is a whole length by itself, and that is most lengths.
_SIZE = [
    "size = data[at]",
    "if size & 0x81:",
    "    size, at = size_at(data, at)",
    "    end = at + size",
    "else:",
    "    at += 1",
    "    end = at + (size >> 1)",
]


def reader(kind: type, schema: Schema) -> Read:
    """Reads a record of ``kind`` from bytes that ``schema`` itself wrote.

    What it returns raises any error for bytes that are none; the caller must see that the
    position after the record is the end of the data.
    """
    inside = records_in(schema)
    names = dict(_NAMES)
    for one in kinds_in(kind):
        names[f"make_{one.__name__}"] = one
        text = _function(one, field_names(inside[one.__name__]), names)
        exec(compile(text, f"<reads {one.__name__}>", "exec"), names)  # noqa: S102 - our own text, of our own field names
    read: Read = names[f"read_{kind.__name__}"]  # type: ignore[assignment]
    return read


def _function(kind: type, order: list[str], names: dict[str, object]) -> str:
    shapes = shapes_of(kind)
    lines = [line for name in order for line in _lines(shapes[name], f"its_{name}", names)]
    given = ", ".join(f"{name}=its_{name}" for name in order)
    return "\n".join([
        f"def read_{kind.__name__}(data, at):",
        *_indented(lines),
        f"    return make_{kind.__name__}({given}), at",
    ])  # fmt: skip


def _lines(shape: Shape, it: str, names: dict[str, object]) -> list[str]:
    """The statements that read into the variable ``it``."""
    match shape:
        case Optional(inner):
            return _optional(it, _lines(inner, it, names))
        case Words(vocabulary):
            return _slice(f"{it} = {_table_of(vocabulary, names)}[data[at:end]]")
        case Row(inner):
            body = [*_lines(inner, f"{it}_", names), f"{it}.append({it}_)"]
            return [f"{it} = []", *_blocks(it, body), f"{it} = tuple({it})"]
        case Table(inner):
            key = _slice(f"{it}_key = data[at:end].decode()")
            return [f"{it} = {{}}", *_blocks(it, [*key, *_lines(inner, f"{it}_", names), f"{it}[{it}_key] = {it}_"])]
        case Nested(kind):
            return [f"{it}, at = read_{kind.__name__}(data, at)"]
        case Plain():
            return _plain(shape, it)


def _plain(shape: Plain, it: str) -> list[str]:
    match shape:
        case Plain.TEXT:
            return _slice(f"{it} = data[at:end].decode()")
        case Plain.BYTES:
            return _slice(f"{it} = data[at:end]")
        case Plain.MONEY:
            return _slice(f"{it} = AMOUNT[data[at:end]]")
        case Plain.BOOLEAN:
            return [f"{it} = BOOLEAN[data[at]]", "at += 1"]
        case Plain.LONG:
            return [
                "byte = data[at]",
                "if byte & 0x80:",
                f"    {it}, at = long_at(data, at)",
                "else:",
                "    at += 1",
                f"    {it} = (byte >> 1) ^ -(byte & 1)",
            ]
        case Plain.INSTANT:
            return [f"{it}, at = long_at(data, at)", f"{it} = moment({it})"]


def _optional(it: str, lines: list[str]) -> list[str]:
    return [
        "branch = data[at]",
        "at += 1",
        "if branch == 2:",
        *_indented(lines),
        "elif branch == 0:",
        f"    {it} = None",
        "else:",
        "    raise malformed(branch)",
    ]


def _slice(statement: str) -> list[str]:
    return [*_SIZE, statement, "at = end"]


def _blocks(it: str, body: list[str]) -> list[str]:
    return [
        f"{it}_count, at = count_at(data, at)",
        f"while {it}_count:",
        f"    for _ in range({it}_count):",
        *_indented(_indented(body)),
        f"    {it}_count, at = count_at(data, at)",
    ]


def _table_of(vocabulary: type, names: dict[str, object]) -> str:
    name = f"WORD_{vocabulary.__name__}"
    names[name] = values.words(vocabulary)
    return name


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]
