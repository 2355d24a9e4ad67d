"""How far the listings of a company's projects have come, by the remote's own times. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

OVERLAP = timedelta(minutes=15)
"""Between two windows: for the remote's whole seconds, commits that come late, clocks that differ, and the time
that a poll of many projects takes."""

AHEAD = timedelta(days=1)
"""How far beyond now a window reaches, since a range must have an end: far enough for any two clocks."""


class RoundMarks:
    """The latest update that every project of a round was listed after.

    A round that takes many polls sees updates in its last project that may be later than those it would still miss in
    its first one. So it counts what was seen up to its first poll; the rest counts for the next round.
    """

    def __init__(self) -> None:
        self._latest: datetime | None = None
        self._at_first_poll: datetime | None = None

    def after(self, updates: Iterable[datetime], now: datetime, *, begins: bool, ends: bool) -> datetime | None:
        """Takes in what a poll has seen, which began or ended a round; returns the mark at the end of one."""
        seen = [update for update in updates if update <= now + AHEAD]
        self._latest = max([*seen, *([self._latest] if self._latest else [])], default=None)
        if begins:
            self._at_first_poll = self._latest
        return self._at_first_poll if ends else None


def watermark(before: str | None, mark: datetime | None, now: datetime) -> str | None:
    """The watermark after ``before``: ``mark``, but never one that no clock has come to yet, and never back."""
    if mark is None:
        return before
    after = min(mark, now).isoformat()
    return after if before is None else max(before, after, key=datetime.fromisoformat)


def window(mark: str | None, now: datetime) -> tuple[datetime, datetime] | None:
    """What a listing asks for after the watermark ``mark``; ``None``: everything."""
    return None if mark is None else (datetime.fromisoformat(mark) - OVERLAP, now + AHEAD)
