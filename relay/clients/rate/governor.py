"""What every governor offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from relay.clients.http.terms import Lane
from relay.clients.rate.refusal import stated_wait


class Governor(Protocol):
    """Keeps the rate budget of one tenant.

    ``now`` is always a moment on one clock, :func:`relay.clients.http.clock.running_seconds`.

    A request goes through these steps: ``admit`` takes a slot (or says how long to wait),
    ``begin`` turns the slot into a request on its way, and one of ``learn``, ``refused`` and
    ``lost`` ends it. A slot that is not used is given back.
    """

    def acquire(self, now: float, lane: Lane = Lane.LIVE) -> float:
        """Seconds until a request may go out. 0: it may go now, and the slot is taken."""

    def release(self, lane: Lane = Lane.LIVE) -> None:
        """A slot that was taken is not used after all."""

    def begin(self, now: float, lane: Lane = Lane.LIVE) -> int:
        """A request goes out, on the slot taken before. Returns its ticket."""

    def answered(self, ticket: int, headers: Mapping[str, str], now: float) -> None:
        """The request was answered, and not refused for its rate."""

    def refused(self, ticket: int, headers: Mapping[str, str], body: bytes, now: float) -> float:
        """The request was refused for its rate. Returns the seconds in which to send nothing."""

    def unanswered(self, ticket: int, now: float, *, sent: bool) -> None:
        """The request had no answer; ``sent`` says whether the remote may have counted it."""


class Ungoverned:
    """Admits everything and only works out how long a refusal asks to wait."""

    def acquire(self, now: float, lane: Lane = Lane.LIVE) -> float:
        """Always 0."""
        return 0.0

    def release(self, lane: Lane = Lane.LIVE) -> None:
        """Nothing was taken."""

    def begin(self, now: float, lane: Lane = Lane.LIVE) -> int:
        """Nothing is counted."""
        return 0

    def answered(self, ticket: int, headers: Mapping[str, str], now: float) -> None:
        """Nothing is learned."""

    def refused(self, ticket: int, headers: Mapping[str, str], body: bytes, now: float) -> float:
        """The stated time, else one minute."""
        stated = stated_wait(headers, body)
        return 60.0 if stated is None else stated

    def unanswered(self, ticket: int, now: float, *, sent: bool) -> None:
        """Nothing is counted."""
