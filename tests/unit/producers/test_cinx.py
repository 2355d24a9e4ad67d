from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from producers.changes.events import deleted, observed, rebased
from producers.cinx.listing import OPEN_AT_ONCE, READ_AT_ONCE, PocoSelector, differs, row_hash
from producers.cinx.statuses import status_change
from producers.poll_state import AccountState, blank
from producers.publish.remote_status import outcome_of
from producers.rate_wait import LONGEST_WAIT, RateWait
from producers.source import ReadChangeOrder
from relay.clients.cinx import PocoRow
from relay.clients.native_json.records import NativeRecord
from relay.domain.events import EventReference
from relay.domain.failures import Throttled, Unavailable
from relay.domain.identity import outcome_id
from relay.domain.outcomes import OutcomeKind
from relay.domain.records import PollState
from relay.domain.sources import cinx

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROOT = "constructiononline:acme:498099"
ORIGIN = f"cor:{ROOT}:steel"


def row(guid: str, **changes: Any) -> PocoRow:
    data = {"cinx_guid": guid, "workflow_status": "SUBMITTED", **changes}
    return PocoRow.read(NativeRecord(json.dumps(data).encode(), data))


def state(guid: str, **changes: Any) -> PollState:
    found = PollState(system="cinx", account="acme", change_order_id=guid, row=row_hash(row(guid)), sequence=7)
    return replace(found, **changes)


def account_state(*states: PollState) -> AccountState:
    found = blank("cinx", "acme")
    for one in states:
        found.apply(one)
    return found


def rows(*found: PocoRow) -> dict[str, PocoRow]:
    return {one.guid: one for one in found}


# -- which POCOs are read


def test_a_row_differs_when_its_bytes_do_or_nothing_is_known_of_it() -> None:
    assert not differs(row("a"), state("a"))
    assert differs(row("a", description="x"), state("a"))
    assert differs(row("a"), state("a", deleted=True))
    assert differs(row("a"), state("a", row=None))
    assert differs(row("a"), None)


def test_a_poll_reads_what_changed_and_what_was_postponed_and_nothing_else() -> None:
    known = account_state(state("a"), state("b"), state("c"))
    known.postponed = frozenset({"c", "gone"})
    selection = PocoSelector().select(rows(row("a"), row("b", item_count=2), row("c"), row("d")), known, sweep=False)
    assert (selection.guids, selection.is_complete) == (("b", "d", "c"), True)


def test_open_pocos_are_read_in_turn_although_their_rows_are_the_same() -> None:
    listed = rows(*(row(f"g{number:02}", workflow_status="IN-PROCESS") for number in range(OPEN_AT_ONCE + 5)))
    known = account_state(*(state(guid, row=row_hash(one)) for guid, one in listed.items()))
    selector = PocoSelector()
    first = selector.select(listed, known, sweep=False).guids
    second = selector.select(listed, known, sweep=False).guids
    assert len(first) == len(second) == OPEN_AT_ONCE
    assert set(first) | set(second) == listed.keys()
    listed["g00"] = row("g00")
    assert "g00" in selector.select(listed, known, sweep=False).guids, "its row has changed"
    for _ in range(3):
        assert (
            "g00" not in selector.select(listed, account_state(*known.states.values(), state("g00")), sweep=False).guids
        )


def test_a_long_sweep_goes_on_with_the_next_poll_until_every_one_was_read() -> None:
    listed = rows(*(row(f"g{number:04}") for number in range(READ_AT_ONCE * 2 + 1)))
    known, selector = account_state(*map(state, listed)), PocoSelector()
    read: list[str] = []
    for expected in (False, False, True):
        selection = selector.select(listed, known, sweep=True)
        selector.note_read(selection.guids, sweep=True, ended=selection.is_complete)
        read += selection.guids
        assert selection.is_complete is expected
    assert sorted(read) == sorted(listed)
    assert len(selector.select(listed, known, sweep=True).guids) == READ_AT_ONCE, "the next sweep begins anew"


# -- what is told of the status


def poco(**changes: Any) -> dict[str, Any]:
    references = [
        {"type": "change-order-relay", "description": "x", "value": ORIGIN},
        {"type": "change-order-relay-key", "description": "x", "value": "k1"},
        {"type": "change-order-relay-sequence", "description": "x", "value": "1772460306"},
    ]
    found = {"cinx_guid": "a", "number": "PO123-01", "purchase_order": {"number": "PO-123"}, "items": []}
    return found | {"workflow_status": "ERP PENDING", "external_references": references} | changes


@pytest.mark.parametrize("before", ["SUBMITTED", None])
def test_a_status_that_has_moved_is_told_of_our_poco(before: str | None) -> None:
    known = state("a", status=before) if before else None
    found = status_change(cinx.read(poco()), poco(), known, "https://cinx.example/{guid}?{number}")
    assert found is not None
    assert (found.reason, found.remote.number) == ("cinx.erp_pending", "PO123-01")
    assert found.remote.url == "https://cinx.example/a?PO123-01"
    assert "POCO PO123-01 on purchase order PO-123 is ERP PENDING" in found.sentence
    assert f"(it was {before or 'IN-PROCESS'})" in found.sentence


def test_nothing_is_told_where_nothing_moved_or_the_poco_is_not_ours() -> None:
    new = poco(workflow_status="IN-PROCESS")
    assert status_change(cinx.read(new), new, None, None) is None
    assert status_change(cinx.read(poco()), poco(), state("a", status="ERP PENDING"), None) is None
    theirs = poco(external_references=[])
    assert status_change(cinx.read(theirs), theirs, state("a", status="SUBMITTED"), None) is None
    unknown = poco(workflow_status=None)
    assert status_change(cinx.read(unknown), unknown, state("a", status="SUBMITTED"), None) is None


TOLD = "ACCEPTED / ORDERED / NOT SUBMITTED"


@pytest.mark.parametrize(
    ("before", "changes", "reason", "words"),
    [
        (TOLD, {"procurement_status": "Cancelled"}, "cinx.procurement_cancelled", "ORDERED"),
        (TOLD, {"erp_status": "APPLIED"}, "cinx.erp_status_applied", "NOT SUBMITTED"),
        ("SUBMITTED / NOT ORDERED / ?", {"procurement_status": "ORDERED"}, "cinx.accepted", "SUBMITTED"),
    ],
)
def test_what_procurement_and_the_erp_system_say_is_told_too(
    before: str, changes: dict[str, str], reason: str, words: str
) -> None:
    now = {"workflow_status": "ACCEPTED", "procurement_status": "ORDERED", "erp_status": "NOT SUBMITTED"} | changes
    shown = poco(**now)
    found = status_change(cinx.read(shown), shown, state("a", status=before), None)
    assert found is not None
    assert found.reason == reason
    assert f"(it was {words})" in found.sentence
    again = state("a", status=cinx.status_text(shown))
    assert status_change(cinx.read(shown), shown, again, None) is None


@pytest.mark.parametrize("before", [None, "ACCEPTED", "ACCEPTED / ? / ?"])
def test_a_status_that_was_not_known_has_not_moved(before: str | None) -> None:
    workflow = "ACCEPTED" if before else "IN-PROCESS"
    shown = poco(workflow_status=workflow, procurement_status="DELIVERED", erp_status="APPLIED")
    known = state("a", status=before) if before else None
    assert status_change(cinx.read(shown), shown, known, None) is None


def read(**changes: Any) -> ReadChangeOrder:
    data = poco(**changes)
    reading = cinx.read(data)
    told = status_change(reading, data, None, None)
    return ReadChangeOrder(
        change_order_id="a", project=None, reading=reading, raw=b"{}", row="r", status="ERP PENDING", status_change=told
    )


def test_the_outcome_belongs_to_the_change_order_that_the_poco_came_from() -> None:
    found = observed(account_state(), read(), AT)
    assert found.event is not None
    assert found.status_change is not None
    reference = EventReference(topic="observed", partition=1, offset=9, event_id=found.event.event_id)
    outcome = outcome_of("poll-cinx", found.event, found.status_change, reference)
    assert outcome is not None
    assert (outcome.kind, outcome.change_order_key, outcome.target) == (OutcomeKind.REMOTE_STATUS, ROOT, "steel")
    assert (outcome.origin_id, outcome.sequence, outcome.idempotency_key) == (ORIGIN, 1772460306, "k1")
    assert (outcome.event, outcome.command_id, outcome.at) == (reference, None, AT)
    assert outcome.outcome_id == outcome_id(found.event.event_id, "remote_status")


def test_a_mark_that_names_no_change_order_is_told_to_nobody() -> None:
    references = [{"type": "change-order-relay", "description": "x", "value": "cor:odd"}]
    found = observed(account_state(), read(external_references=references), AT)
    assert found.event is not None
    assert (found.event.origin_id, found.event.root) == ("cor:odd", None)
    assert found.status_change is not None
    reference = EventReference(topic="observed", partition=1, offset=9, event_id=found.event.event_id)
    assert outcome_of("poll-cinx", found.event, found.status_change, reference) is None


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


# -- waiting for slots


def test_a_poll_waits_for_a_slot_but_not_for_an_hour_and_not_when_it_is_given_up() -> None:
    waiting = RateWait()
    waiting.pause(0.001)
    with pytest.raises(Throttled) as caught:
        waiting.pause(LONGEST_WAIT + 1)
    assert caught.value.wait_seconds == LONGEST_WAIT + 1
    waiting.close()
    with pytest.raises(Unavailable):
        waiting.pause(LONGEST_WAIT)
