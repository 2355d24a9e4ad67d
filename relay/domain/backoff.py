"""How long to wait between attempts that fail one after the other."""

from __future__ import annotations

from dataclasses import dataclass

_MOST_DOUBLINGS = 30  # Beyond it a float grows past every limit that anybody states; 2**30 s are 34 years.


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Seconds that double from ``first`` with every failure in a row, up to ``longest``."""

    first: float
    longest: float

    def seconds(self, failures: int) -> float:
        """The wait after ``failures`` earlier ones: 0 gives ``first``."""
        return float(min(self.first * 2.0 ** min(failures, _MOST_DOUBLINGS), self.longest))
