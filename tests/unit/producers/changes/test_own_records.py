from __future__ import annotations

from dataclasses import replace

from producers.changes.events import deleted, observed, rebased
from tests.unit.producers.cinx.samples import AT, ORIGIN, ROOT, account_state, read


def test_events_about_our_records_say_whose_they_are_also_when_they_are_deleted() -> None:
    found = observed(account_state(), read(), AT)
    assert found.event is not None
    assert (found.event.origin_id, found.event.root, found.event.echo) == (ORIGIN, ROOT, False)
    assert (found.state.row, found.state.status) == ("r", "ERP PENDING")
    gone = deleted(account_state(found.state), found.state, found.event, AT).event
    assert gone is not None
    assert (gone.origin_id, gone.root) == (ORIGIN, ROOT)


def test_a_row_that_says_nothing_new_is_only_remembered() -> None:
    first = observed(account_state(), read(), AT)
    again = rebased(account_state(first.state), replace(read(), row="other"))
    assert again.event is None
    assert again.state == replace(first.state, row="other")
