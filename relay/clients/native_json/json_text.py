"""JSON with decimals: read without floats, written without rounding."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from relay.domain.sources.exact_json import decode, without_half_escapes

JsonObject = Mapping[str, Any]
"""A JSON object as a client takes it."""


def parse(body: bytes) -> Any:
    """The JSON value of a body: numbers with a fraction are ``Decimal``, and every text can be written.

    Raises ``ValueError`` for anything that is not JSON in UTF-8.
    """
    return decode(without_half_escapes(body.decode("utf-8-sig")))


def render(value: object) -> bytes:
    """Writes a value as JSON; equal values give equal bytes, so that they can be sent and hashed again.

    ``Decimal`` becomes a JSON number with all its digits. Raises ``TypeError`` for a float
    and for anything that JSON does not have.
    """
    return _text(value).encode("utf-8")


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_key(name)}:{_text(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_text(element) for element in value) + "]"
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
