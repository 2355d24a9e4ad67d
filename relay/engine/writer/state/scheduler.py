"""Whose turn it is: every origin id with work is ready, planned, busy or asleep. Memory only."""

from __future__ import annotations

import heapq
import itertools
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from relay.domain.commands import Lane
from relay.engine.writer.adapter import PlannedCall, Task


class BatchKey(NamedTuple):
    """Planned steps that may share a call. ``level``: by how many halvings its size is reduced."""

    lane: Lane
    tenant: str
    step: str
    batch: str
    level: int
    doubt: bool
    writes: bool


@dataclass(frozen=True, slots=True)
class ScheduledCall:
    """What an origin id needs next."""

    task: Task[Any]
    call: PlannedCall


@dataclass(frozen=True, slots=True)
class Delay:
    """``until`` is on the running clock.

    ``told``: a long wait is worth an outcome ``held``. ``firm``: news does not end it early.
    """

    until: float
    reason: str
    sentence: str
    told: bool = True
    firm: bool = False


class Scheduler:
    """Belongs to the worker's thread."""

    def __init__(self) -> None:
        self._lanes: dict[str, Lane] = {}
        self._ready: dict[Lane, OrderedDict[str, None]] = {lane: OrderedDict() for lane in Lane}
        self._groups: OrderedDict[BatchKey, OrderedDict[str, ScheduledCall]] = OrderedDict()
        self._group_of: dict[str, BatchKey] = {}
        self._asleep: dict[str, Delay] = {}
        self._alarm: list[tuple[float, int, str]] = []
        self._count = itertools.count()
        self._busy: set[str] = set()
        self._stale: set[str] = set()
        self._exclusive: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._lanes)

    # -- what there is to do

    def schedule(self, origin_id: str, lane: Lane) -> None:
        """There is work for it, or its work has changed: it is to be looked at (again)."""
        self._lanes[origin_id] = lane
        if origin_id in self._busy:
            self._stale.add(origin_id)
            return
        sleep = self._asleep.get(origin_id)
        if sleep is not None and sleep.firm:
            return
        self._asleep.pop(origin_id, None)
        self._unplan(origin_id)
        self._ready[lane][origin_id] = None

    def remove(self, origin_id: str) -> None:
        """Nothing is left to do for it."""
        self._lanes.pop(origin_id, None)
        self._unplan(origin_id)
        self._asleep.pop(origin_id, None)
        self._busy.discard(origin_id)
        self._stale.discard(origin_id)
        for ready in self._ready.values():
            ready.pop(origin_id, None)

    def next_ready(self) -> str | None:
        """Live before backfill, the longest ready first; it is taken out of the list."""
        for lane in (Lane.LIVE, Lane.BACKFILL):
            if self._ready[lane]:
                return self._ready[lane].popitem(last=False)[0]
        return None

    def plan(self, origin_id: str, group: BatchKey, planned: ScheduledCall) -> None:
        """It waits for its call."""
        self._groups.setdefault(group, OrderedDict())[origin_id] = planned
        self._group_of[origin_id] = group

    def planned(self) -> int:
        """How many wait for a call."""
        return len(self._group_of)

    def batches(self) -> Iterator[tuple[BatchKey, OrderedDict[str, ScheduledCall]]]:
        """Live before backfill, then the longest waiting."""
        everything = list(self._groups.items())
        yield from sorted(everything, key=lambda pair: pair[0].lane is Lane.BACKFILL)

    def scheduled(self) -> Iterator[tuple[str, BatchKey]]:
        """Everyone who waits for a call."""
        yield from list(self._group_of.items())

    def _unplan(self, origin_id: str) -> None:
        group = self._group_of.pop(origin_id, None)
        if group is not None:
            members = self._groups[group]
            del members[origin_id]
            if not members:
                del self._groups[group]

    # -- busy and asleep

    def mark_in_flight(self, origin_id: str) -> None:
        """Its call is under way."""
        self._unplan(origin_id)
        for ready in self._ready.values():
            ready.pop(origin_id, None)
        self._busy.add(origin_id)

    def make_ready(self, origin_id: str) -> None:
        """Its call has ended: it is to be looked at again, unless it sleeps or has nothing left."""
        self._busy.discard(origin_id)
        self._stale.discard(origin_id)
        if origin_id in self._lanes and origin_id not in self._asleep:
            self._unplan(origin_id)
            self._ready[self._lanes[origin_id]][origin_id] = None

    def delay(self, origin_id: str, sleep: Delay) -> None:
        """It waits for a time."""
        self._unplan(origin_id)
        self._busy.discard(origin_id)
        for ready in self._ready.values():
            ready.pop(origin_id, None)
        self._asleep[origin_id] = sleep
        heapq.heappush(self._alarm, (sleep.until, next(self._count), origin_id))

    def end_delay(self, origin_id: str) -> None:
        """It need not wait any longer."""
        if self._asleep.pop(origin_id, None) is not None and origin_id in self._lanes:
            self._ready[self._lanes[origin_id]][origin_id] = None

    def end_delays(self, reason: str) -> None:
        """None of those who wait for this need wait any longer."""
        for origin_id, sleep in self.delayed():
            if sleep.reason == reason:
                self.end_delay(origin_id)

    def end_due_delays(self, now: float) -> None:
        """Those whose time has come."""
        while self._alarm and self._alarm[0][0] <= now:
            until, _, origin_id = heapq.heappop(self._alarm)
            sleep = self._asleep.get(origin_id)
            if sleep is not None and sleep.until <= until:
                self.end_delay(origin_id)

    def delayed(self) -> Iterator[tuple[str, Delay]]:
        """Everything asleep."""
        yield from list(self._asleep.items())

    def next_due(self) -> float | None:
        """When the first sleeper is due."""
        return self._alarm[0][0] if self._alarm else None

    def has_work(self) -> bool:
        """Whether a call is under way or could go out now."""
        return bool(self._busy or self._group_of or any(self._ready.values()))

    # -- what only one intent may touch

    def set_claim(self, origin_id: str, exclusive: str | None) -> None:
        """The origin id's open intent claims ``exclusive``, or (``None``) claims nothing any more."""
        for name in [name for name, owner in self._exclusive.items() if owner == origin_id]:
            del self._exclusive[name]
        if exclusive is not None:
            self._exclusive[exclusive] = origin_id

    def is_claimed(self, exclusive: str | None, origin_id: str) -> bool:
        """Whether another's open intent claims it."""
        return self._other(exclusive, origin_id) is not None

    def claim_holder(self, origin_id: str) -> str | None:
        """The other whose open intent claims what the planned call needs for itself."""
        group = self._group_of.get(origin_id)
        if group is None or not group.writes:
            return None
        return self._other(self._groups[group][origin_id].call.exclusive, origin_id)

    def _other(self, exclusive: str | None, origin_id: str) -> str | None:
        owner = None if exclusive is None else self._exclusive.get(exclusive)
        return None if owner == origin_id else owner
