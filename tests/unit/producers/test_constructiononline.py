from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.changes.deletions import missing, suspicion, unexplained
from producers.constructiononline.listings import Scope, cheapest
from producers.constructiononline.pace import Pace
from producers.constructiononline.rows import Row
from producers.constructiononline.watermark import first_day, watermark
from tests.unit.producers.samples import poll_state

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def row(modified: str | None) -> Row:
    return Row(row_id="1", change_order_id="1", project="7", modified=modified, raw=b"", data={})


@pytest.mark.parametrize(
    ("wanted", "known", "scope"),
    [
        ({"1": "7"}, {"7": 50}, Scope.EACH),
        ({"1": "7", "2": "7"}, {"7": 50, "8": 50}, Scope.PROJECT),
        ({"1": "7", "2": "8"}, {"7": 50, "8": 50}, Scope.ACCOUNT),
        ({"1": "7", "2": "8"}, {"7": 50, "8": 5_000}, Scope.EACH),
        ({"1": None, "2": None, "3": None}, {"7": 50}, Scope.ACCOUNT),
        ({str(at): "7" for at in range(40)}, {"7": 50, "8": 90_000}, Scope.PROJECT),
    ],
)
def test_the_fewest_requests_are_chosen_and_of_equals_the_fewest_rows(
    wanted: dict[str, str | None], known: dict[str | None, int], scope: Scope
) -> None:
    assert cheapest(wanted, known) is scope


@given(
    wanted=st.dictionaries(st.text(max_size=3), st.sampled_from(["7", "8", "9"]), min_size=1, max_size=30),
    known=st.dictionaries(st.sampled_from(["7", "8", "9"]), st.integers(0, 300), max_size=3),
)
def test_no_scope_takes_more_requests_than_asking_one_by_one(
    wanted: dict[str, str], known: dict[str | None, int]
) -> None:
    requests = {Scope.EACH: len(wanted), Scope.PROJECT: len(set(wanted.values())), Scope.ACCOUNT: 1}
    assert requests[cheapest(dict(wanted), known)] <= len(wanted)


def test_two_days_before_the_latest_modification_are_asked_for_again() -> None:
    assert first_day("2026-03-09T23:59:59.997", NOW) == date(2026, 3, 7)
    assert first_day(None, NOW) is None
    assert first_day("2099-01-01T00:00:00", NOW) == date(2026, 3, 9)


def test_the_watermark_never_falls_and_a_date_of_the_future_does_not_move_it() -> None:
    assert watermark(None, [row("2026-03-09T08:00:00"), row("2026-03-09T08:00:00.5"), row(None)], NOW) == (
        "2026-03-09T08:00:00.5"
    )
    assert watermark("2026-03-09T09:00:00", [row("2026-03-09T08:00:00")], NOW) == "2026-03-09T09:00:00"
    assert watermark("2026-03-09T09:00:00", [row("2099-01-01T00:00:00")], NOW) == "2026-03-09T09:00:00"
    assert watermark(None, [], NOW) is None


def alive(count: int, project: str = "7") -> list[object]:
    return [poll_state(f"{project}-{at}", project=project) for at in range(count)]


def test_a_few_missing_ones_are_no_cause_for_suspicion() -> None:
    found = missing([*alive(30)], [f"7-{at}" for at in range(20, 30)])  # type: ignore[list-item]  # they are states
    assert len(found.projects) == 20
    assert suspicion(found) is None


def test_more_than_twenty_and_more_than_a_tenth_are() -> None:
    found = missing([*alive(209)], [f"7-{at}" for at in range(21, 209)])  # type: ignore[list-item]  # they are states
    assert "21 of the account's 209" in (suspicion(found) or "")
    found = missing([*alive(211)], [f"7-{at}" for at in range(21, 211)])  # type: ignore[list-item]  # they are states
    assert suspicion(found) is None


def test_a_project_of_which_nothing_is_left_is_unless_it_is_named_as_deleted() -> None:
    states = [*alive(2, "7"), *alive(5, "8")]
    found = missing(states, [f"8-{at}" for at in range(5)])  # type: ignore[arg-type]  # they are states
    assert "project 7" in (suspicion(found) or "")
    assert suspicion(unexplained(found, frozenset({"7"}))) is None


def test_polls_go_as_fast_as_they_like_until_half_of_the_hour_s_limit_is_used() -> None:
    pace = Pace()
    gaps = [pace.gap(at * 10.0, 3) for at in range(84)]
    assert set(gaps[:83]) == {0.0}
    assert gaps[83] > 40
    assert pace.gap(3_600 * 3, 3) == 0
