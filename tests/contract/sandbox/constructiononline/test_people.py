"""What people do in the product, and how it shows in the API."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest

from deploy.sandbox.process import ControlRefused, Simulated

SAMPLE = 498099
PROJECT = 1321036


@pytest.fixture(autouse=True)
def samples(constructiononline: Simulated) -> None:
    constructiononline.people("load_samples")


def order(reader: httpx.Client, number: int = SAMPLE) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(reader.get(f"/ChangeOrders/{number}").text, parse_float=Decimal)
    return found


def items(reader: httpx.Client, number: int) -> list[dict[str, Any]]:
    text = reader.get("/ChangeOrderItems", params={"changeOrderID": number}).text
    rows: list[dict[str, Any]] = json.loads(text, parse_float=Decimal)
    return rows


@pytest.fixture
def detailed(constructiononline: Simulated) -> int:
    """A pending change order with two items."""
    made = constructiononline.people(
        "create_change_order",
        project=PROJECT,
        name="Fixtures",
        items=[
            {"NAME": "Rebar", "RATE": "18.4", "RATE_QTY": 40, "LINE_ITEM_MARKUP": "10"},
            {"NAME": "Credit", "RATE": -100, "RATE_QTY": 1, "LINE_ITEM_MARKUP": ""},
        ],
    )
    return int(made["ID"])


def test_new_ones_are_pending_and_numbered_by_project(constructiononline: Simulated, reader: httpx.Client) -> None:
    first = constructiononline.people("create_change_order", project=PROJECT, name="A")
    constructiononline.people("delete_change_order", id=first["ID"])
    second = constructiononline.people("create_change_order", project=PROJECT, name="B")
    assert (first["NUMBER"], second["NUMBER"]) == ("4", "5")
    assert order(reader, second["ID"])["CONDITION"] == 0


def test_totals_are_the_sums_of_the_items(reader: httpx.Client, detailed: int) -> None:
    total, rows = order(reader, detailed), items(reader, detailed)
    assert [row["ROW_NUMBER"] for row in rows] == [0, 1]
    assert (total["COST_MONEY"], total["MARKUP"], total["CLIENT_PRICE"]) == (636, Decimal("73.6"), Decimal("709.6"))
    for mine, theirs in (("COST_MONEY", "COST_ESTIMATE"), ("MARKUP", "MARKUP"), ("CLIENT_PRICE", "CLIENT_PRICE")):
        assert total[mine] == sum(row[theirs] for row in rows)


def test_a_fee_parts_the_totals_from_the_items(constructiononline: Simulated, reader: httpx.Client) -> None:
    made = constructiononline.people(
        "create_change_order", project=PROJECT, name="Fee", items=[{"RATE": 10}], fee=5, fee_as="cost"
    )
    assert order(reader, made["ID"])["COST_MONEY"] == 15
    assert items(reader, made["ID"])[0]["COST_ESTIMATE"] == 10


def test_approval_closes_the_change_order_and_marks_the_items(
    constructiononline: Simulated, reader: httpx.Client, detailed: int
) -> None:
    constructiononline.people("approve", id=detailed)
    approved = order(reader, detailed)
    assert approved["CONDITION"] == 1
    assert approved["DATE_CLOSED"] == approved["DATE_MODIFIED"]
    assert {row["STATUS"] for row in items(reader, detailed)} == {1}


def test_a_reversion_leaves_the_closing_data(constructiononline: Simulated, reader: httpx.Client) -> None:
    constructiononline.people("approve", id=SAMPLE)
    closed = order(reader)["DATE_CLOSED"]
    constructiononline.people("revert", id=SAMPLE)
    assert (order(reader)["CONDITION"], order(reader)["DATE_CLOSED"]) == (0, closed)


@pytest.mark.parametrize(
    ("before", "operation"),
    [(3, "approve"), (3, "reject"), (0, "revert"), (1, "approve"), (1, "submit"), (2, "return_to_draft")],
)
def test_a_step_that_the_product_does_not_offer_is_refused(
    constructiononline: Simulated, before: int, operation: str
) -> None:
    constructiononline.people("edit_change_order", id=SAMPLE, set={"CONDITION": before})
    with pytest.raises(ControlRefused, match=f"has CONDITION {before}"):
        constructiononline.people(operation, id=SAMPLE)


@pytest.mark.parametrize(
    ("steps", "condition"),
    [
        (["approve"], 1),
        (["reject"], 2),
        (["reject", "revert"], 0),
        (["return_to_draft"], 3),
        (["return_to_draft", "submit", "approve"], 1),
    ],
)
def test_the_steps_of_a_change_order(
    constructiononline: Simulated, reader: httpx.Client, steps: list[str], condition: int
) -> None:
    for step in steps:
        constructiononline.people(step, id=SAMPLE)
    assert order(reader)["CONDITION"] == condition


@pytest.mark.parametrize(("reverts", "condition"), [(True, 0), (False, 1)])
def test_an_edit_of_an_approved_one_takes_the_approval_back(
    constructiononline: Simulated, reader: httpx.Client, condition: int, *, reverts: bool
) -> None:
    constructiononline.settings(edit_reverts_approval=reverts)
    constructiononline.people("approve", id=SAMPLE)
    constructiononline.people("edit_change_order", id=SAMPLE, set={"PRICE": "99.5"})
    assert (order(reader)["CONDITION"], order(reader)["COST_MONEY"]) == (condition, Decimal("99.5"))


def test_an_edit_moves_the_modification(constructiononline: Simulated, reader: httpx.Client) -> None:
    before = order(reader)
    constructiononline.people("edit_change_order", id=SAMPLE, set={"NAME": "Renamed"}, by=7)
    after = order(reader)
    assert after["DATE_MODIFIED"] > before["DATE_MODIFIED"]
    assert (after["NAME"], after["MODIFIED_BY"]) == ("Renamed", 7)


def test_bookkeeping_moves_the_modification_and_nothing_else(
    constructiononline: Simulated, reader: httpx.Client
) -> None:
    constructiononline.people("approve", id=SAMPLE)
    before = order(reader)
    constructiononline.advance(1)
    constructiononline.people("edit_accounting", id=SAMPLE, set={"INVOICED_AMOUNTS": "120.5"})
    after = order(reader)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"INVOICED_AMOUNTS", "DATE_MODIFIED"}
    with pytest.raises(ControlRefused, match="bookkeeping writes only"):
        constructiononline.people("edit_accounting", id=SAMPLE, set={"PRICE": 1})


def test_bookkeeping_on_an_item(constructiononline: Simulated, reader: httpx.Client, detailed: int) -> None:
    first = items(reader, detailed)[0]
    constructiononline.people("edit_accounting", item=first["ID"], set={"QB_ACTUAL": 3})
    assert items(reader, detailed)[0]["QB_ACTUAL"] == 3


@pytest.mark.parametrize("moves", [True, False])
def test_whether_an_item_moves_its_change_order_is_a_setting(
    constructiononline: Simulated, reader: httpx.Client, detailed: int, *, moves: bool
) -> None:
    constructiononline.settings(item_edit_moves_parent=moves)
    before = order(reader, detailed)["DATE_MODIFIED"]
    constructiononline.advance(60)
    constructiononline.people("change_item", id=items(reader, detailed)[0]["ID"], set={"RATE": 20})
    assert (order(reader, detailed)["DATE_MODIFIED"] != before) is moves
    assert items(reader, detailed)[0]["DATE_MODIFIED"] > before
    assert order(reader, detailed)["COST_MONEY"] == 700


def test_items_added_and_removed(constructiononline: Simulated, reader: httpx.Client, detailed: int) -> None:
    added = constructiononline.people("add_item", change_order=detailed, set={"NAME": "Extra", "RATE": 5})
    assert [row["ROW_NUMBER"] for row in items(reader, detailed)] == [0, 1, 2]
    constructiononline.people("remove_item", id=items(reader, detailed)[0]["ID"])
    assert [row["NAME"] for row in items(reader, detailed)] == ["Credit", "Extra"]
    assert order(reader, detailed)["COST_MONEY"] == -95
    assert reader.get(f"/ChangeOrderItems/{added['ID']}").status_code == 200


def test_a_deleted_change_order_is_gone_with_its_items_and_nothing_tells(
    constructiononline: Simulated, reader: httpx.Client, detailed: int
) -> None:
    item = items(reader, detailed)[0]["ID"]
    constructiononline.people("delete_change_order", id=detailed)
    assert reader.get(f"/ChangeOrders/{detailed}").status_code == 404
    assert reader.get(f"/ChangeOrderItems/{item}").status_code == 404
    assert detailed not in [row["ID"] for row in reader.get("/ChangeOrders").json()]
    assert items(reader, detailed) == []
    assert [row["ID"] for row in constructiononline.state()["deleted_change_orders"]] == [detailed]


def test_a_deleted_project_is_named_by_one_list_only(constructiononline: Simulated, reader: httpx.Client) -> None:
    constructiononline.people("delete_project", id=PROJECT)
    assert reader.get("/ChangeOrders").json() == []
    assert reader.get("/v2/Projects").json() == []
    assert [row["ID"] for row in reader.get("/v2/DeletedProjects").json()] == [PROJECT]
    assert reader.get("/v2/DeletedProjects", params={"fromDate": "2000-01-01"}).json()
    assert reader.get("/v2/DeletedProjects", params={"fromDate": "2999-01-01"}).json() == []


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ({"set": {"CONDITION": 9}}, {"CONDITION": 9}),
        ({"set": {"CONDITION": "approved"}}, {"CONDITION": "approved"}),
        ({"set": {"COST_MONEY": "2,380.00"}}, {"COST_MONEY": "2,380.00"}),
        ({"set": {"NUMBER": 2, "DETAILS": None}}, {"NUMBER": 2, "DETAILS": None}),
        ({"set": {"DATE_MODIFIED": "yesterday"}}, {"DATE_MODIFIED": "yesterday"}),
        ({"set": {"COST_MONEY": {"amount": 1}}}, {"COST_MONEY": {"amount": 1}}),
    ],
)
def test_a_malformed_record_is_served_as_it_is(
    constructiononline: Simulated, reader: httpx.Client, change: dict[str, Any], seen: dict[str, Any]
) -> None:
    constructiononline.people("malform", id=SAMPLE, **change)
    assert seen.items() <= order(reader).items()
    listed = next(row for row in reader.get("/ChangeOrders").json() if row.get("ID") == SAMPLE)
    assert seen.items() <= listed.items()


def test_a_property_may_be_missing(constructiononline: Simulated, reader: httpx.Client, detailed: int) -> None:
    constructiononline.people("malform", id=SAMPLE, remove=["CONDITION", "PRJ_ID", "ID"])
    assert not {"CONDITION", "PRJ_ID", "ID"} & order(reader).keys()
    constructiononline.people("malform", item=items(reader, detailed)[0]["ID"], remove=["CHANGE_ORDER_ID"])
    assert len(items(reader, detailed)) == 2
    assert reader.get("/ChangeOrders").status_code == 200


@pytest.mark.parametrize(
    ("operation", "body", "reason"),
    [
        ("approve", {}, "id must be a whole number"),
        ("approve", {"id": 1}, "no change order 1"),
        ("edit_change_order", {"id": SAMPLE, "set": {"PRIZE": 1}}, "no documented property"),
        ("edit_change_order", {"id": SAMPLE, "set": {"PRICE": "much"}}, "no amount"),
        ("create_change_order", {"project": PROJECT, "id": SAMPLE}, "already a change order"),
        ("create_project", {"id": PROJECT}, "already a project"),
        ("nonsense", {}, "no operation 'nonsense'"),
    ],
)
def test_an_impossible_operation_is_refused(
    constructiononline: Simulated, operation: str, body: dict[str, Any], reason: str
) -> None:
    before = constructiononline.state()
    with pytest.raises(ControlRefused, match=reason):
        constructiononline.people(operation, **body)
    after = constructiononline.state()
    assert {name: after[name] for name in ("change_orders", "items", "projects")} == {
        name: before[name] for name in ("change_orders", "items", "projects")
    }


def test_every_operation_is_described(constructiononline: Simulated) -> None:
    assert all(constructiononline.call("GET", "people").values())
