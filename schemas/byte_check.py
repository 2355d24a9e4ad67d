"""Whether bytes are what a schema writes: looked at before fastavro reads them.

fastavro 1.13 reads a number of any length, takes a negative branch or symbol for one counted from
the end and any byte for a boolean, makes as many entries as a count says even where they take no
bytes, follows records inside each other until the stack overflows, and leaves what comes after the
record. Here every byte is passed over once and nothing is made of it, so that damaged and hostile
bytes are refused in a time that grows with their number, and without memory (Avro specification,
'Binary Encoding').
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Check = Callable[[bytes, int], int]
"""Takes bytes and the position of a record, returns the position after it.

Raises ``ValueError`` for what no writer may write, ``IndexError`` where the bytes end early, and
``RecursionError`` for records that lie too deep inside each other. A length may lead beyond the
end: whoever asks compares the last position with the number of bytes.
"""

MOST_ENTRIES = 150_000
"""Entries of all arrays and maps of a record, those inside each other too. An entry of two bytes becomes 250 bytes of
Python objects, and a topic takes records of 8 MiB. A record that says something has no room for so many: an item of an
event takes 84 bytes, and a ledger entry of 21,000 lines, which is the longest, names each five times."""

_LONGEST = 10
"""Bytes of a number of 64 bits, seven bits each."""

_INTS = range(-(2**31), 2**31)


class _Entries:
    """How many more entries a record may have."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MOST_ENTRIES


_Checking = Callable[[bytes, int, _Entries], int]
"""The check of a part of a record, with what is left of the entries that it may have."""


def byte_check(schema: Any) -> Check:
    """The check of a record's bytes. ``schema`` is parsed by fastavro, and wrote the bytes."""
    check = _check(schema, {})
    return lambda data, at: check(data, at, _Entries())


def _check(schema: Any, named: dict[str, _Checking]) -> _Checking:
    if isinstance(schema, list):
        return _union([_check(branch, named) for branch in schema])
    if isinstance(schema, str):
        return _PLAIN.get(schema) or _named(schema, named)
    match schema["type"]:
        case "record" | "error":
            named[schema["name"]] = check = _record(schema, named)
        case "enum":
            named[schema["name"]] = check = _enum(len(schema["symbols"]))
        case "fixed":
            named[schema["name"]] = check = _bytes(schema["size"])
        case "array":
            check = _blocks(_check(schema["items"], named))
        case "map":
            check = _blocks(_entry(_check(schema["values"], named)))
        case plain:
            check = _check(plain, named)
    return check


def _record(schema: Any, named: dict[str, _Checking]) -> _Checking:
    fields = tuple([_check(field["type"], named) for field in schema["fields"]])

    def record(data: bytes, at: int, entries: _Entries) -> int:
        for field in fields:
            at = field(data, at, entries)
        return at

    return record


def _named(name: str, named: dict[str, _Checking]) -> _Checking:
    def later(data: bytes, at: int, entries: _Entries) -> int:
        return named[name](data, at, entries)

    return named.get(name) or later  # A record that stands inside itself has no check yet.


def _number(data: bytes, at: int) -> tuple[int, int]:
    """The long at a position, and the position after it."""
    spelt = 0
    for place in range(_LONGEST):
        byte = data[at + place]
        spelt |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            if spelt >> 64:
                break
            return (spelt >> 1) ^ -(spelt & 1), at + place + 1
    raise ValueError("a number has more than 64 bits")


def _long(data: bytes, at: int, _: _Entries) -> int:
    return at + 1 if data[at] < 0x80 else _number(data, at)[1]


def _int(data: bytes, at: int, _: _Entries) -> int:
    number, at = _number(data, at)
    if number not in _INTS:
        raise ValueError("an int has more than 32 bits")
    return at


def _boolean(data: bytes, at: int, _: _Entries) -> int:
    if data[at] > 1:
        raise ValueError(f"a boolean is {data[at]}, neither 0 nor 1")
    return at + 1


def _sized(data: bytes, at: int, _: _Entries) -> int:
    """Text or bytes. A byte with neither its highest nor its lowest bit is a whole length by itself, as most are."""
    size = data[at]
    if size & 0x81:
        size, at = _number(data, at)
        if size < 0:
            raise ValueError("a length is negative")
        return at + size
    return at + 1 + (size >> 1)


def _bytes(count: int) -> _Checking:
    return lambda data, at, entries: at + count


def _enum(symbols: int) -> _Checking:
    def enum(data: bytes, at: int, _: _Entries) -> int:
        symbol, at = _number(data, at)
        if not 0 <= symbol < symbols:
            raise ValueError(f"a symbol is number {symbol} of {symbols}")
        return at

    return enum


def _union(branches: Sequence[_Checking]) -> _Checking:
    if len(branches) == 2 and branches[0] is _PLAIN["null"]:
        return _optional_sized if branches[1] is _sized else _optional(branches[1])

    def union(data: bytes, at: int, entries: _Entries) -> int:
        branch, at = _number(data, at)
        if not 0 <= branch < len(branches):
            raise ValueError(f"a value is of branch {branch} of {len(branches)}")
        return branches[branch](data, at, entries)

    return union


def _optional(something: _Checking) -> _Checking:
    def optional(data: bytes, at: int, entries: _Entries) -> int:
        branch = data[at]
        if branch == 2:
            return something(data, at + 1, entries)
        return at + 1 if branch == 0 else _malformed(branch)

    return optional


def _optional_sized(data: bytes, at: int, entries: _Entries) -> int:
    """Written out, because most fields of most records are such."""
    branch = data[at]
    if branch == 2:
        size = data[at + 1]
        return _sized(data, at + 1, entries) if size & 0x81 else at + 2 + (size >> 1)
    return at + 1 if branch == 0 else _malformed(branch)


def _malformed(branch: int) -> int:
    raise ValueError(f"a value is marked {branch} where only 0 (nothing) and 2 (something) can be")


def _entry(value: _Checking) -> _Checking:
    return lambda data, at, entries: value(data, _sized(data, at, entries), entries)


def _blocks(entry: _Checking) -> _Checking:
    """Blocks of entries up to an empty one. A negative count is followed by the block's size, which serves to skip."""

    def blocks(data: bytes, at: int, entries: _Entries) -> int:
        while True:
            count, at = _number(data, at)
            if count < 0:
                count, at = -count, _sized_block(data, at)
            if count == 0:
                return at
            entries.left -= count
            if entries.left < 0:
                raise ValueError(f"its lists have more than {MOST_ENTRIES} entries, and no more are read")
            for _ in range(count):
                start, at = at, entry(data, at, entries)
                if at == start:
                    raise ValueError("the entries of a list take no bytes, so their count proves nothing")

    return blocks


def _sized_block(data: bytes, at: int) -> int:
    size, at = _number(data, at)
    if size < 0:
        raise ValueError("a length is negative")
    return at


_PLAIN: dict[str, _Checking] = {
    "null": _bytes(0),
    "boolean": _boolean,
    "int": _int,
    "long": _long,
    "float": _bytes(4),
    "double": _bytes(8),
    "string": _sized,
    "bytes": _sized,
}
