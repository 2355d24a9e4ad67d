"""Text that commands no terminal: what remotes and strangers wrote may hold anything."""

from __future__ import annotations

import json
import re

_NOT_ASCII = re.compile(r"[^\n -~]")


def printable(text: str) -> str:
    """``text`` without control characters, which could say anything to a terminal; lines stay lines."""
    return "".join(
        character if character.isprintable() or character == "\n" else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def printable_json(text: str) -> str:
    """JSON in which every character that is not printable, such as a bidirectional mark, is escaped.

    A letter of any script stays as it is.
    """
    return _NOT_ASCII.sub(_escaped, text)


def _escaped(character: re.Match[str]) -> str:
    if character[0].isprintable():
        return character[0]
    return "\\u007f" if character[0] == "\x7f" else json.dumps(character[0])[1:-1]
