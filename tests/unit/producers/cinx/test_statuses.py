from __future__ import annotations

import pytest

from producers.cinx.statuses import status_change
from relay.domain.sources import cinx
from tests.unit.producers.cinx.samples import poco, poll_state


@pytest.mark.parametrize("before", ["SUBMITTED", None])
def test_a_status_that_has_moved_is_told_of_our_poco(before: str | None) -> None:
    state = poll_state("a", status=before) if before else None
    change = status_change(cinx.read(poco()), poco(), state, "https://cinx.example/{guid}?{number}")
    assert change is not None
    assert (change.reason, change.remote.number) == ("cinx.erp_pending", "PO123-01")
    assert change.remote.url == "https://cinx.example/a?PO123-01"
    assert "POCO PO123-01 on purchase order PO-123 is ERP PENDING" in change.sentence
    assert f"(it was {before or 'IN-PROCESS'})" in change.sentence
    assert change.facts["workflow_status"] == "ERP PENDING"


def test_nothing_is_told_where_nothing_moved_or_the_poco_is_not_ours() -> None:
    new = poco(workflow_status="IN-PROCESS")
    assert status_change(cinx.read(new), new, None, None) is None
    assert status_change(cinx.read(poco()), poco(), poll_state("a", status="ERP PENDING"), None) is None
    theirs = poco(external_references=[])
    assert status_change(cinx.read(theirs), theirs, poll_state("a", status="SUBMITTED"), None) is None
    unknown = poco(workflow_status=None)
    assert status_change(cinx.read(unknown), unknown, poll_state("a", status="SUBMITTED"), None) is None


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
    change = status_change(cinx.read(shown), shown, poll_state("a", status=before), None)
    assert change is not None
    assert change.reason == reason
    assert f"(it was {words})" in change.sentence
    assert change.facts == now | {name: value.upper() for name, value in changes.items()}
    again = poll_state("a", status=cinx.status_text(shown))
    assert status_change(cinx.read(shown), shown, again, None) is None


@pytest.mark.parametrize("before", [None, "ACCEPTED", "ACCEPTED / ? / ?"])
def test_a_status_that_was_not_known_has_not_moved(before: str | None) -> None:
    workflow = "ACCEPTED" if before else "IN-PROCESS"
    shown = poco(workflow_status=workflow, procurement_status="DELIVERED", erp_status="APPLIED")
    state = poll_state("a", status=before) if before else None
    assert status_change(cinx.read(shown), shown, state, None) is None
