"""How commands end."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of every command. ``WRONG_USAGE`` also means wrong settings or configuration."""

    DONE = 0
    FAILED = 1
    WRONG_USAGE = 2
    DEAD_LETTERS = 3
