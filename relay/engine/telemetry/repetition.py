"""Warnings of libraries that repeat themselves: told once a minute, with how many were left out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

_EVERY = 60.0  # Seconds.
_KEPT = 1_000  # Different lines that are remembered; a library has a few dozen.


class SeldomRepeated(logging.Filter):
    """Lets a line of a library's logger through that was not told within the last minute.

    Lines are alike that were written by the same statement, whatever it was given. While a broker is away each of its
    clients tells so many times a second, in which our own lines would drown. Stands at a handler, so that who listens
    at the logger itself hears everything.
    """

    def __init__(self, library: str, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(library)
        self._clock = clock
        self._told: dict[tuple[str, str], float] = {}
        self._left_out: dict[tuple[str, str], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not super().filter(record):  # Not of the library.
            return True
        line, now = (record.name, str(record.msg)), self._clock()
        if now - self._told.get(line, now - _EVERY) < _EVERY:
            self._left_out[line] = self._left_out.get(line, 0) + 1
            return False
        if len(self._told) >= _KEPT:
            self._told.clear()
        self._told[line] = now
        left_out = self._left_out.pop(line, 0)
        if left_out:
            record.msg, record.args = f"{record.getMessage()} ({left_out} more like it since the last one)", ()
        return True
