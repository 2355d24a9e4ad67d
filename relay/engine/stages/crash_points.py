"""Named places at which a test makes the process end as if it had been killed.

Off unless ``COR_CRASH_AT`` is set, as ``name`` or ``name:n``: at the n-th passage of that place the
process ends at once with status 137, without a flush, a commit or an exit handler.
"""

from __future__ import annotations

import os
import sys
import threading
from enum import StrEnum

VARIABLE = "COR_CRASH_AT"
KILLED = 137
"""What a shell reports for SIGKILL."""


class CrashPoint(StrEnum):
    """Every gap between two things that a crash can tear apart."""

    WRITER_AFTER_RECEIVE = "writer.after_receive"
    WRITER_BEFORE_RECEIVE_COMMIT = "writer.before_receive_commit"
    WRITER_AFTER_RECEIVE_COMMIT = "writer.after_receive_commit"
    WRITER_BEFORE_INTEND_COMMIT = "writer.before_intend_commit"
    WRITER_AFTER_INTEND = "writer.after_intend"
    WRITER_AFTER_CALL = "writer.after_call"
    WRITER_BEFORE_RECORD_COMMIT = "writer.before_record_commit"
    WRITER_AFTER_RECORD = "writer.after_record"
    WRITER_BEFORE_SETTLE_COMMIT = "writer.before_settle_commit"
    WRITER_AFTER_SETTLE = "writer.after_settle"
    WRITER_BEFORE_HOLD_COMMIT = "writer.before_hold_commit"
    WRITER_AFTER_HOLD_COMMIT = "writer.after_hold_commit"
    WRITER_BEFORE_NOTE_COMMIT = "writer.before_note_commit"
    WRITER_AFTER_NOTE = "writer.after_note"
    WRITER_DURING_RESTORE = "writer.during_restore"
    WRITER_AFTER_FENCE = "writer.after_fence"
    POLLER_AFTER_LISTING = "poller.after_listing"
    POLLER_AFTER_SEND = "poller.after_send"
    POLLER_BEFORE_COMMIT = "poller.before_commit"
    POLLER_AFTER_COMMIT = "poller.after_commit"
    MAPPER_BEFORE_COMMIT = "mapper.before_commit"
    MAPPER_AFTER_COMMIT = "mapper.after_commit"
    LETTERS_BEFORE_COMMIT = "letters.before_commit"
    VIEWS_BEFORE_COMMIT = "views.before_commit"
    VIEWS_AFTER_COMMIT = "views.after_commit"
    VIEWS_BEFORE_PUBLISH = "views.before_publish"
    VIEWS_AFTER_PUBLISH = "views.after_publish"


class BadCrashPoint(ValueError):
    """``COR_CRASH_AT`` names no place or no count."""


class Countdown:
    """Counts the passages of one place. Thread-safe."""

    def __init__(self, point: CrashPoint, passages: int = 1) -> None:
        self._point = point
        self._left = passages
        self._lock = threading.Lock()

    @classmethod
    def parse(cls, text: str) -> Countdown:
        """Reads ``name`` or ``name:n``. Raises ``BadCrashPoint``."""
        name, _, count = text.partition(":")
        try:
            passages = int(count or 1)
            if passages < 1:
                raise ValueError
            return cls(CrashPoint(name), passages)
        except ValueError:
            names = ", ".join(CrashPoint)
            raise BadCrashPoint(
                f"{VARIABLE}={text!r} names no crash point; allowed: NAME or NAME:N with N from 1, NAME one of {names}"
            ) from None

    def passed(self, point: CrashPoint) -> bool:
        """Whether this passage is the one to end at."""
        if point is not self._point:
            return False
        with self._lock:
            self._left -= 1
            return self._left == 0


def _armed() -> Countdown | None:
    text = os.environ.get(VARIABLE)
    if not text:
        return None
    try:
        return Countdown.parse(text)
    except BadCrashPoint as error:
        print(error, file=sys.stderr)  # noqa: T201 - logging is not configured while modules are imported
        raise SystemExit(2) from None


_countdown = _armed()


def reached(point: CrashPoint) -> None:
    """Ends the process here if this is the place and the passage that ``COR_CRASH_AT`` names."""
    if _countdown is not None and _countdown.passed(CrashPoint(point)):
        os.write(2, f"ended at crash point {point}\n".encode())
        os._exit(KILLED)
