"""JSON of the control API: amounts keep their digits in both directions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from deploy.sandbox.shell.service import Refused

MARK: Final = "\0"
MARKED: Final = re.compile(r'"\\u0000(-?[0-9.]+)"')


def plain(value: Decimal) -> str:
    """Its own digits, never an exponent."""
    return f"{value:f}"


def render(value: Any, digits: Callable[[Decimal], str] = plain) -> str:
    """``value`` as compact JSON; a Decimal is a number with the ``digits`` that are given for it."""

    def marked(inner: Any) -> str:
        if not isinstance(inner, Decimal):
            raise TypeError(f"{inner!r} is no JSON value")
        return MARK + digits(inner)

    # Large listings are rendered at every poll, and the encoder in C takes no decimals.
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=marked)
    return MARKED.sub(r"\1", text)


def parse(data: bytes | str) -> Any:
    """The JSON value, fractions as Decimal; an empty text is an empty object. Raises Refused."""
    try:
        return json.loads(data, parse_float=Decimal) if data else {}
    except ValueError as error:
        raise Refused(f"the body is no JSON: {error}") from None
