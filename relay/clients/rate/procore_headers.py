"""What Procore's headers say of a limit.

Source: Procore docs, "Rate Limiting": ``X-Rate-Limit-Limit``, ``-Remaining`` and ``-Reset`` (unix
seconds) describe whichever of the hourly and the 10-second limit is nearest to exhaustion, so
answers may switch between the two; the values may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from relay.clients.rate.refusal import LONGEST_WAIT, reset_in
from relay.domain.sources.native_values import number_of

_LARGEST_LIMIT = 1_000_000  # Requests. Procore documents hundreds; what is above is no limit that could be kept to.
_ROUNDING = 1.0  # Both Reset and Date are whole seconds, cut or rounded up: it is not said which.


@dataclass(frozen=True, slots=True)
class RateLimitHeaders:
    """One limit as an answer describes it; ``reset_in`` is seconds from the answer, on the safe side."""

    limit: int
    remaining: int
    reset_in: float


def read_rate_limit_headers(headers: Mapping[str, str]) -> RateLimitHeaders | None:
    """The limit that the headers describe; ``None`` where they are missing or make no sense."""
    limit = number_of(headers.get("x-rate-limit-limit"))
    remaining = number_of(headers.get("x-rate-limit-remaining"))
    reset = reset_in(headers)
    if limit is None or remaining is None or not 1 <= limit <= _LARGEST_LIMIT or remaining < 0:
        return None
    wait = 0.0 if reset is None or reset > LONGEST_WAIT else reset
    return RateLimitHeaders(limit, min(remaining, limit), wait + _ROUNDING)
