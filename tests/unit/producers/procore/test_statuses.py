from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from producers.procore.statuses import facts_of, status_change, status_text
from relay.clients.native_json.records import records
from relay.clients.procore import PotentialChangeOrderRow
from relay.domain.records import PollState
from relay.domain.sources.reading import Own

OURS = Own(origin_id="cor:constructiononline:acme:498099:owner", echo=True)
EDITED = replace(OURS, echo=False)


def row(**members: Any) -> PotentialChangeOrderRow:
    (native,) = records(b'[{"id": 7}]', "id")
    return replace(PotentialChangeOrderRow.read(native), **{"executed": False, **members})


def state(status: str | None) -> PollState:
    return PollState(system="procore", account="acme", change_order_id="7", status=status)


PENDING = facts_of(row(), "pending")


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (facts_of(row(executed=True), "pending"), "procore.executed_true"),
        (facts_of(row(package_acronym_number="CCO 42"), "pending"), "procore.package"),
        (facts_of(row(change_order_request_id=12), "pending"), "procore.request"),
        (facts_of(row(executed=True, package_acronym_number="CCO 42"), "approved"), "procore.executed_true"),
    ],
)
def test_what_moves_beside_the_content_is_told_with_all_that_is_known(now: dict[str, str], reason: str) -> None:
    change = status_change(OURS, now, state(status_text(PENDING)), "7", "007")
    assert change is not None
    assert (change.reason, change.facts, change.remote.number) == (reason, now, "007")
    assert status_change(OURS, now, state(status_text(now)), "7", "007") is None


def test_a_status_is_news_only_where_it_is_not_what_we_wrote() -> None:
    approved = facts_of(row(), "approved")
    assert status_change(OURS, approved, state(status_text(PENDING)), "7", "007") is None
    change = status_change(EDITED, approved, state(status_text(PENDING)), "7", "007")
    assert change is not None
    assert change.reason == "procore.status_approved"


@pytest.mark.parametrize("before", [None, "pending", "pending / executed=? / package=? / request=?"])
def test_what_was_not_known_has_not_moved(before: str | None) -> None:
    now = facts_of(row(executed=True, package_acronym_number="CCO 42"), "pending")
    assert status_change(EDITED, now, state(before), "7", "007") is None


def test_records_of_others_are_told_to_nobody() -> None:
    assert status_change(None, facts_of(row(executed=True), "pending"), state(status_text(PENDING)), "7", "1") is None
