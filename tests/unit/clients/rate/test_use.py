"""What one process has used is counted by the next one, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.clients.rate import ConstructionOnlineRate, ProcoreRate, shares
from relay.domain.commands import Lane
from relay.domain.rate_use import MinuteUse
from tests.unit.clients.rate.simulation import HOUR

AT = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
Rate = ProcoreRate | ConstructionOnlineRate


def send(rate: Rate, now: float, count: int, lane: Lane = Lane.LIVE) -> None:
    for _ in range(count):
        assert rate.acquire(now, lane) == 0
        rate.answered(rate.begin(now, lane), {}, now)


def rates() -> list[Rate]:
    return [ProcoreRate(shares.of_writer(), (10_000, 600)), ConstructionOnlineRate()]


@pytest.mark.parametrize("which", [0, 1])
def test_a_restart_gives_no_budget_anew(which: int) -> None:
    before, after = rates()[which], rates()[which]
    send(before, 100.0, 300)
    after.restore(before.used(101.0, AT), 7.0, AT + timedelta(seconds=5))
    left = 0
    while after.acquire(7.0) == 0:
        after.answered(after.begin(7.0), {}, 7.0)
        left += 1
    assert left == (180 if which == 0 else 100)
    assert HOUR - 100 < after.acquire(7.0) <= HOUR + 60


@pytest.mark.parametrize("which", [0, 1])
def test_what_a_process_reads_back_of_its_own_counts_once(which: int) -> None:
    rate = rates()[which]
    for second in range(0, 200, 20):
        send(rate, float(second), 3)
    used = rate.used(200.0, AT)
    assert sum(use.requests for use in used) == 30
    assert [use.at.second for use in used] == [0] * len(used)
    rate.restore(used, 205.0, AT + timedelta(seconds=5))
    assert rate.used(205.0, AT + timedelta(seconds=5)) == used


def test_lanes_are_kept_apart() -> None:
    rate = ProcoreRate(shares.of_poller(), (10_000, 600))
    send(rate, 0.0, 24, Lane.BACKFILL)
    assert rate.acquire(1.0, Lane.BACKFILL) > 0
    after = ProcoreRate(shares.of_poller(), (10_000, 600))
    after.restore(rate.used(1.0, AT), 1.0, AT)
    assert after.acquire(1.0, Lane.BACKFILL) > 0
    assert after.acquire(1.0, Lane.LIVE) == 0
    assert (after.room(1.0, Lane.LIVE), after.room(1.0, Lane.BACKFILL)) == (35, 0)


def test_what_is_older_than_the_hour_or_from_a_clock_that_is_ahead_does_no_harm() -> None:
    rate = ProcoreRate(shares.of_poller())
    old = MinuteUse(at=AT - timedelta(hours=2), requests=1000)
    rate.restore([old], 10.0, AT)
    assert rate.used(10.0, AT) == ()
    rate.restore([MinuteUse(at=AT + timedelta(hours=5), requests=60)], 10.0, AT)
    assert 0 < rate.acquire(10.0) <= HOUR + 1


@given(st.lists(st.tuples(st.floats(0, 2 * HOUR), st.integers(1, 5)), max_size=30), st.floats(0, 3_000))
def test_the_successor_counts_what_was_sent_and_a_minute_longer_at_most(
    sent: list[tuple[float, int]], down: float
) -> None:
    before, after = (ProcoreRate(shares.of_writer(), (1_000_000, 1_000_000)) for _ in range(2))
    for moment, count in sorted(sent):
        send(before, moment, count)
    end = max((moment for moment, _ in sent), default=0.0)
    used = before.used(end, AT)
    then, at = end + down, AT + timedelta(seconds=down)
    after.restore(used, then, at)
    counted = sum(use.requests for use in after.used(then, at))
    assert counted >= sum(count for moment, count in sent if moment > then - HOUR)
    assert counted <= sum(count for moment, count in sent if moment > then - HOUR - 62)
