"""What was used of a remote's rate limits, so that a restart gives no budget anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MinuteUse:
    """Requests that ended within one minute. ``at`` is its beginning; ``backfill`` of them were of that lane."""

    at: datetime
    requests: int
    backfill: int = 0
