"""Tracks one of Procore's two windows and how many requests it has room for."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from relay.clients.rate.occupancy import Occupancy
from relay.clients.rate.procore_headers import RateLimitHeaders


@dataclass(slots=True)
class Window:
    """One limit, ``length`` seconds long, of which ``share`` is ours. Not thread-safe: its governor holds the lock.

    Two kinds of knowledge are kept apart. Our own requests are counted, which is exact as long as
    no one else uses the app in this company. What answers say is a bound: a remaining number of
    10 leaves room for 10 requests less those that it may not have counted yet. Where an answer shows
    more used than we sent, others are at work (or we were, before a restart), and for a
    while nothing but the bound is believed.

    ``expected_limit`` counts until an answer has told ``limit``. ``rarely_described``: most answers describe the other
    window, so that a raised limit may stay untold for long. ``shown_room``: further requests for which an answer has
    shown room, the bound; ``is_described``: it comes from an answer about this window, and none about the other
    contradicts it. ``exhausted_until``: until then the remote has said that there is no room; ``reset_at``: when it has
    said that the window ends. ``room_beyond_count``: answers have shown room although our count left none, because a
    limit was raised or a window began anew.
    """

    length: float
    grain: float
    share: float
    expected_limit: int
    rarely_described: bool
    limit: int | None = None
    shown_room: int = 0
    exhausted_until: float = float("-inf")
    reset_at: float = float("-inf")
    is_described: bool = False
    room_beyond_count: bool = False
    occupancy: Occupancy = field(init=False)
    _other_users_until: float = float("-inf")

    def __post_init__(self) -> None:
        self.occupancy = Occupancy(self.length, self.grain)

    @property
    def own_limit(self) -> int | None:
        """The part of the limit that is ours, at least one request; ``None`` while it must be found out.

        Who shares it keeps to what is expected until it is told: the others' part is not there to find out with.
        """
        limit = self.limit if self.limit is not None or self.share >= 1 else self.expected_limit
        return None if limit is None else max(1, math.floor(limit * self.share + 1e-9))

    def room(self, now: float) -> int:
        """Counts the requests that may go out now; 0 or less: none, or one to learn more (see ``may_probe``)."""
        own = self._own_room(now)
        if own is None:
            return self.shown_room
        if self._alone(now):
            return max(own, self.shown_room) if self._follows_answers else own
        return min(own, self.shown_room) if self.share < 1 else self.shown_room

    def may_probe(self, now: float) -> bool:
        """Whether a single request is fair although no answer has shown room for it."""
        own = self._own_room(now)
        if now < self.exhausted_until:
            return False
        if own is None or own > 0:
            return True
        return self.share >= 1 and (self.room_beyond_count or not self._alone(now))

    def wait(self, now: float) -> float | None:
        """Seconds until there may be room; ``None`` where the answer to a request in flight will tell."""
        limit, own = self.own_limit, self._own_room(now)
        counting = self.share < 1 or (self._alone(now) and not self.room_beyond_count)
        wait = 0.0 if self._alone(now) else self.exhausted_until - now
        if counting and limit is not None and own is not None and own <= 0:
            fall = self.occupancy.falls_to(limit - 1, now)
            if fall is None:
                return None
            wait = max(wait, fall)
        return wait if wait > 0 else None

    def take_description(self, described: RateLimitHeaders, *, unsure: int, ours: int, now: float) -> None:
        """Takes in an answer that described this window.

        ``unsure`` of our requests it may not have counted, ``ours`` are all that it can have counted.
        """
        surely = described.remaining - unsure
        self.limit = described.limit
        self.is_described, self.room_beyond_count = True, False
        self.shown_room = min(described.remaining, max(self.shown_room, surely))
        self.reset_at = now + described.reset_in
        if described.remaining == 0:
            self.exhausted_until = self.reset_at
        elif surely > 0:  # Otherwise it may be older than one that came before it.
            self.exhausted_until = float("-inf")
        if described.limit - described.remaining > ours:
            self.note_other_users(now)

    def forget(self) -> None:
        """Drops what answers have told: they were about the other window."""
        self.limit, self.shown_room = None, 0
        self.is_described = self.room_beyond_count = False
        self.exhausted_until = self.reset_at = float("-inf")

    def take_description_of_other(self, other: RateLimitHeaders, *, unsure: int, now: float) -> None:
        """Takes in an answer that described the other window, which is nearer to exhaustion than this one.

        Nearer by number or by part of the limit: what holds either way is believed.
        """
        if self.limit is None and not self.rarely_described:
            return
        part = 1.0 if self.limit is None else min(1.0, self.limit / other.limit)
        least = math.floor(other.remaining * part) - unsure
        if least > self.shown_room:
            self.shown_room, self.is_described = least, False
            own = self._own_room(now)
            self.room_beyond_count = self._follows_answers and own is not None and own < least

    def note_other_users(self, now: float) -> None:
        """Notes that others use the budget, too; for a while our own count says little."""
        self._other_users_until = now + max(self.length, 60.0)

    def gap(self, now: float, slow_from: float) -> float:
        """Seconds between requests that make the last ``slow_from`` of the limit do until there is more.

        0 while there is more than that, and where too little is known to tell.
        """
        limit, own = self.own_limit, self._own_room(now)
        if self.limit is None or limit is None or own is None:
            return 0.0
        described = self.is_described and now < self.reset_at
        room = self.shown_room if described else own
        if room > limit * slow_from or not (described or (self._alone(now) and own >= max(1, self.shown_room))):
            return 0.0
        return self._time_to_more(now) / (max(room, 0) + 1)

    def _time_to_more(self, now: float) -> float:
        fall = self.occupancy.next_fall(now)
        waits = [wait for wait in (fall, self.reset_at - now) if wait is not None and wait > 0]
        return min(waits, default=0.0)

    def _own_room(self, now: float) -> int | None:
        limit = self.own_limit
        return None if limit is None else limit - self.occupancy.count(now)

    @property
    def _follows_answers(self) -> bool:
        return self.rarely_described and self.share >= 1

    def _alone(self, now: float) -> bool:
        return self.limit is not None and now >= self._other_users_until
