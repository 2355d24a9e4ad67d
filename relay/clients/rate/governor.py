"""The protocol of all governors, and the one that admits everything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from relay.clients.rate.refusal import stated_wait
from relay.domain.commands import Lane


class Governor(Protocol):
    """Keeps the rate budget of one tenant.

    ``now`` is always a moment on one clock, :func:`relay.clients.http.clock.running_seconds`.

    A request goes through these steps: ``acquire`` takes a slot (or says how long to wait),
    ``begin`` turns the slot into a request in flight, and one of ``answered``, ``refused`` and
    ``unanswered`` ends it. ``release`` gives a slot back that is not used.
    """

    def acquire(self, now: float, lane: Lane = Lane.LIVE) -> float:
        """Takes a slot and returns 0, or returns the seconds until a request may go out."""

    def release(self, lane: Lane = Lane.LIVE) -> None:
        """Gives back a slot that was taken and is not used."""

    def begin(self, now: float, lane: Lane = Lane.LIVE) -> int:
        """Turns a slot that was taken into a request in flight and returns its ticket."""

    def answered(self, ticket: int, headers: Mapping[str, str], now: float) -> None:
        """Ends a request that was answered, and not refused for its rate."""

    def refused(self, ticket: int, headers: Mapping[str, str], body: bytes, now: float) -> float:
        """Ends a request that was refused for its rate. Returns the seconds in which to send nothing."""

    def unanswered(self, ticket: int, now: float, *, sent: bool) -> None:
        """Ends a request without an answer; ``sent`` says whether the remote may have counted it."""


class Ungoverned:
    """Admits everything, counts nothing, and works out how long a refusal asks to wait."""

    def acquire(self, now: float, lane: Lane = Lane.LIVE) -> float:
        return 0.0

    def release(self, lane: Lane = Lane.LIVE) -> None:
        pass

    def begin(self, now: float, lane: Lane = Lane.LIVE) -> int:
        return 0

    def answered(self, ticket: int, headers: Mapping[str, str], now: float) -> None:
        pass

    def refused(self, ticket: int, headers: Mapping[str, str], body: bytes, now: float) -> float:
        """Returns the stated seconds, else one minute."""
        stated = stated_wait(headers, body)
        return 60.0 if stated is None else stated

    def unanswered(self, ticket: int, now: float, *, sent: bool) -> None:
        pass
