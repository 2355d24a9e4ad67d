"""Whose turn it is: every origin id with work is ready, scheduled for a call, in flight or delayed. Memory only."""

from __future__ import annotations

import heapq
import itertools
from collections import OrderedDict
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, NamedTuple

from relay.domain.commands import Lane
from relay.engine.writer.adapter import C, PlannedCall, Task
from relay.engine.writer.state.call_history import CallKey


class BatchKey(NamedTuple):
    """Planned calls that may be made as one. ``halvings``: how often its size has been halved.

    What is in doubt shares no call with what is not.
    """

    lane: Lane
    tenant: str
    step: str
    batch: str
    halvings: int
    in_doubt: bool
    writes: bool

    @property
    def call(self) -> CallKey:
        """The call of which only one may be under way."""
        return CallKey(self.tenant, self.step, self.batch)


@dataclass(frozen=True, slots=True)
class ScheduledCall(Generic[C]):
    """What an origin id needs next."""

    task: Task[C]
    call: PlannedCall


@dataclass(frozen=True, slots=True)
class Delay:
    """A wait of one origin id. ``until`` is on the running clock.

    ``reported``: a long wait is worth an outcome ``held``. ``firm``: a newer command does not end it early.
    ``people_hold``: the id of the person's hold that it waits for.
    """

    until: float
    reason: str
    sentence: str
    reported: bool = True
    firm: bool = False
    people_hold: str | None = None


class Scheduler(Generic[C]):
    """Belongs to the stage's thread."""

    def __init__(self) -> None:
        self._lanes: dict[str, Lane] = {}
        self._ready: dict[Lane, OrderedDict[str, None]] = {lane: OrderedDict() for lane in Lane}
        self._batches: OrderedDict[BatchKey, OrderedDict[str, ScheduledCall[C]]] = OrderedDict()
        self._batch_of: dict[str, BatchKey] = {}
        self._delays: dict[str, Delay] = {}
        self._on_hold: set[str] = set()
        self._alarms: list[tuple[float, int, str]] = []
        self._alarm_numbers = itertools.count()
        self._in_flight: set[str] = set()
        self._claims: dict[str, str] = {}
        self._halvings: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._lanes)

    # -- what there is to do

    def schedule(self, origin_id: str, lane: Lane) -> None:
        """Schedules ``origin_id``, or reschedules it after its record changed.

        Ignored while a call is in flight or a firm delay runs.
        """
        self._lanes[origin_id] = lane
        if origin_id in self._in_flight:
            return
        delay = self._delays.get(origin_id)
        if delay is not None and delay.firm:
            return
        self._drop_delay(origin_id)
        self._unplan(origin_id)
        self._ready[lane][origin_id] = None

    def remove(self, origin_id: str) -> None:
        """Forgets ``origin_id``: nothing is left to do for it."""
        self._lanes.pop(origin_id, None)
        self._unplan(origin_id)
        self._drop_delay(origin_id)
        self._in_flight.discard(origin_id)
        self._halvings.pop(origin_id, None)
        self._unready(origin_id)

    def next_ready(self) -> str | None:
        """Takes one out of the ready: live before backfill, the longest ready first; ``None``: none is."""
        for lane in (Lane.LIVE, Lane.BACKFILL):
            if self._ready[lane]:
                return self._ready[lane].popitem(last=False)[0]
        return None

    def plan(self, key: BatchKey, scheduled: ScheduledCall[C]) -> None:
        """Adds a call to the batch of ``key``."""
        origin_id = scheduled.task.command.origin_id
        self._batches.setdefault(key, OrderedDict())[origin_id] = scheduled
        self._batch_of[origin_id] = key

    def planned(self) -> int:
        """How many origin ids wait for a call."""
        return len(self._batch_of)

    def batches(self) -> Iterator[tuple[BatchKey, Mapping[str, ScheduledCall[C]]]]:
        """Iterates over the batches with their calls by origin id: live before backfill, then the longest waiting."""
        yield from sorted(self._batches.items(), key=lambda pair: pair[0].lane is Lane.BACKFILL)

    def scheduled(self) -> Iterator[tuple[str, BatchKey]]:
        """Iterates over the origin ids that wait for a call."""
        yield from list(self._batch_of.items())

    def has_work(self) -> bool:
        """Whether a call is in flight or could go out now."""
        return bool(self._in_flight or self._batch_of or any(self._ready.values()))

    def _unplan(self, origin_id: str) -> None:
        key = self._batch_of.pop(origin_id, None)
        if key is not None:
            members = self._batches[key]
            del members[origin_id]
            if not members:
                del self._batches[key]

    def _unready(self, origin_id: str) -> None:
        for ready in self._ready.values():
            ready.pop(origin_id, None)

    # -- how large a batch may be

    def halvings(self, origin_id: str) -> int:
        """How often the batches of ``origin_id`` are halved."""
        return self._halvings.get(origin_id, 0)

    def halve(self, origin_id: str, halvings: int) -> None:
        """Reduces the batches of ``origin_id`` until nothing is left to do for it."""
        self._halvings[origin_id] = halvings

    # -- in flight and delayed

    def mark_in_flight(self, origin_id: str) -> None:
        """Notes that the call of ``origin_id`` is under way."""
        self._unplan(origin_id)
        self._unready(origin_id)
        self._in_flight.add(origin_id)

    def make_ready(self, origin_id: str) -> None:
        """Notes that the call of ``origin_id`` has ended; it is ready unless it is delayed or has nothing left."""
        self._in_flight.discard(origin_id)
        if origin_id in self._lanes and origin_id not in self._delays:
            self._unplan(origin_id)
            self._ready[self._lanes[origin_id]][origin_id] = None

    def delay(self, origin_id: str, delay: Delay) -> None:
        """Delays ``origin_id``, whose call has ended if one was under way."""
        self._unplan(origin_id)
        self._in_flight.discard(origin_id)
        self._unready(origin_id)
        self._drop_delay(origin_id)
        self._delays[origin_id] = delay
        if delay.people_hold is not None:
            self._on_hold.add(origin_id)
        heapq.heappush(self._alarms, (delay.until, next(self._alarm_numbers), origin_id))

    def end_delay(self, origin_id: str) -> None:
        """Makes ``origin_id`` ready before its time."""
        if self._drop_delay(origin_id) and origin_id in self._lanes:
            self._ready[self._lanes[origin_id]][origin_id] = None

    def end_delays(self, reason: str) -> None:
        """Makes all ready that are delayed for ``reason``."""
        for origin_id, delay in self.delayed():
            if delay.reason == reason:
                self.end_delay(origin_id)

    def end_people_holds(self, hold_ids: Container[str]) -> None:
        """Makes all ready that wait for one of these holds by people."""
        for origin_id in list(self._on_hold):
            if self._delays[origin_id].people_hold in hold_ids:
                self.end_delay(origin_id)

    @property
    def on_hold(self) -> int:
        """How many origin ids wait for a person's hold to end."""
        return len(self._on_hold)

    def _drop_delay(self, origin_id: str) -> bool:
        self._on_hold.discard(origin_id)
        return self._delays.pop(origin_id, None) is not None

    def end_due_delays(self, now: float) -> None:
        """Makes all ready whose time has come; ``now`` is on the running clock."""
        while self._alarms and self._alarms[0][0] <= now:
            until, _, origin_id = heapq.heappop(self._alarms)
            delay = self._delays.get(origin_id)
            if delay is not None and delay.until <= until:
                self.end_delay(origin_id)

    def delayed(self) -> Iterator[tuple[str, Delay]]:
        """Iterates over the delayed origin ids."""
        yield from list(self._delays.items())

    def next_due(self) -> float | None:
        """When the next delay ends, on the running clock; ``None``: none runs."""
        return self._alarms[0][0] if self._alarms else None

    # -- what only one intent may touch

    def set_claim(self, origin_id: str, exclusive: str | None) -> None:
        """Replaces what the open intent of ``origin_id`` claims; ``None``: nothing any more."""
        for name in [name for name, claimant in self._claims.items() if claimant == origin_id]:
            del self._claims[name]
        if exclusive is not None:
            self._claims[exclusive] = origin_id

    def is_claimed(self, exclusive: str | None, origin_id: str) -> bool:
        """Whether the open intent of another than ``origin_id`` claims it."""
        return self._other_claimant(exclusive, origin_id) is not None

    def claim_holder(self, origin_id: str) -> str | None:
        """The other origin id whose open intent claims what the call of ``origin_id`` needs for itself, or ``None``."""
        key = self._batch_of.get(origin_id)
        if key is None or not key.writes:
            return None
        return self._other_claimant(self._batches[key][origin_id].call.exclusive, origin_id)

    def _other_claimant(self, exclusive: str | None, origin_id: str) -> str | None:
        claimant = None if exclusive is None else self._claims.get(exclusive)
        return None if claimant == origin_id else claimant
