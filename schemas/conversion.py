"""Records to the dictionaries that fastavro writes, and back.

A conversion follows from a dataclass alone, and checks what fastavro would let pass: any value as a
boolean, a float as a decimal, a record of another kind, a missing field. Amounts and instants travel
as the bytes and numbers that they are on the wire, so no float is ever near them.
"""

from __future__ import annotations

import operator
import types
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, Inexact, InvalidOperation
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from schemas.byte_check import MOST_ENTRIES

PRECISION: Final = 18
SCALE: Final = 4

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_STEP: Final = Decimal(1).scaleb(-SCALE)
# Own contexts, so that neither the caller's precision nor its rounding has a say. A trap is what makes "exactly" true.
_EXACT: Final = Context(prec=PRECISION, traps=[Inexact, InvalidOperation])
_TOO_MUCH: Final = 10**PRECISION
_LONGS: Final = range(-(2**63), 2**63)
_LONGEST_AMOUNT: Final = 9
"""Bytes of an unscaled integer of 18 digits, and one to spare."""
_KEPT: Final = 4096
"""Amounts whose bytes are remembered: the same ones come again and again."""


class Misfit(Exception):
    """A value that the schema cannot hold. ``path`` leads to it inside the record, empty for the record itself."""

    def __init__(self, why: str, path: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.path = path

    def inside(self, place: str) -> Misfit:
        """The same value, seen from what holds it."""
        dot = "." if self.path and self.path[0] not in "[ " else ""
        return Misfit(self.why, f"{place}{dot}{self.path}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """How values of one type are carried.

    ``to_avro`` raises :class:`Misfit`. ``from_avro`` raises ``ValueError``, ``LookupError`` or
    ``ArithmeticError`` for what is none, and is left out where :attr:`is_same` says that fastavro's
    value is the value. ``branch`` is what fastavro calls the type inside a union.
    """

    to_avro: Callable[[Any], Any]
    from_avro: Callable[[Any], Any]
    branch: str

    @property
    def is_same(self) -> bool:
        """Whether a value is read as fastavro reads it."""
        return self.from_avro is _same


def _same(value: Any) -> Any:
    return value


def record_conversion(kind: type, namespace: str) -> Conversion:
    """The conversion of a dataclass whose records are named in ``namespace``.

    Raises ``TypeError`` naming the field for a type that no schema can mirror.
    """
    hints = get_type_hints(kind)
    inside = {
        field.name: _conversion(hints[field.name], namespace, f"{kind.__name__}.{field.name}") for field in fields(kind)
    }
    outward = [(name, conversion.to_avro) for name, conversion in inside.items()]
    inward = [(name, conversion.from_avro) for name, conversion in inside.items() if not conversion.is_same]

    def to_avro(record: Any) -> dict[str, Any]:
        if type(record) is not kind:
            raise Misfit(f"is {_shortened(record)}, not a {kind.__name__}")
        row, name = {}, ""
        try:
            for name, convert in outward:
                row[name] = convert(getattr(record, name))
        except Misfit as misfit:
            raise misfit.inside(name) from None
        return row

    def from_avro(row: dict[str, Any]) -> Any:
        values = row.copy()  # It may be a default of the schema.
        for name, convert in inward:
            values[name] = convert(values[name])
        return kind(**values)

    return Conversion(to_avro=to_avro, from_avro=from_avro, branch=f"{namespace}.{kind.__name__}")


def _conversion(hint: Any, namespace: str, where: str) -> Conversion:
    wrapper = _WRAPPERS.get(get_origin(hint))
    if wrapper:
        return wrapper(get_args(hint), namespace, where)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _words(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return record_conversion(hint, namespace)
    if hint not in _PLAIN:
        raise TypeError(f"{where}: no schema can mirror {hint!r}")
    return _PLAIN[hint]


def _optional(arguments: tuple[Any, ...], namespace: str, where: str) -> Conversion:
    """The branch is named to fastavro, which otherwise tries every one."""
    something = [argument for argument in arguments if argument is not types.NoneType]
    if len(something) != 1 or len(arguments) != 2:
        raise TypeError(f"{where}: of unions only 'something or None' can be mirrored")
    inner = _conversion(something[0], namespace, where)
    branch, outward, inward = inner.branch, inner.to_avro, inner.from_avro
    return Conversion(
        to_avro=lambda value: None if value is None else (branch, outward(value)),
        from_avro=_same if inner.is_same else lambda value: None if value is None else inward(value),
        branch="union",
    )


def _list(arguments: tuple[Any, ...], namespace: str, where: str) -> Conversion:
    if len(arguments) != 2 or arguments[1] is not Ellipsis:
        raise TypeError(f"{where}: of tuples only those of any length and one kind can be mirrored")
    inner = _conversion(arguments[0], namespace, where)
    outward, inward = inner.to_avro, inner.from_avro

    def to_avro(values: Any) -> list[Any]:
        _require(values, tuple | list)
        listed: list[Any] = []
        try:
            for value in values:
                listed.append(outward(value))  # noqa: PERF401 - its length is the place of the value that fails
        except Misfit as misfit:
            raise misfit.inside(f"[{len(listed)}]") from None
        return listed

    return Conversion(
        to_avro=to_avro,
        from_avro=tuple if inner.is_same else lambda values: tuple([inward(value) for value in values]),
        branch="array",
    )


def _map(arguments: tuple[Any, ...], namespace: str, where: str) -> Conversion:
    if arguments[0] is not str:
        raise TypeError(f"{where}: of dictionaries only those with text as keys can be mirrored")
    inner = _conversion(arguments[1], namespace, where)
    outward, inward = inner.to_avro, inner.from_avro

    def to_avro(values: Any) -> dict[str, Any]:
        _require(values, dict)
        mapped, place = {}, ""
        try:
            for key, value in values.items():
                place = " (a key)"
                _text(key)
                place = f"[{key!r}]"
                mapped[key] = outward(value)
        except Misfit as misfit:
            raise misfit.inside(place) from None
        return mapped

    return Conversion(
        to_avro=to_avro,
        from_avro=dict if inner.is_same else lambda values: {key: inward(value) for key, value in values.items()},
        branch="map",
    )


def _words(vocabulary: type[StrEnum]) -> Conversion:
    words = {word.value: word for word in vocabulary}

    def to_avro(value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            raise Misfit(f"is {_shortened(value)}, not one of {', '.join(words)}")
        return value

    return Conversion(to_avro=to_avro, from_avro=words.__getitem__, branch="string")


def _require(values: Any, kind: Any) -> None:
    if not isinstance(values, kind):
        raise Misfit(f"is {_shortened(values)}")
    if len(values) > MOST_ENTRIES:
        raise Misfit(f"has {len(values)} entries, and at most {MOST_ENTRIES} are read")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _of_another_type(value, "text")
    try:
        value.isascii() or value.encode()
    except UnicodeEncodeError:
        raise Misfit(
            "holds half a character (a lone surrogate), which no text can carry; replace it where it comes in"
        ) from None
    return value


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise _of_another_type(value, "bytes")
    return value


def _long(value: Any) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise _of_another_type(value, "long") from None
    if number not in _LONGS:
        raise Misfit(f"is {_shortened(number)}, which needs more than 64 bits")
    return number


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _of_another_type(value, "boolean")
    return value


def _money(value: Any) -> bytes:
    # A float that equals an amount has its hash too, and would be taken for it.
    if not isinstance(value, Decimal):
        raise _of_another_type(value, "money")
    return _refuse_amount(value) if value.is_snan() else _amount_bytes(value)  # The one amount without a hash.


@lru_cache(maxsize=_KEPT)
def _amount_bytes(amount: Decimal) -> bytes:
    """The unscaled integer in big-endian two's complement."""
    try:
        number = int(_EXACT.scaleb(_EXACT.quantize(amount, _STEP), SCALE))
    except (ArithmeticError, ValueError):
        return _refuse_amount(amount)
    return number.to_bytes((number.bit_length() + 8) // 8, "big", signed=True)


def _refuse_amount(amount: Decimal) -> bytes:
    raise Misfit(
        f"is {_shortened(amount, str)}, which does not fit decimal({PRECISION},{SCALE}) exactly: at most "
        f"{PRECISION - SCALE} digits before the point and {SCALE} after it; round it where it is known what rounding "
        "means"
    )


@lru_cache(maxsize=_KEPT)
def _amount(spelt: bytes) -> Decimal:
    if len(spelt) > _LONGEST_AMOUNT:
        raise ValueError(f"an amount has {len(spelt)} bytes, and {PRECISION} digits take at most {_LONGEST_AMOUNT}")
    number = int.from_bytes(spelt, "big", signed=True)
    if abs(number) >= _TOO_MUCH:
        raise ValueError(f"an amount has more than {PRECISION} digits")
    return _EXACT.scaleb(Decimal(number), -SCALE)


def _instant(value: Any) -> int:
    """Milliseconds since 1970, what is finer cut off."""
    if not isinstance(value, datetime):
        raise _of_another_type(value, "instant")
    if value.tzinfo is None:
        raise Misfit(f"is {value.isoformat()}, a time without a zone; only a time with one is an instant")
    return (value - _EPOCH) // _MILLISECOND


def _moment(milliseconds: int) -> datetime:
    """The instant, in UTC. Raises ``OverflowError`` outside the years 1 to 9999."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def _of_another_type(value: Any, name: str) -> Misfit:
    return Misfit(f"is {_shortened(value)}, which is not of the field's type ({name})")


def _shortened(value: Any, spell: Callable[[Any], str] = repr) -> str:
    try:
        text = spell(value)
    except ValueError:  # Python spells no integer of more than 4,300 digits.
        return f"a value of type {type(value).__name__} too long to be shown"
    return f"{text[:80]}..." if len(text) > 80 else text


_PLAIN: dict[Any, Conversion] = {
    str: Conversion(to_avro=_text, from_avro=_same, branch="string"),
    bytes: Conversion(to_avro=_bytes, from_avro=_same, branch="bytes"),
    int: Conversion(to_avro=_long, from_avro=_same, branch="long"),
    bool: Conversion(to_avro=_boolean, from_avro=_same, branch="boolean"),
    Decimal: Conversion(to_avro=_money, from_avro=_amount, branch="bytes"),
    datetime: Conversion(to_avro=_instant, from_avro=_moment, branch="long"),
}

_WRAPPERS: dict[Any, Callable[[tuple[Any, ...], str, str], Conversion]] = {
    types.UnionType: _optional,
    Union: _optional,
    tuple: _list,
    dict: _map,
}
