from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.clients.rate import ConstructionOnlineRate, SteadyPace
from relay.clients.rate.documented import DOCUMENTED_WINDOWS
from relay.clients.rate.occupancy import Occupancy
from relay.domain.commands import Lane

HOUR, DAY = 3600.0, 86_400.0


def flood(rate: ConstructionOnlineRate, until: float, latency: float = 0.2) -> list[float]:
    """One worker that always has something to read."""
    now, sent = 0.0, []
    while now < until:
        wait = rate.acquire(now)
        if wait > 0:
            now += wait + 1e-6
            continue
        sent.append(now)
        now += latency
        rate.answered(rate.begin(sent[-1]), {}, now)
    return sent


def most_in(sent: list[float], length: float) -> int:
    most = first = 0
    for last, moment in enumerate(sent):
        while sent[first] <= moment - length:
            first += 1
        most = max(most, last - first + 1)
    return most


def test_no_documented_window_is_ever_exceeded_and_each_is_used_up_to_the_reserve() -> None:
    sent = flood(ConstructionOnlineRate(reserve=0.2), 9 * DAY)
    for length, limit in DOCUMENTED_WINDOWS:
        assert most_in(sent, length) <= 0.8 * limit
    assert most_in(sent, HOUR) == 400
    assert most_in(sent, DAY) >= 0.8 * 10_000 * 0.99
    assert most_in(sent, 7 * DAY) >= 0.8 * 50_000 * 0.95


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(1, 300), st.integers(1, 40)), min_size=1, max_size=4),
    st.floats(0, 0.9),
    st.floats(0.01, 5),
)
def test_any_windows_are_kept(windows: list[tuple[float, int]], reserve: float, latency: float) -> None:
    sent = flood(ConstructionOnlineRate(reserve=reserve, windows=tuple(windows)), 900, latency)
    for length, limit in windows:
        assert most_in(sent, length) <= max(1, limit * (1 - reserve) + 1e-6)


@pytest.mark.parametrize(("headers", "body", "wait"), [
    ({"retry-after": "1800"}, b"", 1800.0),
    ({}, b"Rate limit of 200000 per month exceeded. Please try again in 12 days.", 12 * DAY),
    ({}, b"limit exceeded", 60.0),
])  # fmt: skip
def test_a_refusal_closes_the_key_for_as_long_as_it_says(headers: dict[str, str], body: bytes, wait: float) -> None:
    rate = ConstructionOnlineRate()
    rate.acquire(0.0)
    assert rate.refused(rate.begin(0.0), headers, body, 0.0) == wait
    assert rate.acquire(wait - 1, Lane.BACKFILL) == pytest.approx(1)
    assert rate.acquire(wait) == 0.0


def test_what_was_not_sent_is_not_counted() -> None:
    rate = ConstructionOnlineRate(reserve=0, windows=((100.0, 1),))
    for _ in range(5):
        assert rate.acquire(0.0) == 0.0
        rate.release()
        assert rate.acquire(0.0) == 0.0
        rate.unanswered(rate.begin(0.0), 0.0, sent=False)
    assert rate.acquire(0.0) == 0.0
    rate.unanswered(rate.begin(0.0), 5.0, sent=True)
    assert rate.acquire(50.0) == pytest.approx(55, abs=0.2)


@pytest.mark.parametrize("reserve", [-0.1, 1.0])
def test_an_impossible_reserve_is_refused(reserve: float) -> None:
    with pytest.raises(ValueError, match="reserve"):
        ConstructionOnlineRate(reserve=reserve)


def test_a_steady_pace_is_even_and_rests_after_refusals() -> None:
    pace = SteadyPace(5.0)
    assert pace.acquire(0.0) == 0.0
    assert pace.acquire(0.05) == pytest.approx(0.15)
    pace.release()
    assert pace.acquire(0.05) == 0.0
    assert [pace.refused(0, {}, b"", now) for now in (1.0, 2.0, 4.0)] == [1.0, 2.0, 4.0]
    assert pace.acquire(5.0) == pytest.approx(3.0)
    pace.answered(0, {}, 8.0)
    assert pace.refused(0, {"retry-after": "9"}, b"", 8.0) == 9.0


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["take", "drop", "end", "wait"]), st.sampled_from(list(Lane)), st.floats(0, 5)),
        max_size=60,
    ),
    st.floats(0, 2),
)
def test_the_count_is_never_less_than_what_the_remote_may_count(
    acts: list[tuple[str, Lane, float]], grain: float
) -> None:
    occupancy, now = Occupancy(10.0, grain), 0.0
    open_: list[Lane] = []
    ended: list[tuple[float, Lane]] = []
    for act, lane, by in acts:
        now += by if act == "wait" else 0
        if act == "take":
            occupancy.take(lane)
            open_.append(lane)
        elif act in ("drop", "end") and lane in open_:
            open_.remove(lane)
            if act == "drop":
                occupancy.drop(lane)
            else:
                occupancy.end(lane, now)
                ended.append((now, lane))
        for one in (None, *Lane):
            least = sum(1 for x in open_ if one in (None, x)) + sum(
                1 for at, x in ended if at > now - 10 and one in (None, x)
            )
            most = least + sum(1 for at, x in ended if now - 10 - grain - 1e-6 <= at <= now - 10 and one in (None, x))
            assert least <= occupancy.count(now, one) <= most
            wait = occupancy.falls_to(len([x for x in open_ if one in (None, x)]), now, one)
            assert wait is not None
