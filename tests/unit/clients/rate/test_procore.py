from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.clients.rate import ProcoreRate, Shares
from relay.domain.commands import Lane
from tests.unit.clients.rate.simulation import HOUR, Run, Server, ServerWindow

KINDS = st.sampled_from(["rolling", "first", "aligned"])


def latencies(seed: int, longest: float) -> Iterator[float]:
    source = random.Random(seed)
    while True:
        yield source.uniform(0.1, 1.0) * longest / 2


@st.composite
def servers(draw: st.DrawFn) -> Server:
    spike = draw(st.integers(5, 60))
    return Server(
        ServerWindow(spike, 10.0, draw(KINDS)),
        ServerWindow(draw(st.integers(spike * 2, 900)), HOUR, draw(KINDS)),
        ratio=draw(st.booleans()),
        refused_counts=draw(st.booleans()),
        rounds_up=draw(st.booleans()),
        retry_after=draw(st.booleans()),
    )


def busy(server: Server, seed: int, longest: float, lanes: list[Lane], governor: ProcoreRate | None = None) -> Run:
    run = Run(server, governor or ProcoreRate(), latencies(seed, longest))
    run.workers(lanes)
    return run


@settings(deadline=None, max_examples=30)
@given(servers(), st.integers(1, 12), st.floats(0.01, 0.5), st.integers(0, 2**20))
def test_no_request_is_ever_refused_and_the_hour_is_used(
    server: Server, workers: int, longest: float, seed: int
) -> None:
    run = busy(server, seed, longest, [Lane.LIVE] * workers)
    run.until(3 * HOUR)
    assert server.refusals == []
    # What one worker after the other can send, or what the spike window lets through, may be less than the hour's.
    possible = min(
        3 * server.hour.limit, workers * 3 * HOUR / longest, server.spike.limit * 3 * HOUR / (10 + 2 * longest)
    )
    assert len(server.accepted) >= 0.95 * possible


@settings(deadline=None, max_examples=30)
@given(servers(), st.integers(1, 12), st.integers(0, 2**20), st.floats(0, 1), st.floats(0, HOUR))
def test_after_a_restart_at_most_one_request_is_refused(
    server: Server, workers: int, seed: int, used: float, since: float
) -> None:
    for number in range(round(used * server.hour.limit)):
        server.hour.take(-since + number * 1e-3)
    run = busy(server, seed, 0.2, [Lane.LIVE] * workers)
    run.until(2 * HOUR)
    assert len(server.refusals) <= 1


@settings(deadline=None, max_examples=25)
@given(server=servers(), seed=st.integers(0, 2**20), told=st.booleans())
def test_backfill_stays_between_its_guaranteed_and_its_capped_share(server: Server, seed: int, *, told: bool) -> None:
    server.spike.limit = max(server.spike.limit, 20)
    server.hour.limit = max(server.hour.limit, 200)
    expected = (server.spike.limit, server.hour.limit)
    governor = ProcoreRate(expected=expected) if told else ProcoreRate()
    run = busy(server, seed, 0.1, [Lane.LIVE] * 6 + [Lane.BACKFILL] * 2, governor)
    run.until(HOUR)
    run.sent.clear()
    run.until(4 * HOUR)
    total = run.sent.total()
    assert server.refusals == []
    assert total >= 0.95 * min(3 * server.hour.limit, server.spike.limit * 3 * HOUR / 10.2)
    assert 0.09 * total <= run.sent[Lane.BACKFILL] <= 0.51 * total


def test_backfill_alone_leaves_half_of_the_hour_for_live_work() -> None:
    server = Server(ServerWindow(25, 10.0), ServerWindow(600, HOUR, "first"))
    run = busy(server, 1, 0.1, [Lane.BACKFILL] * 8)
    run.until(HOUR - 60)
    assert run.sent == {Lane.BACKFILL: 300}
    before = run.now
    run.workers([Lane.LIVE])
    run.until(before + 1)
    assert run.sent[Lane.LIVE] >= 5


def test_live_work_in_an_hour_nearly_spent_waits_minutes_not_its_rest() -> None:
    server = Server(ServerWindow(25, 10.0), ServerWindow(600, HOUR, "first"))
    run = busy(server, 1, 0.1, [Lane.LIVE] * 8)
    run.until(HOUR + 900)  # The first hour's limit shows only at its end; from the second on it is known.
    assert 540 <= len(server.accepted) - 600 < 600
    assert run.governor.acquire(run.now, Lane.LIVE) < 120


@pytest.mark.parametrize(("own", "most"), [(0.2, 120), (0.8, 480)])
def test_each_of_two_processes_keeps_to_its_share(own: float, most: int) -> None:
    server = Server(ServerWindow(25, 10.0), ServerWindow(600, HOUR, "first"))
    run = busy(server, 1, 0.1, [Lane.LIVE] * 8, ProcoreRate(Shares(own=own)))
    run.until(HOUR)
    first = len(server.accepted)
    run.until(3 * HOUR)
    assert server.refusals == []
    assert 0.95 * 2 * most <= len(server.accepted) - first <= 2 * most
    assert first <= most


def test_two_processes_of_one_company_use_the_hour_together() -> None:
    server = Server(ServerWindow(25, 10.0), ServerWindow(600, HOUR, "first"))
    writer = busy(server, 1, 0.1, [Lane.LIVE] * 8, ProcoreRate(Shares(own=0.8)))
    poller = busy(server, 2, 0.1, [Lane.LIVE] * 2, ProcoreRate(Shares(own=0.2)))
    for tick in range(1, 3 * 360 * 100):
        writer.until(tick / 10)
        poller.until(tick / 10)
        if tick >= 3 * HOUR * 10:
            break
    assert len(server.accepted) >= 0.95 * 3 * 600
    # A stranger's request between two answers of ours cannot be foreseen; it must stay the exception.
    assert len(server.refusals) <= 0.02 * len(server.accepted)


@pytest.mark.parametrize(("before", "after"), [((25, 600), (100, 3600)), ((100, 1200), (25, 600))])
def test_limits_that_change_are_followed(before: tuple[int, int], after: tuple[int, int]) -> None:
    server = Server(ServerWindow(before[0], 10.0), ServerWindow(before[1], HOUR, "first"))
    run = busy(server, 1, 0.1, [Lane.LIVE] * 8)
    run.until(1.5 * HOUR)
    server.spike.limit, server.hour.limit = after
    run.until(2 * HOUR)
    refused, accepted = len(server.refusals), len(server.accepted)
    run.until(5 * HOUR)
    assert len(server.refusals) - refused <= 1
    assert len(server.accepted) - accepted >= 0.95 * 3 * after[1] - after[1] * 0.1


def test_a_refusal_closes_everything_until_the_later_of_reset_and_retry_after() -> None:
    rate = ProcoreRate()
    assert rate.acquire(0.0) == 0.0
    headers = {
        "x-rate-limit-limit": "600",
        "x-rate-limit-remaining": "0",
        "x-rate-limit-reset": "1767225900",
        "date": "Thu, 01 Jan 2026 00:00:00 GMT",
        "retry-after": "7",
    }
    ticket = rate.begin(0.0)
    assert rate.refused(ticket, headers, b"", 0.1) >= 300
    assert rate.acquire(200.0, Lane.LIVE) >= 100


@pytest.mark.parametrize(("extra", "wait"), [({"retry-after": "7"}, 7.0), ({"retry-after": "40"}, 40.0), ({}, 10.0)])
def test_heavy_load_waits_for_its_own_time_not_for_the_hours_reset(extra: dict[str, str], wait: float) -> None:
    rate = ProcoreRate()
    rate.acquire(0.0)
    headers = {
        "x-rate-limit-limit": "600",
        "x-rate-limit-remaining": "450",
        "x-rate-limit-reset": "1767228000",
        "date": "Thu, 01 Jan 2026 00:00:00 GMT",
        **extra,
    }
    assert rate.refused(rate.begin(0.0), headers, b"<html>busy</html>", 0.0) == pytest.approx(wait)


def test_refusals_that_say_nothing_are_waited_out_longer_each_time() -> None:
    rate, now, waits = ProcoreRate(), 0.0, []
    for _ in range(4):
        assert rate.acquire(now) == 0.0
        waits.append(rate.refused(rate.begin(now), {}, b"", now))
        now += waits[-1]
    assert waits == [10.0, 20.0, 40.0, 80.0]


NO_DATE = "Thu, 01 Jan 99999999999999999999 00:00:00 GMT"
"""Numbers of which no clock makes a moment."""


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-rate-limit-limit": "many", "x-rate-limit-remaining": "3"},
        {"x-rate-limit-limit": "0", "x-rate-limit-remaining": "0"},
        {"x-rate-limit-limit": "25", "x-rate-limit-remaining": "-1"},
        {"x-rate-limit-limit": "25", "x-rate-limit-remaining": "20", "x-rate-limit-reset": "tomorrow"},
        {"x-rate-limit-limit": "25", "x-rate-limit-remaining": "20", "x-rate-limit-reset": "9", "date": NO_DATE},
        {"x-rate-limit-limit": "25", "x-rate-limit-remaining": "20", "x-rate-limit-reset": "1e400", "date": NO_DATE},
    ],
)
def test_headers_that_make_no_sense_stop_nothing(headers: dict[str, str]) -> None:
    rate, now = ProcoreRate(), 0.0
    for _ in range(20):
        assert rate.acquire(now) == 0.0
        rate.answered(rate.begin(now), headers, now + 0.1)
        now += 0.2


def test_a_hanging_request_does_not_keep_the_others_waiting_for_its_whole_deadline() -> None:
    rate = ProcoreRate()
    assert rate.acquire(0.0) == 0.0
    rate.begin(0.0)
    assert rate.acquire(1.0) > 0
    assert rate.acquire(6.0) == 0.0


def test_slots_given_back_and_requests_never_sent_cost_nothing() -> None:
    server = Server(ServerWindow(5, 10.0), ServerWindow(600, HOUR))
    rate = ProcoreRate()
    assert rate.acquire(0.0) == 0.0
    rate.answered(rate.begin(0.0), server.request(0.0)[1], 0.1)
    for _ in range(50):
        assert rate.acquire(1.0) == 0.0
        rate.release()
        assert rate.acquire(1.0) == 0.0
        rate.unanswered(rate.begin(1.0), 1.0, sent=False)
    assert rate.acquire(1.0) == 0.0


def test_requests_lost_on_their_way_back_are_counted() -> None:
    server = Server(ServerWindow(5, 10.0), ServerWindow(600, HOUR))
    rate = ProcoreRate()
    assert rate.acquire(0.0) == 0.0
    rate.answered(rate.begin(0.0), server.request(0.0)[1], 0.1)
    for _ in range(4):
        assert rate.acquire(1.0) == 0.0
        rate.unanswered(rate.begin(1.0), 1.5, sent=True)
    assert rate.acquire(2.0) > 0


@pytest.mark.parametrize("shares", [{"own": 0.0}, {"own": 1.1}, {"backfill_least": 0.6}, {"backfill_most": 1.5}])
def test_impossible_shares_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        Shares(**shares)


def test_what_is_left_of_each_limit_is_told_once_an_answer_has_told_the_limit() -> None:
    governor = ProcoreRate(Shares(own=1.0))
    assert governor.remaining(0.0) == {}
    assert governor.acquire(0.0) == 0
    ticket = governor.begin(0.0)
    headers = {"x-rate-limit-limit": "100", "x-rate-limit-remaining": "60", "x-rate-limit-reset": "1000000010"}
    governor.answered(ticket, {**headers, "date": "Sun, 09 Sep 2001 01:46:40 GMT"}, 0.1)
    assert governor.remaining(0.1) == {"spike": 0.6}


@pytest.mark.parametrize("kind", ["rolling", "first", "aligned"])
@pytest.mark.parametrize("limits", [(200, 5_000), (1_000, 20_000), (100_000, 1_000_000)])
def test_limits_that_nobody_expected_are_told_apart_within_a_minute(kind: str, limits: tuple[int, int]) -> None:
    """Every answer is about the short window, whose limit looks like an hour's."""
    server = Server(ServerWindow(limits[0], 10.0, kind), ServerWindow(limits[1], HOUR, kind))
    run = busy(server, 1, 2.0, [Lane.LIVE] * 8)
    run.until(60)
    found_out = run.sent.total()
    run.until(120)
    alone_at_a_time = 60 / 1.0
    assert run.sent.total() - found_out >= 5 * alone_at_a_time
    assert server.refusals == []
