"""The clocks of a writer, and the times it keeps to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from relay.clients.http.clock import running_seconds
from relay.domain.backoff import Backoff


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Two clocks: ``now`` for what is written down, ``running`` (seconds) for waits and windows."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    running: Callable[[], float] = running_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Times are seconds.

    ``quarantine``: how long a lost request may still be on its way. ``lone_doubts``: after so many lost answers
    to a call of its own, while the remote answers others, a change order goes to a person.
    ``held_reported_after``: a change order that is held so long gets an outcome ``held``.
    ``routes_settle_in``: a changed configuration has reached this stage and the mapper after so long.
    """

    send_window: float = 10.0
    quarantine: float = 70.0
    calls_per_tenant: int = 4
    lone_doubts: int = 5
    backoff: Backoff = field(default_factory=lambda: Backoff(first=1.0, longest=60.0))
    held_reported_after: float = 60.0
    routes_settle_in: float = 120.0
