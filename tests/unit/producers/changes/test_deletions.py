from __future__ import annotations

from producers.changes.deletions import missing, suspicion, unexplained
from relay.domain.records import PollState
from tests.unit.producers.samples import poll_state


def alive(count: int, project: str = "7") -> list[object]:
    return [poll_state(f"{project}-{at}", project=project) for at in range(count)]


def test_a_few_missing_ones_are_no_cause_for_suspicion() -> None:
    lacking = missing([*alive(30)], [f"7-{at}" for at in range(20, 30)])  # type: ignore[list-item]  # they are states
    assert len(lacking.projects) == 20
    assert suspicion(lacking) is None


def test_more_than_twenty_and_more_than_a_tenth_are() -> None:
    lacking = missing([*alive(209)], [f"7-{at}" for at in range(21, 209)])  # type: ignore[list-item]  # they are states
    assert "21 of the account's 209" in (suspicion(lacking) or "")
    lacking = missing([*alive(211)], [f"7-{at}" for at in range(21, 211)])  # type: ignore[list-item]  # they are states
    assert suspicion(lacking) is None


def test_a_project_of_which_nothing_is_left_is_unless_it_is_named_as_deleted() -> None:
    states = [*alive(2, "7"), *alive(5, "8")]
    lacking = missing(states, [f"8-{at}" for at in range(5)])  # type: ignore[arg-type]  # they are states
    assert "project 7" in (suspicion(lacking) or "")
    assert suspicion(unexplained(lacking, frozenset({"7"}))) is None


def test_what_is_known_by_its_key_alone_is_neither_missing_nor_asked_about() -> None:
    strangers = [PollState(system="s", account="a", change_order_id=str(at), sequence=9) for at in range(30)]
    lacking = missing([*alive(3), *strangers], ["7-0", "7-1", "7-2"])  # type: ignore[list-item]  # they are states
    assert not lacking.projects
    assert (suspicion(lacking), lacking.total) == (None, 3)
