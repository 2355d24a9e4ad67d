"""Which value of a record its schema cannot hold, and why: looked for only after writing has failed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from schemas import values
from schemas.failures import Unwritable
from schemas.shapes import Nested, Optional, Plain, Row, Shape, Table, Words, shapes_of


def refused(record: Any, error: Exception) -> Unwritable:
    """The first value of ``record`` that cannot be written; ``error`` is what writing raised."""
    kind = type(record)
    field, why = _in_record(kind, record, "") or ("", f"cannot be written ({type(error).__name__}: {error})")
    return Unwritable(kind.__name__, field, why)


Found = tuple[str, str] | None
"""The path to a value and what is wrong with it."""


def _in_record(kind: type, record: Any, path: str) -> Found:
    if type(record) is not kind:
        return path, f"is {_seen(record)}, not a {kind.__name__}"
    prefix = f"{path}." if path else ""
    return _first(_in_value(shape, getattr(record, name), prefix + name) for name, shape in shapes_of(kind).items())


def _in_value(shape: Shape, value: Any, path: str) -> Found:
    match shape:
        case Optional(inner):
            return None if value is None else _in_value(inner, value, path)
        case Nested(kind):
            return _in_record(kind, value, path)
        case Row(inner) if isinstance(value, tuple | list):
            return _first(_in_value(inner, one, f"{path}[{place}]") for place, one in enumerate(value))
        case Table(inner) if isinstance(value, dict):
            keys = _first(_in_value(Plain.TEXT, key, f"{path} (a key)") for key in value)
            return keys or _first(_in_value(inner, one, f"{path}[{key!r}]") for key, one in value.items())
        case Words(vocabulary):
            known = value in list(vocabulary)
            return None if known else (path, f"is {_seen(value)}, not one of {', '.join(vocabulary)}")
        case Plain():
            return _in_plain(shape, value, path)
        case _:
            return path, f"is {_seen(value)}"


def _in_plain(shape: Plain, value: Any, path: str) -> Found:
    try:
        _TRIED[shape](value)
    except (AttributeError, TypeError):
        return path, f"is {_seen(value)}, which is not of the field's type ({shape.value})"
    except UnicodeEncodeError:
        return path, "holds half a character (a lone surrogate), which no text can carry; replace it where it comes in"
    except (ValueError, OverflowError) as error:
        words = str(error)
        return path, words if words.startswith("is ") else f"is refused: {words}"
    return None


def _first(found: Any) -> Found:
    return next((one for one in found if one), None)


def _amount(value: Any) -> int:
    if not isinstance(value, Decimal):
        raise TypeError
    return values.unscaled(value)


def _seen(value: Any) -> str:
    text = repr(value)
    return f"{text[:80]}..." if len(text) > 80 else text


_TRIED: dict[Plain, Callable[[Any], object]] = {
    Plain.TEXT: lambda value: value.encode(),
    Plain.BYTES: lambda value: b"".join([value]),
    Plain.LONG: values.varint,
    Plain.BOOLEAN: {False: 0, True: 1}.__getitem__,
    Plain.MONEY: _amount,
    Plain.INSTANT: values.instant,
}
