"""Makes one readable sentence of whatever a remote wrote about an error, in time that grows with its length only."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from relay.clients.native_json.json_text import parse

_LONGEST = 500
_CONSIDERED = 4096  # Characters: more than a sentence needs, and little for any pattern.
_LARGEST_JSON = 65_536  # Bytes; an error that is longer is read as text.
_MOST_MEMBERS = 100  # Of one list or object.
_MOST_LOOKED_AT = 2_000  # Members in all, in whatever shape.
_DEEPEST = 12  # The deepest documented error has five levels.

_UNSHOWN = re.compile(r"<(script|style)\b", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")

# Procore docs, "Error Reference", "REST v2"; ASP.NET Web API writes Message and MessageDetail.
_SENTENCE_KEYS = (
    "message",
    "Message",
    "error_description",
    "MessageDetail",
    "reason",
    "fields",
    "status_message",
    "status_message_reason",
)
_NESTED_KEYS = ("errors", "error", "response", "details")
_KNOWN_KEYS = frozenset(_SENTENCE_KEYS + _NESTED_KEYS)


def error_sentence(body: bytes, clean: Callable[[str], str]) -> str:
    """The remote's own words in one line of at most 500 characters, or an empty string.

    ``clean`` takes secrets out of the line before it is cut: half a secret would not be recognised.
    """
    try:
        words = _Walk().words(parse(body)) if len(body) <= _LARGEST_JSON else [_plain(body)]
    except ValueError:
        words = [_plain(body)]
    return _joined(words, clean)


def member_sentence(value: Any, clean: Callable[[str], str]) -> str:
    """The words in a part of an answer, such as the ``errors`` of one sync element, as one line of at most 500
    characters, or an empty string. ``clean`` as in :func:`error_sentence`.
    """
    return _joined(_Walk().words(value), clean)


class _Walk:
    """The way through one value. No member is looked at twice, and no more than 2,000 in all."""

    def __init__(self) -> None:
        self._left = _MOST_LOOKED_AT

    def words(self, value: Any, name: str = "", depth: int = 0) -> list[str]:
        """What the value says, each with ``name`` before it."""
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST or value is None or value == "":
            return []
        if isinstance(value, dict):
            return self._object(value, depth)
        if isinstance(value, list):
            return [word for element in value[:_MOST_MEMBERS] for word in self.words(element, name, depth + 1)]
        return [f"{name} {value}" if name else str(value)]

    def _object(self, members: dict[str, Any], depth: int) -> list[str]:
        words = [word for key in _SENTENCE_KEYS if key in members for word in self.words(members[key], "", depth + 1)]
        for key in _NESTED_KEYS:
            if key in members:
                words += self._nested(members[key], depth + 1)
        if words:
            return words
        others = (value for key, value in members.items() if key not in _KNOWN_KEYS)
        return [word for value in _first(others) for word in self._other(value, depth + 1)]

    def _nested(self, value: Any, depth: int) -> list[str]:
        if not isinstance(value, dict) or not _KNOWN_KEYS.isdisjoint(value):
            return self.words(value, "", depth)
        # Rails reports what belongs to no field under "base".
        named = (("" if field == "base" else field, reported) for field, reported in _first(value.items()))
        return [word for field, reported in named for word in self.words(reported, field, depth + 1)]

    def _other(self, value: Any, depth: int) -> list[str]:
        return self.words(value, "", depth) if isinstance(value, str | list | dict) else []


def _first(values: Iterable[Any]) -> Iterable[Any]:
    return islice(values, _MOST_MEMBERS)


def _plain(body: bytes) -> str:
    text = _shown_text(body[:_CONSIDERED].decode("utf-8", errors="replace"))
    return html.unescape(_TAG.sub(" ", text))


def _shown_text(markup: str) -> str:
    """Markup without its scripts and styles; one that does not end goes on to the end."""
    pieces, at, lower = [], 0, markup.lower()
    if len(lower) != len(markup):  # A few letters have a longer small form, and then the places differ.
        lower = markup
    while (start := _UNSHOWN.search(markup, at)) is not None:
        pieces.append(markup[at : start.start()])
        end = lower.find(f"</{start[1].lower()}", start.end())
        if end < 0:
            return " ".join(pieces)
        at = end
    return " ".join([*pieces, markup[at:]])


def _joined(words: list[str], clean: Callable[[str], str]) -> str:
    lines = dict.fromkeys(" ".join(word[:_CONSIDERED].split()) for word in words)
    text = clean("; ".join(line for line in lines if line)[:_CONSIDERED])
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
