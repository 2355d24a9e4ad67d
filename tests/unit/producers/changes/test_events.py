from __future__ import annotations

import pytest

from producers.changes.compare import Verdict, compare
from producers.changes.events import deleted, observed, rebased
from relay.domain.events import Change, ChangeOrderObserved
from relay.domain.identity import event_id
from tests.unit.producers.samples import AT, account_state, order, poll_state, read

KEY = "constructiononline:acme:1"


def event_of(**changes: object) -> ChangeOrderObserved:
    found = observed(account_state(), read(**changes), AT).event  # type: ignore[arg-type]  # a test names what it changes
    assert found is not None
    return found


def test_the_first_observation_s_sequence_is_its_second_and_then_it_grows_by_one() -> None:
    first = observed(account_state(), read(), AT)
    assert first.state.sequence == int(AT.timestamp())
    again = observed(account_state(first.state), read(title="B"), AT)
    assert again.state.sequence == first.state.sequence + 1
    assert again.event is not None
    assert again.event.event_id == event_id(KEY, again.state.sequence, again.event.fingerprint)


@pytest.mark.parametrize(
    ("known", "loaded", "change"),
    [
        (None, False, Change.SNAPSHOT),
        (None, True, Change.CREATED),
        (poll_state(), True, Change.UPDATED),
        (poll_state(), False, Change.UPDATED),
        (poll_state(deleted=True), True, Change.CREATED),
    ],
)
def test_why_an_event_is_published(known: object, loaded: bool, change: Change) -> None:  # noqa: FBT001  # a table
    states = [known] if known is not None else []
    found = observed(account_state(*states, loaded=loaded), read(title="B"), AT)  # type: ignore[arg-type]  # states or none
    assert found.event is not None
    assert found.event.change is change
    assert not found.state.deleted


def test_a_deletion_carries_what_was_last_known() -> None:
    last = event_of()
    found = deleted(account_state(poll_state()), poll_state(), last, AT)
    assert found.event is not None
    assert (found.event.change, found.event.change_order, found.event.raw) == (Change.DELETED, last.change_order, None)
    assert (found.event.sequence, found.state.deleted) == (101, True)


def test_a_deletion_whose_last_event_is_gone_says_so() -> None:
    found = deleted(account_state(poll_state()), poll_state(), None, AT).event
    assert found is not None
    assert found.change_order.change_order_id == "1"
    assert "could not be read back" in found.defects[0]


def test_rebasing_keeps_the_sequence_and_where_the_last_event_stands() -> None:
    old = poll_state(fingerprint="old", fingerprint_version=0, partition=3, offset=9)
    found = rebased(account_state(old), read())
    assert found.event is None
    assert (found.state.sequence, found.state.partition, found.state.offset) == (100, 3, 9)
    assert compare(order(), found.state) is Verdict.UNCHANGED
