from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from producers.account import AccountPoll
from producers.poll_state import AccountState
from producers.source import PollResult
from relay.domain.control import PollRequest
from relay.domain.failures import Fatal, TenantBlocked, Throttled, Unavailable
from relay.domain.ledger import Hold, HoldKind
from relay.domain.rate_use import MinuteUse
from relay.domain.sources.constructiononline import read_raw
from relay.domain.sources.reading import Reading
from relay.engine.telemetry.metrics import Metrics
from tests.unit.producers.samples import AT, account_state


@dataclass(frozen=True)
class Settings:
    poll_interval: float = 60.0
    sweep_interval: float = 3_600.0


class Here(Executor):
    """Runs what is submitted at once."""

    def submit(self, call: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(call(*arguments, **named))
        except BaseException as error:  # noqa: BLE001 - as an executor does
            future.set_exception(error)
        return future


class Scripted:
    """A source whose next answer a test sets."""

    read_raw: Callable[[bytes], Reading] = staticmethod(read_raw)

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.asked: list[str] = []
        self.gap = 0.0
        self.planned = 0.0

    def poll(self, state: AccountState, *, sweep: bool) -> PollResult:
        self._ask("sweep" if sweep else "poll")
        return PollResult(at=AT, swept=sweep, requests=2)

    def hasten(self, projects: Collection[str]) -> None:
        self.asked.append(f"hasten {sorted(projects)}")

    def probe(self) -> None:
        self._ask("probe")

    def pause(self, poll_interval: float, requests: int) -> float:
        self.planned = max(poll_interval, self.gap)
        return self.planned

    def planned_interval(self, poll_interval: float) -> float:
        return max(poll_interval, self.planned)

    def used(self) -> tuple[MinuteUse, ...]:
        return ()

    def restore(self, used: Iterable[MinuteUse]) -> None:
        """Nothing counts."""

    def close(self) -> None:
        self.asked.append("close")

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.failure is not None:
            raise self.failure


class Bench:
    def __init__(self) -> None:
        self.source = Scripted()
        self.metrics = Metrics(CollectorRegistry())
        known = account_state()
        known.account_state = replace(known.account_state, swept_at=AT)
        self.poll = AccountPoll(settings=Settings(), source=self.source, state=known, metrics=self.metrics)
        self.now = 0.0

    def turn(self) -> PollResult | None:
        """Begins what is due and takes what arrived."""
        self.poll.start(Here(), self.now, AT)
        result = self.poll.completed(self.now, self.time)
        if result is not None:
            self.poll.finish(result, 0, self.now, AT)
        return result

    @property
    def time(self) -> datetime:
        return AT + timedelta(seconds=self.now)

    def hold(self) -> Hold | None:
        return self.poll.hold

    def told(self) -> tuple[float | None, float | None]:
        """Since when it is not polled, in seconds after ``AT``, and the planned interval, as an alert sees both."""
        labels = {"system": "constructiononline", "account": "acme"}
        last = self.metrics.registry.get_sample_value("cor_last_successful_poll_timestamp_seconds", labels)
        planned = self.metrics.registry.get_sample_value("cor_poll_interval_planned_seconds", labels)
        return None if last is None else last - AT.timestamp(), planned

    def blocked(self) -> float | None:
        return self.metrics.registry.get_sample_value("cor_tenant_blocked", {"tenant": "constructiononline:acme"})


def test_a_poll_is_due_at_once_then_after_the_interval_or_what_the_limit_asks() -> None:
    bench = Bench()
    assert bench.turn() is not None
    bench.now = 59.9
    assert bench.turn() is None
    bench.now, bench.source.gap = 60.0, 500.0
    assert bench.turn() is not None
    assert bench.poll.due_at == 560.0


def test_what_a_poll_has_used_lengthens_the_interval_that_is_told_with_it() -> None:
    """Else an account that waits for its limit after a sweep would look as one that nobody reads."""
    bench = Bench()
    bench.source.gap = 500.4
    bench.poll.start(Here(), bench.now, AT)
    assert bench.poll.completed(bench.now, bench.time) is not None
    assert bench.poll.planned_interval == 501


def wish(number: int) -> PollRequest:
    return PollRequest(
        request_id=str(number), system="constructiononline", account="acme", projects=("7",), person="ann", at=AT
    )


def test_what_a_person_asks_for_is_polled_at_once_and_once() -> None:
    bench = Bench()
    bench.turn()
    for _ in range(2):
        bench.poll.ask(wish(1), bench.time)
        bench.turn()
    assert bench.source.asked == ["poll", "hasten ['7']", "poll"]
    bench.poll.ask(wish(2), bench.time)
    assert bench.turn() is not None


def test_an_old_wish_is_not_met_again_by_who_takes_the_account_over() -> None:
    bench = Bench()
    bench.now = 601.0
    bench.turn()
    bench.poll.ask(wish(1), bench.time)
    assert bench.turn() is None
    assert bench.source.asked == ["poll"]


def test_what_a_remote_has_refused_waits_for_its_time_whoever_asks() -> None:
    bench = Bench()
    bench.source.failure = Throttled("later", wait_seconds=30.0)
    bench.turn()
    bench.source.failure = None
    bench.poll.ask(wish(1), bench.time)
    assert bench.turn() is None
    bench.now = 30.0
    assert bench.turn() is not None


def test_a_sweep_is_due_after_its_interval_and_where_none_was_made() -> None:
    bench = Bench()
    bench.turn()
    before = bench.poll.state.account_state
    bench.poll.state.account_state = replace(before, swept_at=AT - timedelta(hours=1))
    bench.now = 60
    bench.turn()
    bench.poll.state.account_state = replace(before, swept_at=None)
    bench.now = 120
    bench.turn()
    assert bench.source.asked == ["poll", "sweep", "sweep"]


def test_failures_are_tried_again_after_growing_pauses_throttling_after_its_time() -> None:
    bench = Bench()
    pauses = []
    bench.source.failure = Unavailable("down")
    for _ in range(8):
        bench.turn()
        pauses.append(bench.poll.due_at - bench.now)
        bench.now = bench.poll.due_at
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    bench.source.failure = Throttled("later", wait_seconds=777)
    bench.turn()
    assert bench.poll.due_at - bench.now == 777
    assert not bench.poll.is_quiet


def test_a_stated_wait_is_what_is_waited_and_lengthens_no_later_pause() -> None:
    bench = Bench()
    pauses = []
    for failure in (
        Throttled("later", wait_seconds=60),
        Unavailable("down"),
        Throttled("later", wait_seconds=2),
        Throttled("later", wait_seconds=2),
        Unavailable("down"),
        Throttled("at once", wait_seconds=0),
    ):
        bench.source.failure = failure
        bench.turn()
        pauses.append(bench.poll.due_at - bench.now)
        bench.now = bench.poll.due_at
    assert pauses == [60, 1, 2, 2, 2, 1]


def test_a_poll_that_succeeds_ends_the_growth_of_the_pauses() -> None:
    bench = Bench()
    pauses = []
    for failure in (Unavailable("down"), Unavailable("down"), None, Unavailable("down")):
        bench.source.failure = failure
        bench.turn()
        pauses.append(bench.poll.due_at - bench.now)
        bench.now = bench.poll.due_at
    assert pauses == [1, 2, 60, 1]


def test_refused_credentials_hold_the_account_until_a_probe_succeeds() -> None:
    bench = Bench()
    bench.source.failure = TenantBlocked("no")
    bench.turn()
    assert (bench.poll.blocked, bench.blocked(), bench.poll.is_quiet) == (True, 1, True)
    bench.now = 15
    bench.turn()
    assert bench.poll.due_at == 45
    bench.source.failure, bench.now = None, 45
    bench.turn()
    assert (bench.poll.blocked, bench.blocked()) == (False, 0)
    assert bench.turn() is not None
    assert bench.source.asked == ["poll", "probe", "probe", "poll"]


def test_a_fault_of_ours_is_one_account_s_but_a_fatal_one_stops_the_stage() -> None:
    bench = Bench()
    bench.source.failure = ZeroDivisionError("ours")
    assert bench.turn() is None
    assert bench.poll.due_at == 1
    bench.now, bench.source.failure = 1, Fatal("stop")
    bench.poll.start(Here(), bench.now, AT)
    with pytest.raises(Fatal):
        bench.poll.completed(bench.now, bench.time)


def test_refused_credentials_are_known_outside_until_a_poll_succeeds() -> None:
    bench = Bench()
    bench.source.failure = TenantBlocked("the password is refused")
    bench.turn()
    hold = bench.hold()
    assert hold is not None
    assert (hold.kind, hold.scope) == (HoldKind.TENANT_BLOCKED, "constructiononline:acme/polling")
    assert (hold.sentence, hold.since, hold.probe) == ("the password is refused", AT, True)
    bench.now, bench.source.failure = bench.poll.due_at, Unavailable("down")
    bench.turn()
    assert bench.hold() is hold
    bench.now, bench.source.failure = bench.poll.due_at, None
    bench.turn()
    assert bench.hold() is hold
    assert bench.turn() is not None
    assert bench.hold() is None


def test_other_failures_are_known_outside_once_they_have_lasted_a_minute() -> None:
    bench = Bench()
    bench.source.failure = Unavailable("down")
    while bench.hold() is None:
        bench.turn()
        bench.now = bench.poll.due_at
    hold = bench.hold()
    assert hold is not None
    assert (bench.now, hold.kind, hold.since) == (63, HoldKind.UNAVAILABLE, AT)
    bench.turn()
    assert bench.hold() is hold
    bench.now, bench.source.failure = bench.poll.due_at, None
    assert bench.turn() is not None
    assert bench.hold() is None


def test_a_wait_that_the_remote_asks_for_is_known_outside_where_it_is_long() -> None:
    bench = Bench()
    bench.source.failure = Throttled("later", wait_seconds=30)
    bench.turn()
    assert bench.hold() is None
    bench.now, bench.source.failure = 30.0, Throttled("later", wait_seconds=40)
    bench.turn()
    hold = bench.hold()
    assert hold is not None
    assert (hold.kind, hold.until, hold.probe) == (HoldKind.THROTTLED, AT + timedelta(seconds=70), False)


def test_a_source_that_is_away_from_the_start_becomes_overdue() -> None:
    bench = Bench()
    bench.source.failure = Unavailable("nobody answers")
    bench.poll.take_over(AT)
    for bench.now in (0.0, 60.0, 1200.0):
        bench.turn()
        assert bench.told() == (0.0, 60.0)


def test_the_first_poll_counts_from_when_it_succeeds() -> None:
    bench = Bench()
    bench.poll.take_over(AT - timedelta(seconds=30))
    bench.source.gap = 500.0
    bench.turn()
    assert bench.told() == (0.0, 500.0)


def away_since(since: datetime) -> Hold:
    """What an earlier process wrote down."""
    return Hold(
        scope="constructiononline:acme/polling",
        kind=HoldKind.UNAVAILABLE,
        reason="unavailable",
        sentence="nobody answers",
        since=since,
        until=AT,
    )


def test_a_restart_does_not_end_the_time_for_which_a_source_is_away() -> None:
    bench = Bench()
    bench.poll.hold = away_since(AT - timedelta(hours=2))
    bench.poll.take_over(AT)
    assert bench.told() == (-7200.0, 60.0)


def test_a_clock_that_was_ahead_hides_nothing() -> None:
    bench = Bench()
    bench.poll.hold = away_since(AT + timedelta(days=2))
    bench.poll.take_over(AT)
    assert bench.told() == (0.0, 60.0)


def test_to_be_taken_over_anew_by_the_same_process_is_no_poll() -> None:
    bench = Bench()
    bench.source.gap = 500.0
    bench.turn()
    bench.source.gap = 0.0
    bench.poll.take_over(AT + timedelta(hours=1))
    assert bench.told() == (0.0, 500.0), "the session began anew, and nothing was polled"


def test_nothing_is_told_of_an_account_that_nobody_is_to_poll() -> None:
    bench = Bench()
    bench.poll.take_over(AT)
    bench.poll.forget()
    assert bench.told() == (None, None)
