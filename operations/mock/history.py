"""A history as a relay would have written it: what was seen at a source, and what became of it. Pure.

Events and commands are made by the code that makes them in production; for people at the source, and for the remote
systems, chance stands in, with a fixed seed. The same arguments give the same history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from operations.mock import native_orders as office
from operations.mock.aftermath import Aftermath, Told
from producers.changes import events
from producers.changes.events import Observation
from producers.poll_state import AccountState
from producers.source import ReadChangeOrder
from relay.domain.events import Change, EventReference
from relay.domain.records import PollState
from relay.domain.sources import constructiononline
from relay.engine.kafka import partition_of
from relay.engine.topics import CURRENT, OBSERVED, Topic

ACCOUNT = "mock"
START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
"""When the history begins, whatever the clock says."""

_POLL = timedelta(minutes=10)
_FIRST_LOAD = 10  # Change orders of one poll.
_MOST = 50  # Records of one transaction, with what follows from its last poll.
_INTERRUPTED = 4  # Each fourth edit meets a poller that dies before its commit.

_PLANS = (
    ("edit", "approve"),
    ("approve",),
    ("edit", "edit", "approve", "reopen", "approve"),
    ("reject",),
    ("approve", "delete"),
    ("edit",),
    ("approve", "delete", "restore"),
    ("approve",),
    ("edit", "approve"),
)
"""What happens to a change order after it is there; the ``n``-th has the plan ``n`` modulo their number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The records of one transaction, in order. ``aborted``: its writer died, so that it never counts."""

    told: tuple[Told, ...]
    aborted: bool = False


@dataclass(slots=True)
class _Places:
    """Where the next event of each partition will stand: in topics that begin empty, that is known beforehand."""

    partitions: int
    next: dict[int, int] = field(default_factory=dict)

    def of(self, key: str) -> tuple[int, int]:
        number = partition_of(key.encode(), self.partitions)
        offset = self.next.get(number, 0)
        self.next[number] = offset + 1
        return number, offset

    def end(self, told: Sequence[Told]) -> None:
        """Each partition that a transaction wrote to has a marker at its end."""
        for number in {partition_of(one.key.encode(), self.partitions) for one in told if one.topic is OBSERVED}:
            self.next[number] = self.next.get(number, 0) + 1


def history(
    orders: int, seed: int, *, partitions: int, name: Callable[[Topic], str], encode: Callable[[Any, str], bytes]
) -> Iterator[Batch]:
    """The transactions of ``orders`` change orders, in the order in which they are written.

    ``partitions`` of each topic, which are empty; ``name`` gives a topic's name on the cluster; ``encode`` is the
    codec's, for the letters, which hold whole records.
    """
    return _History(Random(seed), partitions, name, Aftermath(name, encode)).run(orders)


class _History:
    def __init__(self, random: Random, partitions: int, name: Callable[[Topic], str], aftermath: Aftermath) -> None:
        self._random = random
        self._places = _Places(partitions)
        self._topic = name(OBSERVED)
        self._aftermath = aftermath
        self._state = AccountState(
            system=constructiononline.SYSTEM,
            account=ACCOUNT,
            account_state=PollState(system=constructiononline.SYSTEM, account=ACCOUNT),
        )
        self._orders: list[office.NativeOrder] = []
        self._last: dict[str, Any] = {}
        self._edits = 0
        self._open: list[Told] = []

    def run(self, orders: int) -> Iterator[Batch]:
        at = START
        self._open += self._aftermath.directory(at, office.PROJECTS)
        loaded = max(1, orders * 6 // 10)
        for first in range(0, loaded, _FIRST_LOAD):
            at += timedelta(seconds=4)
            numbers = range(first, min(first + _FIRST_LOAD, loaded))
            self._orders += [office.new_order(self._random, number, self._earlier(at)) for number in numbers]
            yield from self._poll([self._read(self._orders[number], at) for number in numbers], at)
        self._state.apply(PollState(system=self._state.system, account=self._state.account, loaded=True))
        plans = {number: [*(() if number < loaded else ("create",)), *_plan(number)] for number in range(orders)}
        while plans:
            at += _POLL * (1 + int(self._random.random() * 5))
            number = self._next(plans)
            yield from self._step(plans[number].pop(0), number, at)
            if not plans[number]:
                del plans[number]
        self._open += self._aftermath.closing(at + _POLL)
        yield from self._ended()

    def _next(self, plans: dict[int, list[str]]) -> int:
        """A change order at random of which something is left to happen; new ones come one after the other."""
        number: int = office.pick(self._random, list(plans))
        if plans[number][0] != "create":
            return number
        return next(other for other in plans if plans[other][0] == "create")

    def _step(self, verb: str, number: int, at: datetime) -> Iterator[Batch]:
        if verb == "create":
            self._orders.append(office.new_order(self._random, number, self._earlier(at)))
        order = self._orders[number]
        moved = at - timedelta(minutes=1 + int(self._random.random() * 8))
        if verb == "delete":
            yield from self._poll([self._deleted(order, at)], at)
            return
        if verb == "edit":
            office.edit(self._random, order, moved)
            self._edits += 1
            if self._edits % _INTERRUPTED == 0:
                yield from self._interrupted(order, at - _POLL)
                office.edit(self._random, order, moved)
        elif verb in _CONDITIONS:
            office.decide(order, _CONDITIONS[verb], moved)
        yield from self._poll([self._read(order, at)], at)

    def _read(self, order: office.NativeOrder, at: datetime) -> Observation:
        raw = order.raw()
        reading = constructiononline.read_raw(raw)
        read = ReadChangeOrder(
            change_order_id=str(order.number), project=reading.change_order.project, reading=reading, raw=raw
        )
        return events.observed(self._state, read, at)

    def _deleted(self, order: office.NativeOrder, at: datetime) -> Observation:
        number = str(order.number)
        return events.deleted(self._state, self._state.states[number], self._last[number], at)

    def _interrupted(self, order: office.NativeOrder, at: datetime) -> Iterator[Batch]:
        """A poll whose transaction is aborted. The next one sees what stands there then, under the same sequence."""
        yield from self._ended()
        self._open += _seen(self._read(order, at), at)
        self._places.of(self._open[0].key)
        yield from self._ended(aborted=True)

    def _poll(self, observations: list[Observation], at: datetime) -> Iterator[Batch]:
        """What a poll has seen, and a moment later what the relay made of it."""
        aftermath: list[Told] = []
        for observation in observations:
            event = observation.event
            if event is None:  # What comes here was changed.
                continue
            self._open += _seen(observation, at)
            partition, offset = self._places.of(event.key)
            place = EventReference(topic=self._topic, partition=partition, offset=offset, event_id=event.event_id)
            self._state.apply(observation.state)
            self._last[event.change_order_id] = event
            aftermath += self._aftermath.of(event, place, at + timedelta(seconds=2))
        self._open += aftermath
        if len(self._open) >= _MOST:
            yield from self._ended()

    def _ended(self, *, aborted: bool = False) -> Iterator[Batch]:
        """The transaction that is open, if anything is in it."""
        told, self._open = tuple(self._open), []
        self._places.end(told)
        if told:
            yield Batch(told=told, aborted=aborted)

    def _earlier(self, at: datetime) -> datetime:
        return at - timedelta(minutes=2 + int(self._random.random() * 6))


_CONDITIONS = {"approve": office.APPROVED, "reject": office.REJECTED, "reopen": office.PENDING}


def _plan(number: int) -> tuple[str, ...]:
    if office.has_broken_cent(number) and number % 24 == 1:
        return ("edit", "approve")  # Half of what cannot be carried is corrected.
    return _PLANS[number % len(_PLANS)]


def _seen(observation: Observation, at: datetime) -> tuple[Told, ...]:
    """An event on both of its topics, in one trace."""
    event = observation.event
    if event is None:
        return ()
    told = Told(topic=OBSERVED, key=event.key, record=event, at=at, trace=event.event_id)
    newest = None if event.change is Change.DELETED else event
    return (told, replace(told, topic=CURRENT, record=newest))
