"""Takes an answer apart into its objects, each with its own bytes.

What a source said is kept byte for byte, so that a better mapping can be run over it years
later; so the objects of a list must be cut out of the answer, not written anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from relay.domain.sources.exact_json import decode_at, without_half_escapes

_BLANKS = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True, slots=True)
class NativeRecord:
    """One object of an answer: ``raw`` is the exact slice of the body, ``data`` its meaning."""

    raw: bytes
    data: Mapping[str, Any]


def records(body: bytes, single_object_marker: str) -> list[NativeRecord]:
    """The objects of a list answer.

    Reads an array of objects, a single object that has the member ``single_object_marker``, an object that wraps one
    array, ``null``, and an empty body. Raises ``ValueError`` for anything else.
    """
    answer = _Answer(body)
    if answer.is_empty:
        return []
    value = answer.value()
    if value is None:
        return []
    if isinstance(value, dict) and single_object_marker in value:
        return [answer.record(value, answer.start, answer.end)]
    # The whole is not held while it is cut into records, which would take twice the memory.
    is_list, is_object = isinstance(value, list), isinstance(value, dict)
    del value
    if is_list:
        return list(answer.objects(answer.start))
    if is_object:
        return list(answer.objects(answer.wrapped_array()))
    raise ValueError("neither a list nor an object")


def member_records(body: bytes, member: str) -> list[NativeRecord]:
    """The objects of one array member of the object that the answer is; none where it is missing.

    Raises ``ValueError`` where the answer is no object, or the member no list of objects.
    """
    answer = _Answer(body)
    value = answer.value()
    if not isinstance(value, dict):
        raise ValueError("not one object")
    if value.get(member) is None:
        return []
    if not isinstance(value[member], list):
        raise ValueError(f"{member} is not a list")
    del value
    places = [place for name, _, place in answer.members() if name == member]
    return list(answer.objects(places[-1]))  # Of members with one name the last counts.


class _Answer:
    """The text of an answer, and the same text to be decoded, in which halves of characters are replaced."""

    def __init__(self, body: bytes) -> None:
        self._native = body.decode("utf-8-sig")
        self._text = without_half_escapes(self._native)
        self.start = self._skip(0)
        self.end = len(self._text)

    @property
    def is_empty(self) -> bool:
        return self.start == len(self._text)

    def value(self) -> Any:
        """The whole answer's value. Raises ``ValueError`` where it is not one JSON value."""
        value, self.end = decode_at(self._text, self.start)
        if self._skip(self.end) != len(self._text):
            raise ValueError("something follows the JSON value")
        return value

    def record(self, value: Mapping[str, Any], first: int, last: int) -> NativeRecord:
        return NativeRecord(self._native[first:last].encode(), value)

    def objects(self, start: int) -> Iterator[NativeRecord]:
        """The objects of the array that begins at ``start`` and is known to be well formed."""
        at = self._skip(start + 1)
        while self._text[at] != "]":
            value, end = decode_at(self._text, at)
            if not isinstance(value, dict):
                raise ValueError("the list holds something that is not an object")
            yield self.record(value, at, end)
            at = self._next(end)

    def members(self) -> Iterator[tuple[Any, Any, int]]:
        """Names, values and places of the members of the well-formed object that the answer is."""
        at = self._skip(self.start + 1)
        while self._text[at] != "}":
            name, end = decode_at(self._text, at)
            at = self._skip(self._skip(end) + 1)
            value, end = decode_at(self._text, at)
            yield name, value, at
            at = self._next(end)

    def wrapped_array(self) -> int:
        """Where the only array among the members begins. Raises ``ValueError`` where it is not the only one."""
        arrays = [place for _, value, place in self.members() if isinstance(value, list)]
        if len(arrays) != 1:
            raise ValueError(f"an object with {len(arrays)} lists where one was expected")
        return arrays[0]

    def _next(self, end: int) -> int:
        at = self._skip(end)
        return self._skip(at + 1) if self._text[at] == "," else at

    def _skip(self, at: int) -> int:
        blanks = _BLANKS.match(self._text, at)
        return blanks.end() if blanks else at
