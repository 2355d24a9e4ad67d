"""Records to bytes: one function per record, written out once so that no record is looked at field by field.

The functions are made as Python text from the record's schema (which gives the order) and its
dataclass (which gives the types), as ``dataclasses`` makes ``__init__``. For a field
``number: str | None`` the text is::

    value = record.number
    if value is None:
        add(NONE)
    else:
        value = value.encode()
        add(SOME_LONG[len(value)])
        add(value)

``add`` appends to a list of pieces that are joined at the end. The bytes are those that fastavro
writes; about five times as many records a second are written, because the branch of a union
follows from the dataclass and need not be searched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schemas import values
from schemas.catalog import Schema
from schemas.layout import field_names, records_in
from schemas.shapes import Nested, Optional, Plain, Row, Shape, Table, Words, kinds_in, shapes_of

Add = Callable[[bytes], None]
Write = Callable[[Any, Add], None]

_LOOKED_UP = {Plain.LONG: "LONG", Plain.MONEY: "MONEY", Plain.BOOLEAN: "BOOLEAN"}
_NAMES: dict[str, object] = {
    "NONE": values.NONE,
    "SOME": values.SOME,
    "LONG": values.LongBytes(),
    "SOME_LONG": values.LongBytes(optional=True),
    "MONEY": values.AmountBytes(),
    "SOME_MONEY": values.AmountBytes(optional=True),
    "BOOLEAN": {False: b"\x00", True: b"\x01"},
    "SOME_BOOLEAN": {None: values.NONE, False: b"\x02\x00", True: b"\x02\x01"},
    "instant": values.instant,
}


def writer(kind: type, schema: Schema) -> Callable[[Any], bytes]:
    """Turns a record of ``kind`` into its Avro bytes.

    What it returns raises any error for a value that the schema cannot hold; which value that is
    says :func:`schemas.refusal.refused`.
    """
    inside = records_in(schema)
    names = dict(_NAMES)
    for one in kinds_in(kind):
        text = _function(one, field_names(inside[one.__name__]), names)
        exec(compile(text, f"<writes {one.__name__}>", "exec"), names)  # noqa: S102 - our own text, of our own field names
    write: Write = names[f"write_{kind.__name__}"]  # type: ignore[assignment]
    return _joined(write)


def _joined(write: Write) -> Callable[[Any], bytes]:
    def to_bytes(record: Any) -> bytes:
        pieces: list[bytes] = []
        write(record, pieces.append)
        return b"".join(pieces)

    return to_bytes


def _function(kind: type, order: list[str], names: dict[str, object]) -> str:
    shapes = shapes_of(kind)
    lines = [line for name in order for line in (f"value = record.{name}", *_lines(shapes[name], "value", names))]
    return "\n".join([f"def write_{kind.__name__}(record, add):", *_indented(lines)])


def _lines(shape: Shape, it: str, names: dict[str, object]) -> list[str]:
    """The statements that write the value of the variable ``it``."""
    match shape:
        case Optional(inner):
            return _optional(inner, it, names)
        case Words(vocabulary):
            return [f"add({_table_of(vocabulary, names, optional=False)}[{it}])"]
        case Row(inner):
            return _blocks(it, f"for {it}_ in {it}:", _lines(inner, f"{it}_", names))
        case Table(inner):
            entry = [*_sized_text(f"{it}_key", "LONG"), *_lines(inner, f"{it}_", names)]
            return _blocks(it, f"for {it}_key, {it}_ in {it}.items():", entry)
        case Nested(kind):
            return [f"write_{kind.__name__}({it}, add)"]
        case Plain():
            return _plain(shape, it)


def _plain(shape: Plain, it: str) -> list[str]:
    if shape in _LOOKED_UP:
        return [f"add({_LOOKED_UP[shape]}[{it}])"]
    if shape is Plain.INSTANT:
        return [f"add(instant({it}))"]
    return _sized_text(it, "LONG") if shape is Plain.TEXT else _sized(it, "LONG")


def _optional(inner: Shape, it: str, names: dict[str, object]) -> list[str]:
    match inner:
        case Words(vocabulary):
            return [f"add({_table_of(vocabulary, names, optional=True)}[{it}])"]
        case Plain() if inner in _LOOKED_UP:
            return [f"add(SOME_{_LOOKED_UP[inner]}[{it}])"]
        case Plain.TEXT:
            lines = _sized_text(it, "SOME_LONG")
        case Plain.BYTES:
            lines = _sized(it, "SOME_LONG")
        case _:
            lines = ["add(SOME)", *_lines(inner, it, names)]
    return [f"if {it} is None:", "    add(NONE)", "else:", *_indented(lines)]


def _sized_text(it: str, lengths: str) -> list[str]:
    return [f"{it} = {it}.encode()", *_sized(it, lengths)]


def _sized(it: str, lengths: str) -> list[str]:
    return [f"add({lengths}[len({it})])", f"add({it})"]


def _blocks(it: str, loop: str, body: list[str]) -> list[str]:
    """All entries as one block, then the empty block that ends a row or table."""
    return [f"if {it}:", f"    add(LONG[len({it})])", f"    {loop}", *_indented(_indented(body)), "add(NONE)"]


def _table_of(vocabulary: type, names: dict[str, object], *, optional: bool) -> str:
    name = f"{'SOME_' if optional else ''}WORD_{vocabulary.__name__}"
    names[name] = values.word_bytes(vocabulary, optional=optional)
    return name


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]
