"""JSON as remotes write it: numbers without floats, and none that takes long to handle.

A number that no field of ours can hold is handed on as the text that stands there. No reader takes that for a number,
so that the one odd member is refused and not the whole answer. Written out, ``1e5000000`` would have five million
digits.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

LARGEST_EXPONENT = 40
"""Of the first digit of a number, both ways. Amounts have 18 digits and ids 19; twice as many are room enough."""

_LONGEST_NUMBER = 100  # Characters. An exact sum of money in a float's own notation has about 50.
_SURROGATE = re.compile("[\ud800-\udfff]")
# A run of backslashes is read from its start, two by two; what follows an odd one is an escape.
_SURROGATE_ESCAPE = re.compile(
    r"(?<!\\)(?P<before>(?:\\\\)*+)\\u[dD](?:[89abAB][0-9a-fA-F]{2}(?P<pair>\\u[dD][c-fC-F][0-9a-fA-F]{2})?|[c-fC-F][0-9a-fA-F]{2})"
)


def decode(text: str) -> Any:
    """The JSON value that ``text`` is. Raises ``ValueError`` where it is none."""
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def decode_at(text: str, start: int) -> tuple[Any, int]:
    """The JSON value that begins at ``start``, and where it ends. Raises ``ValueError`` where there is none."""
    try:
        return _DECODER.raw_decode(text, start)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def without_half_escapes(text: str) -> str:
    r"""JSON text in which each ``\ud83d`` without its other half reads ``\ufffd``; no character moves.

    A text that was cut within an emoji is sent so. Python's decoder hands it on, and nothing can write it in UTF-8.
    """
    if r"\ud" not in text and r"\uD" not in text:  # As in nearly all: the search takes longer than decoding does.
        return text
    return _SURROGATE_ESCAPE.sub(lambda match: match[0] if match["pair"] else rf"{match['before']}\ufffd", text)


def without_half_characters(text: str) -> str:
    """Text that can be written in UTF-8: each half of a character is replaced."""
    return _SURROGATE.sub("\ufffd", text)


def is_reasonable(number: Decimal) -> bool:
    """Whether a number is finite and short when it is written out."""
    return number.is_finite() and abs(number.adjusted()) <= LARGEST_EXPONENT


def _whole(text: str) -> int | str:
    return int(text) if len(text) <= LARGEST_EXPONENT else text


def _fraction(text: str) -> Decimal | str:
    if len(text) > _LONGEST_NUMBER:
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:  # An exponent of twenty digits.
        return text
    return number if is_reasonable(number) else text


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(parse_int=_whole, parse_float=_fraction, parse_constant=_refuse)
