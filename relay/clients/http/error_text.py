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


def error_sentence(body: bytes, clean: Callable[[str], str] = str) -> str:
    """The remote's own words in one line of at most 500 characters, or an empty string.

    ``clean`` takes secrets out of the line before it is cut: half a secret would not be recognised.
    """
    try:
        words = _words(parse(body)) if len(body) <= _LARGEST_JSON else [_plain(body)]
    except ValueError:
        words = [_plain(body)]
    return _joined(words, clean)


def member_sentence(value: Any) -> str:
    """The words in a part of an answer, such as the ``errors`` of one sync element, as one line of at most 500
    characters, or an empty string.
    """
    return _joined(_words(value), str)


def _words(value: Any, name: str = "", depth: int = 0) -> list[str]:
    if depth > _DEEPEST or value is None or value == "":
        return []
    if isinstance(value, dict):
        return _object_words(value, depth)
    if isinstance(value, list):
        return [word for element in value[:_MOST_MEMBERS] for word in _words(element, name, depth + 1)]
    return [f"{name} {value}" if name else str(value)]


def _object_words(members: dict[str, Any], depth: int) -> list[str]:
    words = [word for key in _SENTENCE_KEYS for word in _words(members.get(key), "", depth + 1)]
    for key in _NESTED_KEYS:
        words += _nested_words(members.get(key), depth + 1)
    return words or [word for value in _first(members.values()) for word in _object_member(value, depth + 1)]


def _nested_words(value: Any, depth: int) -> list[str]:
    if depth > _DEEPEST or not isinstance(value, dict):
        return _words(value, "", depth)
    if any(key in value for key in _SENTENCE_KEYS + _NESTED_KEYS):
        return _object_words(value, depth)
    # Rails reports what belongs to no field under "base".
    named = (("" if field == "base" else field, reported) for field, reported in _first(value.items()))
    return [word for field, reported in named for word in _words(reported, field, depth + 1)]


def _object_member(value: Any, depth: int) -> list[str]:
    return _words(value, "", depth) if isinstance(value, str | list | dict) else []


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
