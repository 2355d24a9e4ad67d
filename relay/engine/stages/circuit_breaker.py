"""Stops a stage that would dead-letter nearly everything it reads: a broken mapping must not drain a topic."""

from __future__ import annotations

from collections import Counter, deque

from relay.domain.failures import Fatal


class CircuitOpen(Fatal):
    """The stage stopped itself before it wrote the letters."""


class CircuitBreaker:
    """Looks at the last ``window`` records of a stage. Belongs to the stage's thread.

    It opens when at least ``least`` of them, and more than ``share`` of them, would become letters.
    """

    def __init__(self, stage: str, *, share: float = 0.5, window: int = 200, least: int = 20) -> None:
        self._stage = stage
        self._share = share
        self._least = least
        self._reasons: deque[str | None] = deque(maxlen=window)

    def note(self, reason: str | None) -> None:
        """One record was read; ``reason`` is its letter's, or ``None`` where it needs none.

        Raises :class:`CircuitOpen`. Call it before the letters are committed.
        """
        self._reasons.append(reason)
        if reason is None:
            return
        bad = Counter(seen for seen in self._reasons if seen is not None)
        if bad.total() >= self._least and bad.total() > self._share * len(self._reasons):
            raise CircuitOpen(self._message(bad))

    def _message(self, bad: Counter[str]) -> str:
        reasons = ", ".join(f"{times} × {reason}" for reason, times in bad.most_common(3))
        return (
            f"{self._stage} has stopped itself: {bad.total()} of the last {len(self._reasons)} records would have "
            f"become dead letters ({reasons}), which points to the routes or to this release and not to the records. "
            "Nothing of the last batch was written and nothing is lost: correct the configuration (or go back to the "
            "earlier release) and start the stage again; it goes on where it stopped."
        )
