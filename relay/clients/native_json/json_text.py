"""JSON with decimals: read without floats, written without rounding."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

JsonObject = Mapping[str, Any]
"""A JSON object as a client takes it."""


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse)


def parse(body: bytes) -> Any:
    """The JSON value of a body: numbers with a fraction are ``Decimal``.

    Raises ``ValueError`` for anything that is not JSON in UTF-8.
    """
    try:
        return DECODER.decode(body.decode("utf-8-sig"))
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def render(value: object) -> bytes:
    """The same value always gives the same bytes, so that they can be sent and hashed again.

    ``Decimal`` becomes a JSON number with all its digits. Raises ``TypeError`` for a float
    and for anything that JSON does not have.
    """
    return _text(value).encode("utf-8")


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_key(k)}:{_text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_text(one) for one in value) + "]"
    if isinstance(value, Decimal):
        return _number(value)
    if value is None or isinstance(value, str | bool | int):
        return json.dumps(value, ensure_ascii=False)
    raise TypeError(f"{type(value).__name__} has no place in a request")


def _key(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"a member's name must be text, not {type(name).__name__}")
    return json.dumps(name, ensure_ascii=False)


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise TypeError(f"{value} is not a JSON number")
    return format(value, "f")
