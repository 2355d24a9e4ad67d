"""JSON of the control API: amounts keep their digits in both directions."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from deploy.sandbox.shell.service import Refused


def render(value: Any) -> str:
    """``value`` as compact JSON; a Decimal is a number with its own digits, never an exponent."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dict):
        return "{" + ",".join(f"{render(str(k))}:{render(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(render, value)) + "]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def parse(data: bytes | str) -> Any:
    """The JSON value, fractions as Decimal; an empty text is an empty object. Raises Refused."""
    try:
        return json.loads(data, parse_float=Decimal) if data else {}
    except ValueError as error:
        raise Refused(f"the body is no JSON: {error}") from None
