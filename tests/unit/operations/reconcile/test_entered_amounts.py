"""What people entered at Procore has one amount, whichever call has shown it, now or when it was observed."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from operations.reconcile.books import Place, Record
from operations.reconcile.procore_records import ProcoreProject
from operations.reconcile.records import record_of
from relay.clients.http.terms import CallTerms
from relay.clients.native_json.records import NativeRecord
from relay.clients.procore import PotentialChangeOrder, PotentialChangeOrderRow
from relay.domain.sources import procore
from tests.unit.operations.reconcile.test_rules import money
from tests.unit.workers.views.tables import AT, origin_of

PRIME = Place(side="owner", system="procore", account="acme", project="315", contract="44023")
OURS, THEIRS = 7, 8
"""Logins."""
WITH_MARKUP = {
    "id": 5,
    "contract_id": 44023,
    "number": "022",
    "title": "By hand",
    "status": "approved",
    "grand_total": "1100.00",
    "line_items_total": "1000.00",
    "line_items": [],
}
WITHOUT_LINES = WITH_MARKUP | {"line_items_total": "0.0"}


@pytest.mark.parametrize("native", [WITH_MARKUP, WITHOUT_LINES], ids=["with markup", "without lines"])
def test_it_is_the_grand_total(native: dict[str, Any]) -> None:
    assert [_live(native, login).held for login in (OURS, THEIRS)] == [money(1100)] * 2
    assert _observed(native, None).held == money(1100)


def test_of_what_we_wrote_the_lines_count() -> None:
    assert _observed(WITH_MARKUP, origin_of("17")).held == money(1000)


def _live(native: dict[str, Any], creator: int) -> Record:
    """As the list shows it, and, where our own login has made it, as it is shown by itself."""
    told = native | {"created_by": {"id": creator}, "created_by_id": creator}
    kept = NativeRecord(json.dumps(told).encode(), told)
    orders = SimpleNamespace(
        find=lambda *_, **__: [PotentialChangeOrderRow.read(kept)],
        show=lambda *_, **__: PotentialChangeOrder.read(kept),
    )
    client: Any = SimpleNamespace(
        potential_change_orders=orders,
        line_items=SimpleNamespace(find=lambda *_, **__: []),
        probe_tenant=lambda **_: SimpleNamespace(id=OURS),
    )
    (record,), _ = ProcoreProject(client, CallTerms(), 315, [PRIME], [], {}).read()
    return record


def _observed(native: dict[str, Any], origin_id: str | None) -> Record:
    shown = procore.read(native, [], "315").change_order
    return record_of(shown, PRIME, origin_id=origin_id, read_at=AT, changed_at=None)
