from __future__ import annotations

from dataclasses import replace

from producers.changes.events import deleted, observed, rebased
from tests.unit.producers.cinx.samples import AT, ORIGIN, ROOT, account_state, read


def test_events_about_our_records_say_whose_they_are_also_when_they_are_deleted() -> None:
    observation = observed(account_state(), read(), AT)
    assert observation.event is not None
    assert (observation.event.origin_id, observation.event.root, observation.event.echo) == (ORIGIN, ROOT, False)
    assert (observation.state.row, observation.state.status) == ("r", "ERP PENDING")
    deletion = deleted(account_state(observation.state), observation.state, observation.event, AT).event
    assert deletion is not None
    assert (deletion.origin_id, deletion.root) == (ORIGIN, ROOT)


def test_a_row_that_says_nothing_new_is_only_remembered() -> None:
    first = observed(account_state(), read(), AT)
    remembered = rebased(account_state(first.state), replace(read(), row="other"))
    assert remembered.event is None
    assert remembered.state == replace(first.state, row="other")
