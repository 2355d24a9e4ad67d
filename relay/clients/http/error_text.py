"""Makes one readable sentence of whatever a remote wrote about an error."""

from __future__ import annotations

import html
import re
from typing import Any

from relay.clients.native_json.json_text import parse

_LONGEST = 500
_MARKUP = re.compile(r"<(script|style)\b.*?</\1>|<[^>]+>", re.DOTALL | re.IGNORECASE)

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


def error_sentence(body: bytes) -> str:
    """The remote's own words in one line of at most 500 characters, or an empty string."""
    try:
        words = _words(parse(body))
    except ValueError:
        words = [_plain(body.decode("utf-8", errors="replace"))]
    return _joined(words)


def member_sentence(value: Any) -> str:
    """The same for a part of an answer, such as the ``errors`` of one sync element."""
    return _joined(_words(value))


def _words(value: Any, name: str = "") -> list[str]:
    if isinstance(value, dict):
        return _object_words(value)
    if isinstance(value, list):
        return [word for one in value for word in _words(one, name)]
    if value is None or value == "":
        return []
    return [f"{name} {value}" if name else str(value)]


def _object_words(members: dict[str, Any]) -> list[str]:
    words = [w for key in _SENTENCE_KEYS for w in _words(members.get(key))]
    for key in _NESTED_KEYS:
        words += _nested_words(members.get(key))
    return words or [w for value in members.values() for w in _object_member(value)]


def _nested_words(value: Any) -> list[str]:
    if not isinstance(value, dict):
        return _words(value)
    if any(key in value for key in _SENTENCE_KEYS + _NESTED_KEYS):
        return _object_words(value)
    return [word for field, what in value.items() for word in _field_words(field, what)]


def _field_words(field: str, what: Any) -> list[str]:
    # Rails reports what belongs to no field under "base".
    return _words(what, "" if field == "base" else field)


def _object_member(value: Any) -> list[str]:
    return _words(value) if isinstance(value, str | list | dict) else []


def _plain(text: str) -> str:
    return html.unescape(_MARKUP.sub(" ", text))


def _joined(words: list[str]) -> str:
    lines = dict.fromkeys(" ".join(word.split()) for word in words)
    text = "; ".join(line for line in lines if line)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
