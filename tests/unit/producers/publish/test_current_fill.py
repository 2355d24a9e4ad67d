"""Whatever the poller publishes beside the scan, and wherever it is broken off: current is the newest of observed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from producers.changes.events import deleted, observed
from producers.publish import current_fill
from producers.publish.current_fill import CurrentFill
from producers.publish.records import EncodedObservation
from relay.domain.change_order import Status
from relay.domain.events import Change, ChangeOrderObserved
from relay.engine.kafka import CommitFailed, Outgoing, Record
from relay.engine.topics import CURRENT, OBSERVED
from tests.unit.producers.publish.logs import CODEC, Fault, World
from tests.unit.producers.samples import AT, read

NUMBERS = st.sampled_from(["1", "2", "3"])
WHAT = st.sampled_from([Status.PENDING, Status.APPROVED, None])


@dataclass(frozen=True)
class Publishes:
    """The poller sees a change order with this status; without one, that it is gone."""

    number: str
    status: Status | None


@dataclass(frozen=True)
class Steps:
    """The scan goes on; its first transaction ends in ``fault``."""

    fault: Fault | None = None


CHANGES = st.builds(Publishes, NUMBERS, WHAT)
STEPS = st.builds(Steps, st.sampled_from([None, None, *Fault]))


class Fill(CurrentFill):
    """Scans the log of a world as it is when the scan begins."""

    def __init__(self, world: World) -> None:
        connection: object = None
        super().__init__(connection, CODEC, world.commits, world.poller_records, OBSERVED.name())  # type: ignore[arg-type]  # nothing connects
        self._world = world

    def _scanned(self) -> Iterator[Record]:
        return iter(list(self._world.logs.records[OBSERVED.name()]))


class Beside:
    """A poller and the scan on one thread, with a clock that moves on at each change."""

    def __init__(self) -> None:
        self.world = World()
        self.fill = Fill(self.world)
        self.at = AT

    def publish(self, change: Publishes, *, current: bool = True) -> None:
        self.at += timedelta(seconds=1)
        state, before = self.world.state, self.world.state.states.get(change.number)
        if change.status is not None:
            seen = read(change.number, status=change.status, title=str(self.at))
            self.world.publish(observed(state, seen, self.at), current=current)
        elif before is not None and not before.deleted:
            self.world.publish(deleted(state, before, self.last(change.number), self.at), current=current)

    def last(self, number: str) -> ChangeOrderObserved:
        return [event for event in self.world.events() if event.change_order_id == number][-1]

    def step(self, fault: Fault | None = None) -> bool:
        self.world.logs.fault = fault
        try:
            return self.fill.step([self.world.state])
        except CommitFailed:
            self.fill.stop()
            self.world.restore()
            return True
        finally:
            self.world.logs.fault = None

    def forget_approvals(self) -> None:
        """As releases left poll state that did not note them."""
        for number, poll_state in self.world.state.states.items():
            self.world.state.states[number] = replace(poll_state, approved_seen_at=None)


def newest(events: list[ChangeOrderObserved]) -> dict[str, ChangeOrderObserved]:
    last = {event.key: event for event in events}
    return {key: event for key, event in last.items() if event.change is not Change.DELETED}


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_fill, "_AT_ONCE", 2)


@given(st.lists(CHANGES, max_size=12), st.lists(st.one_of(CHANGES, STEPS), max_size=25))
def test_current_is_the_newest_of_observed(before: list[Publishes], beside: list[Publishes | Steps]) -> None:
    run = Beside()
    for change in before:
        run.publish(change, current=False)
    run.forget_approvals()
    for act in beside:
        if isinstance(act, Steps):
            run.step(act.fault)
        else:
            run.publish(act)
    while run.step():
        pass
    assert run.world.current() == newest(run.world.events())
    assert run.world.state.account_state.current_complete
    for number, poll_state in run.world.state.states.items():
        approved = [
            event.observed_at
            for event in run.world.events()
            if event.change_order_id == number
            and event.change is not Change.DELETED
            and event.change_order.status is Status.APPROVED
        ]
        assert poll_state.approved_seen_at == min(approved, default=None)


def test_it_is_done_once_and_over_a_restart() -> None:
    run = Beside()
    run.publish(Publishes("1", Status.PENDING), current=False)
    while run.step():
        pass
    run.world.restore()
    written = len(run.world.logs.records[CURRENT.name()])
    assert not Fill(run.world).step([run.world.state])
    assert len(run.world.logs.records[CURRENT.name()]) == written == 1


def test_an_account_that_was_never_polled_needs_no_scan() -> None:
    run = Beside()
    assert not run.step()
    assert run.world.state.account_state.current_complete
    assert not run.world.logs.records[CURRENT.name()]


def test_what_an_older_release_deleted_beside_a_scan_that_was_broken_off_goes_away() -> None:
    run = Beside()
    run.publish(Publishes("1", Status.PENDING))
    run.publish(Publishes("1", None), current=False)
    while run.step():
        pass
    assert run.world.current() == {}


def test_an_event_that_cannot_be_read_is_told_and_keeps_no_other_back() -> None:
    run = Beside()
    for number in ("1", "2"):
        run.publish(Publishes(number, Status.PENDING), current=False)
    log = run.world.logs.records[OBSERVED.name()]
    log[0] = replace(log[0], value=b"hello")
    run.world.logs.append(Outgoing(OBSERVED.name(), b"not ours", b"hello"))
    with capture_logs() as logged:
        while run.step():
            pass
    assert run.world.current().keys() == {"constructiononline:acme:2"}
    assert [(entry["event"], entry.get("offset")) for entry in logged] == [
        ("poll.event_unreadable", 0),
        ("poll.current_filled", None),
    ]


def test_both_values_of_an_event_count_towards_a_transaction() -> None:
    run = Beside()
    made = observed(run.world.state, read(raw=b"x" * 1_000), AT).event
    assert made is not None
    records = run.world.poller_records.event(made)
    assert records is not None
    both = EncodedObservation(observed(run.world.state, read(), AT), records.observed, records.current)
    assert both.size == records.observed.size + records.current.size > 2_000
    gone = run.world.poller_records.current(replace(made, change=Change.DELETED), ())
    assert gone.value is None
