"""The terms on which a caller lets a call go out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from relay.domain.commands import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTerms:
    """What a caller settles for one call of a client.

    ``not_after``: no byte of the request leaves after this moment on
    :func:`relay.clients.http.clock.running_seconds`; past it the call ends as ``Unavailable``.
    ``admitted``: the caller has already taken a slot from the governor; the first request of
    the call uses it (further ones, such as later pages, ask for their own).
    ``pause``: what to do while the rate budget is spent, with the seconds to wait. Without it
    the call ends as ``Throttled``. It may raise to abandon the call, and must not return early.
    """

    lane: Lane = Lane.LIVE
    not_after: float | None = None
    admitted: bool = False
    pause: Callable[[float], None] | None = None


NO_WAIT = CallTerms()
"""Live, no send window, and ``Throttled`` where the budget is spent."""
