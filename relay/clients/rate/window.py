"""What is known of one of Procore's two windows, and how many requests it has room for."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from relay.clients.rate.occupancy import Occupancy
from relay.clients.rate.procore_headers import RateLimitHeaders

_LARGER_SHARE = 0.5


@dataclass(slots=True)
class Window:
    """One limit. Not thread-safe: its governor holds the lock.

    Two kinds of knowledge are kept apart. Our own requests are counted, which is exact as long as
    nobody else uses the app in this company. What answers say is a bound: a remaining number of
    10 leaves room for 10 requests less those that it may not have counted yet. Where an answer shows
    more used than we sent, somebody else is at work (or we were, before a restart), and for a
    while nothing but the bound is believed.
    """

    length: float
    grain: float
    share: float
    expected: int
    """What the limit should be as long as no answer has told it."""
    often_hidden: bool
    """Whether most answers describe the other window, so that a raised limit may not be told for long."""
    limit: int | None = None
    is_binding: int = 0
    """Further requests for which an answer has shown room."""
    empty_until: float = float("-inf")
    """Until then the remote has said that there is no room."""
    reset_at: float = float("-inf")
    exact: bool = False
    """Whether ``bound`` comes from an answer about this window, and none about the other contradicts it."""
    more_than_counted: bool = False
    """Whether answers have shown room although our count left none: a limit was raised, or a window began anew."""
    occupancy: Occupancy = field(init=False)
    _strangers_until: float = float("-inf")

    def __post_init__(self) -> None:
        self.occupancy = Occupancy(self.length, self.grain)

    @property
    def own_limit(self) -> int | None:
        """The part of the limit that is ours, at least one request; ``None`` while it must be found out.

        Who has the smaller share keeps to what is expected; who has the larger one finds out.
        """
        limit = self.limit if self.limit is not None or self.share >= _LARGER_SHARE else self.expected
        return None if limit is None else max(1, math.floor(limit * self.share + 1e-9))

    def room(self, now: float) -> int:
        """Requests that may go out now; 0 or less: none, or one to learn more (see ``may_probe``)."""
        own = self._own_room(now)
        if own is None:
            return self.is_binding
        if self._alone(now):
            return max(own, self.is_binding) if self._follows_answers else own
        return min(own, self.is_binding) if self.share < 1 else self.is_binding

    def may_probe(self, now: float) -> bool:
        """Whether a single request is fair although no answer has shown room for it."""
        own = self._own_room(now)
        if now < self.empty_until:
            return False
        if own is None or own > 0:
            return True
        return self.share >= 1 and (self.more_than_counted or not self._alone(now))

    def wait(self, now: float) -> float | None:
        """Seconds until there may be room; ``None`` where an answer under way will tell."""
        limit, own = self.own_limit, self._own_room(now)
        counting = self.share < 1 or (self._alone(now) and not self.more_than_counted)
        wait = 0.0 if self._alone(now) else self.empty_until - now
        if counting and limit is not None and own is not None and own <= 0:
            fall = self.occupancy.falls_to(limit - 1, now)
            if fall is None:
                return None
            wait = max(wait, fall)
        return wait if wait > 0 else None

    def shown(self, standing: RateLimitHeaders, *, unsure: int, ours: int, now: float) -> None:
        """An answer described this window.

        ``unsure`` of our requests it may not have counted, ``ours`` are all that it can have counted.
        """
        surely = standing.remaining - unsure
        self.limit = standing.limit
        self.exact, self.more_than_counted = True, False
        self.is_binding = min(standing.remaining, max(self.is_binding, surely))
        self.reset_at = now + standing.reset_in
        if standing.remaining == 0:
            self.empty_until = self.reset_at
        elif surely > 0:  # Otherwise it may be older than one that came before it.
            self.empty_until = float("-inf")
        if standing.limit - standing.remaining > ours:
            self.note_other_users(now)

    def forget(self) -> None:
        """What was taken for this window's was another's."""
        self.limit, self.is_binding = None, 0
        self.exact = self.more_than_counted = False
        self.empty_until = self.reset_at = float("-inf")

    def hidden(self, other: RateLimitHeaders, *, unsure: int, now: float) -> None:
        """An answer described the other window because that is nearer to exhaustion than this one.

        Nearer by number or by part of the limit: what holds either way is believed.
        """
        if self.limit is None and not self.often_hidden:
            return
        part = 1.0 if self.limit is None else min(1.0, self.limit / other.limit)
        least = math.floor(other.remaining * part) - unsure
        if least > self.is_binding:
            self.is_binding, self.exact = least, False
            own = self._own_room(now)
            self.more_than_counted = self._follows_answers and own is not None and own < least

    def note_other_users(self, now: float) -> None:
        """Somebody else uses the budget too."""
        self._strangers_until = now + max(self.length, 60.0)

    def gap(self, now: float, slow_from: float) -> float:
        """Seconds between requests that make the last ``slow_from`` of the limit do until there is more.

        0 while there is more than that, and where answers show that we know too little to tell.
        """
        limit, own = self.own_limit, self._own_room(now)
        if self.limit is None or limit is None or own is None:
            return 0.0
        known = self.exact and now < self.reset_at
        room = self.is_binding if known else own
        if room > limit * slow_from or not (known or (self._alone(now) and own >= max(1, self.is_binding))):
            return 0.0
        return self._time_to_more(now) / (max(room, 0) + 1)

    def _time_to_more(self, now: float) -> float:
        fall = self.occupancy.next_fall(now)
        known = [one for one in (fall, self.reset_at - now) if one is not None and one > 0]
        return min(known, default=0.0)

    def _own_room(self, now: float) -> int | None:
        limit = self.own_limit
        return None if limit is None else limit - self.occupancy.count(now)

    @property
    def _follows_answers(self) -> bool:
        return self.often_hidden and self.share >= 1

    def _alone(self, now: float) -> bool:
        return self.limit is not None and now >= self._strangers_until
