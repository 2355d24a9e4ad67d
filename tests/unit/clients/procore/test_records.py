from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.clients.native_json import json_text
from relay.clients.native_json.records import NativeRecord
from relay.clients.procore import (
    ChangeOrderRequest,
    ChangeReason,
    Contract,
    ContractChangeOrder,
    CostCode,
    LineItem,
    LineItemType,
    Package,
    PotentialChangeOrder,
    PotentialChangeOrderRow,
    Project,
    UnitOfMeasure,
)
from tests.hostile_answers import LONG_TEXT
from tests.unit.clients.procore.fake_remote import BASE, FakeProcore
from tests.unit.clients.remote import answer

KINDS: list[Any] = [
    PotentialChangeOrderRow, PotentialChangeOrder, LineItem, Package, ChangeOrderRequest, ContractChangeOrder,
    Contract, Project, CostCode, LineItemType, UnitOfMeasure, ChangeReason,
]  # fmt: skip

SHOW = b"""{"id": 9007199254740993, "contract_id": 44021, "origin_id": "cor:a:b:1:main", "origin_data": "{}",
 "number": "007", "title": "Footing rebar C4", "status": "pending_billable", "description": "", "due_date":
 "2026-03-20T00:00:00Z", "schedule_impact_amount": 2, "grand_total": "5400.10", "deleted_at": null,
 "change_order_request_id": null, "updated_at": "2026-03-02T15:04:05Z",
 "currency_configuration": {"currency_iso_code": "USD"}, "line_items": [{"id": 70011, "position": 1,
 "description": "Extra footing rebar", "quantity": 12.30, "unit_cost": 450.0000001, "uom": "ea",
 "total_amount": "5400.0", "cost_code": {"id": 5512, "name": "Steel"}, "line_item_type": {"id": 301}}]}"""


def test_the_whole_record_is_read_exactly() -> None:
    procore = FakeProcore()
    procore.on("GET", f"{BASE}/potential_change_orders/1", answer(SHOW))
    one = procore.client().potential_change_orders.show(315, 44021, 1)
    assert (one.id, one.status, one.due_date, one.grand_total) == (
        9007199254740993, "pending_billable", "2026-03-20", Decimal("5400.10"),
    )  # fmt: skip
    assert one.updated_at == datetime(2026, 3, 2, 15, 4, 5, tzinfo=UTC)
    assert (one.description, one.currency, one.deleted_at) == (None, "USD", None)
    (line,) = one.lines or ()
    assert (line.quantity, line.unit_cost, line.cost_code_id, line.line_item_type_id) == (
        Decimal("12.30"), Decimal("450.0000001"), 5512, 301,
    )  # fmt: skip
    assert one.native.raw == SHOW


def test_a_row_tells_the_tiers_and_hides_levels() -> None:
    row = {"id": 1, "change_order_tiers": 2, "due_date": "2026-03-20", "grand_total": "1e3",
           "potential_change_order_acronym_number": "PCO 007", "change_order_request_acronym_number": ""}  # fmt: skip
    got = PotentialChangeOrderRow.read(NativeRecord(b"", row))
    assert (got.tiers, got.due_date, got.grand_total) == (2, "2026-03-20", Decimal(1000))
    assert (got.pco_acronym_number, got.request_acronym_number) == ("PCO 007", None)


def test_a_package_names_the_orders_that_hold_its_lines() -> None:
    lines = [{"holder": {"id": 880, "holder_type": "PotentialChangeOrder"}}, {"holder": {"id": 880}}, {"holder": None}]
    package = Package.read(NativeRecord(b"", {"id": 51007, "line_items": lines, "executed": "false"}))
    assert package.holder_ids == {880}
    assert package.executed is False


def test_a_request_names_its_contract_and_package_in_either_form() -> None:
    shown = {"id": 1, "contract": {"id": 44021}, "batch": {"id": 51007}}
    listed = {"id": 1, "contract_id": 44021, "change_order_package_id": 51007}
    for form in (shown, listed):
        got = ChangeOrderRequest.read(NativeRecord(b"", form))
        assert (got.contract_id, got.package_id) == (44021, 51007)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(
    ["contract_id", "title", "status", "due_date", "grand_total", "line_items", "created_at", "currency_configuration",
     "deleted_at", "cost_code", "executed", "schedule_impact_amount", "holder", "contract", "line_item_types"]
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@given(st.dictionaries(NAMES, JSON, max_size=8))
def test_odd_members_make_no_record_unreadable(kind: Any, members: dict[str, Any]) -> None:
    got = kind.read(NativeRecord(b"", {**members, "id": 5}))
    assert got.id == 5
    assert not any(isinstance(getattr(got, one.name), float) for one in fields(kind))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("members", [{}, {"id": None}, {"id": True}, {"id": "x"}, {"id": 1.5}])
def test_a_record_without_its_id_is_no_record(kind: Any, members: dict[str, Any]) -> None:
    native = json.loads(json.dumps(members), parse_float=Decimal)
    with pytest.raises(ValueError, match="without a readable id"):
        kind.read(NativeRecord(b"", native))


@pytest.mark.parametrize("kind", [PotentialChangeOrderRow, PotentialChangeOrder, Package, ChangeOrderRequest])
@pytest.mark.parametrize(
    ("shown", "status"),
    [
        ("Approved", "approved"),
        ("Not Proceeding", "not_proceeding"),
        ("no_charge", "no_charge"),
        ("In Talks", "In Talks"),
    ],
)
def test_a_known_status_is_the_same_in_title_case(kind: Any, shown: str, status: str) -> None:
    native = NativeRecord(raw=b"", data={"id": 1, "status": shown})
    assert kind.read(native).status == status


@pytest.mark.parametrize("kind", [PotentialChangeOrder, LineItem, Package, ChangeOrderRequest])
@pytest.mark.parametrize("shown", ['{"sequence": 3}', {"sequence": 3}])
def test_origin_data_is_the_same_where_its_json_comes_back_taken_apart(kind: Any, shown: Any) -> None:
    assert json.loads(kind.read(NativeRecord(raw=b"", data={"id": 1, "origin_data": shown})).origin_data) == {
        "sequence": 3
    }


@pytest.mark.parametrize("kind", [PotentialChangeOrder, LineItem, Package])
def test_origin_data_of_another_system_is_read_to_its_last_digit(kind: Any) -> None:
    data = json_text.parse(b'{"id": 1, "origin_data": {"rate": 1.10, "of": "ERP"}}')
    assert kind.read(NativeRecord(raw=b"", data=data)).origin_data == '{"rate":1.10,"of":"ERP"}'


def test_what_people_call_a_record_is_short() -> None:
    """It goes on into ledgers and outcomes; a record whose id can be read is read all the same."""
    names = (
        "number", "status", "change_order_package_title", "potential_change_order_acronym_number",
        "change_order_request_acronym_number", "change_order_package_acronym_number",
    )  # fmt: skip
    long: dict[str, Any] = {"id": 7, **dict.fromkeys(names, LONG_TEXT)}
    native = NativeRecord(json.dumps(long).encode(), long)
    for kind in (PotentialChangeOrderRow, PotentialChangeOrder, Package, ChangeOrderRequest, ContractChangeOrder):
        record = kind.read(native)
        texts = [getattr(record, field.name) for field in fields(record)]
        assert record.id == 7
        assert all(len(text) <= 1_000 for text in texts if isinstance(text, str))
