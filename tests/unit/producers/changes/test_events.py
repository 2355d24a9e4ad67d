from __future__ import annotations

from datetime import timedelta

import pytest

from producers.changes.compare import Verdict, compare
from producers.changes.events import deleted, observed, rebased
from relay.domain.change_order import Status
from relay.domain.events import Change
from relay.domain.identity import event_id
from tests.unit.producers.samples import AT, account_state, event_of, order, poll_state, read

KEY = "constructiononline:acme:1"
DAY = timedelta(days=1)
PENDING, APPROVED = Status.PENDING, Status.APPROVED


def test_the_first_observation_s_sequence_is_its_second_and_then_it_grows_by_one() -> None:
    first = observed(account_state(), read(), AT)
    assert first.state.sequence == int(AT.timestamp())
    again = observed(account_state(first.state), read(title="B"), AT)
    assert again.state.sequence == first.state.sequence + 1
    assert again.event is not None
    assert again.event.event_id == event_id(KEY, again.state.sequence, again.event.fingerprint)


@pytest.mark.parametrize(
    ("before", "loaded", "change"),
    [
        (None, False, Change.SNAPSHOT),
        (None, True, Change.CREATED),
        (poll_state(), True, Change.UPDATED),
        (poll_state(), False, Change.UPDATED),
        (poll_state(deleted=True), True, Change.CREATED),
    ],
)
def test_why_an_event_is_published(before: object, loaded: bool, change: Change) -> None:  # noqa: FBT001  # a table
    states = [before] if before is not None else []
    observation = observed(account_state(*states, loaded=loaded), read(title="B"), AT)  # type: ignore[arg-type]  # states or none
    assert observation.event is not None
    assert observation.event.change is change
    assert not observation.state.deleted


def test_a_deletion_carries_what_was_last_known() -> None:
    last = event_of()
    observation = deleted(account_state(poll_state()), poll_state(), last, AT)
    event = observation.event
    assert event is not None
    assert (event.change, event.change_order, event.raw) == (Change.DELETED, last.change_order, None)
    assert (event.sequence, observation.state.deleted) == (101, True)


def test_a_deletion_whose_last_event_is_gone_says_so() -> None:
    observation = deleted(account_state(poll_state()), poll_state(), None, AT).event
    assert observation is not None
    assert observation.change_order.change_order_id == "1"
    assert "could not be read back" in observation.defects[0]


def test_rebasing_keeps_the_sequence_and_where_the_last_event_stands() -> None:
    old = poll_state(fingerprint="old", fingerprint_version=0, partition=3, offset=9)
    observation = rebased(account_state(old), read())
    assert observation.event is None
    assert (observation.state.sequence, observation.state.partition, observation.state.offset) == (100, 3, 9)
    assert compare(order(), observation.state) is Verdict.UNCHANGED


def test_the_first_approval_stays_through_everything_that_comes_later() -> None:
    """Pending, approved, taken back, deleted, there again and approved again."""
    later, account = AT + DAY, account_state()
    seen = []
    for status, at in ((PENDING, AT), (APPROVED, later), (PENDING, later + DAY), (None, later + 2 * DAY)):
        before = account.states.get("1")
        if status is not None:
            observation = observed(account, read(status=status), at)
        else:
            assert before is not None
            observation = deleted(account, before, None, at)
        account.apply(observation.state)
        assert observation.event is not None
        seen.append(observation.event.approved_seen_at)
    again = observed(account, read(status=APPROVED), later + 3 * DAY)
    assert again.event is not None
    assert [*seen, again.event.approved_seen_at] == [None, later, later, later, later]
