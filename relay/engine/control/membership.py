"""A stage's part in the control topic: the view that it works by, and what is stated of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from relay.domain.control import MEMBER_LASTS, PollRequest
from relay.domain.person_holds import AnyHold
from relay.domain.rate_use import MinuteUse

STATED_EVERY = 60.0
"""Seconds between two statements of a member of which nothing has changed."""

_STATEMENT_LASTS = MEMBER_LASTS - STATED_EVERY
"""Seconds after its last statement in which an owner still writes: well before others count it as gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlView:
    """What a stage goes by for one turn: the topic before ``offset``, as it was at ``read_at`` or later.

    ``pilots`` are as in :class:`relay.domain.routes.Routing`, ``polls`` the wishes that an account be looked at, by
    account as ``{system}:{account}``.

    ``announced`` are the tenants that this stage has stated to own in a record before ``offset``; it was last stated at
    ``stated_at``. Times are on the running clock. One that says nothing lets nothing be written.
    """

    holds: Mapping[str, AnyHold] = field(default_factory=dict)
    pilots: frozenset[tuple[str, str]] = frozenset()
    polls: Mapping[str, PollRequest] = field(default_factory=dict)
    offset: int = 0
    read_at: float = float("-inf")
    announced: frozenset[str] = frozenset()
    stated_at: float = float("-inf")

    def is_fresh(self, now: float, window: float) -> bool:
        """Whether the topic was read within ``window`` seconds."""
        return now - self.read_at <= window

    def may_write(self, tenant: str, now: float, window: float) -> bool:
        """Whether something new may be written for ``tenant`` by this view.

        The topic has to have been read within ``window`` seconds, and behind this owner's own statement: then whoever
        asks for something and looks for the tenant's owners sees this one, or this one has seen what was asked for.
        """
        return self.is_fresh(now, window) and tenant in self.announced and now - self.stated_at <= _STATEMENT_LASTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be stated of a stage: what it owns, and the offset before which it obeys everything."""

    owns: frozenset[str] = frozenset()
    obeys: int = 0


class Membership:
    """One stage of this process. ``take`` and ``state`` belong to the stage's thread, the rest to the follower's.

    ``newest`` gives what the topic holds as the follower has read it; ``changed`` is called when there is something to
    be stated.
    """

    def __init__(self, stage: str, newest: Callable[[], ControlView], changed: Callable[[], None]) -> None:
        self.stage = stage
        self._newest = newest
        self._changed = changed
        self._lock = threading.Lock()
        self._owned_since: dict[str, int] = {}
        self._stated_at = float("-inf")
        self._wanted = Wanted()
        self.view = ControlView()

    def take(self) -> ControlView:
        """Takes the newest view over; ``view`` is it until the next time."""
        newest = self._newest()
        with self._lock:
            announced = frozenset(tenant for tenant, offset in self._owned_since.items() if offset < newest.offset)
            stated_at = self._stated_at
        self.view = replace(newest, announced=announced, stated_at=stated_at)
        return self.view

    def state(self, owns: Iterable[str]) -> None:
        """Says that the stage works for ``owns``, and obeys everything before the view that it took last."""
        wanted = Wanted(owns=frozenset(owns), obeys=self.view.offset)
        with self._lock:
            before, self._wanted = self._wanted, wanted
        if before.owns != wanted.owns:
            self._changed()

    @property
    def wanted(self) -> Wanted:
        """What is to be stated."""
        with self._lock:
            return self._wanted

    def stated(self, wanted: Wanted, offset: int, at: float) -> None:
        """Notes that ``wanted`` stands on the topic at ``offset``. What it owned before stays as old as it is."""
        with self._lock:
            self._owned_since = {tenant: self._owned_since.get(tenant, offset) for tenant in wanted.owns}
            self._stated_at = at


class Unfollowed:
    """For a process that does not follow the topic: its stages take an empty view, and writers write nothing."""

    def member(self, stage: str) -> Membership:
        """A membership of which nothing is stated."""
        return Membership(stage, ControlView, lambda: None)

    def lent(self, stage: str, account: str) -> tuple[MinuteUse, ...]:
        """Nothing is known of guests."""
        return ()
