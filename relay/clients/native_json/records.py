"""Takes an answer apart into its objects, each with its own bytes.

What a source said is kept byte for byte, so that a better mapping can be run over it years
later; so the objects of a list must be cut out of the answer, not written anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from relay.clients.native_json.json_text import DECODER

_BLANKS = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True, slots=True)
class NativeRecord:
    """One object of an answer: ``raw`` is the exact slice of the body, ``data`` its meaning."""

    raw: bytes
    data: Mapping[str, Any]


def records(body: bytes, key: str) -> list[NativeRecord]:
    """The objects of a list answer.

    Reads an array of objects, a single object that has the member ``key``, an object that
    wraps one array, ``null``, and an empty body. Raises ``ValueError`` for anything else.
    """
    text = body.decode("utf-8-sig")
    start = _skip(text, 0)
    if start == len(text):
        return []
    value, end = _value(text, start)
    if _skip(text, end) != len(text):
        raise ValueError("something follows the JSON value")
    if value is None:
        return []
    if isinstance(value, list):
        return list(_objects(text, start))
    if isinstance(value, dict) and key in value:
        return [NativeRecord(text[start:end].encode(), value)]
    if isinstance(value, dict):
        return list(_objects(text, _wrapped_array(text, start)))
    raise ValueError("neither a list nor an object")


def member_records(body: bytes, member: str) -> list[NativeRecord]:
    """The objects of one array member of the object that the answer is; none where it is missing.

    Raises ``ValueError`` where the answer is no object, or the member no list of objects.
    """
    text = body.decode("utf-8-sig")
    start = _skip(text, 0)
    value, end = _value(text, start)
    if not isinstance(value, dict) or _skip(text, end) != len(text):
        raise ValueError("not one object")
    if value.get(member) is None:
        return []
    if not isinstance(value[member], list):
        raise ValueError(f"{member} is not a list")
    places = [at for name, _, at in _members(text, start) if name == member]
    return list(_objects(text, places[-1]))  # Of members with one name the last counts.


def _value(text: str, start: int) -> tuple[Any, int]:
    try:
        return DECODER.raw_decode(text, start)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def _skip(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return found.end() if found else at


def _objects(text: str, start: int) -> Iterator[NativeRecord]:
    for value, first, last in _elements(text, start):
        if not isinstance(value, dict):
            raise ValueError("the list holds something that is not an object")
        yield NativeRecord(text[first:last].encode(), value)


def _elements(text: str, start: int) -> Iterator[tuple[Any, int, int]]:
    """The elements of the array that begins at ``start`` and is known to be well formed."""
    at = _skip(text, start + 1)
    while text[at] != "]":
        value, end = _value(text, at)
        yield value, at, end
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)


def _wrapped_array(text: str, start: int) -> int:
    arrays = [at for _, value, at in _members(text, start) if isinstance(value, list)]
    if len(arrays) != 1:
        raise ValueError(f"an object with {len(arrays)} lists where one was expected")
    return arrays[0]


def _members(text: str, start: int) -> Iterator[tuple[Any, Any, int]]:
    """Names, values and places of the members of the well-formed object that begins at ``start``."""
    at = _skip(text, start + 1)
    while text[at] != "}":
        name, end = _value(text, at)
        at = _skip(text, _skip(text, end) + 1)
        value, end = _value(text, at)
        yield name, value, at
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
