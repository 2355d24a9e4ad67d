"""What people do in Procore's own pages, and the record of every change."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.sandbox.process import ControlRefused, simulated
from tests.contract.sandbox.procore.calls import PRIME, WORK_ORDER, Api

Row = dict[str, Any]


def test_a_pco_typed_in_by_hand_has_no_external_id(api: Api) -> None:
    made = api.sandbox.people(
        "create_pco",
        contract=WORK_ORDER,
        title="Relocate RTU-3 curb",
        number="014",
        status="approved",
        lines=[{"description": "Curb", "amount": "950.00", "cost_code": "03-300", "line_item_type": "S"}],
    )
    shown = api.show(made["id"])
    assert (shown["origin_id"], shown["number"], shown["status"]) == (None, "014", "approved")
    assert (shown["grand_total"], shown["creator"]["id"]) == ("950.0", 9001)
    assert shown["reviewed_at"] is not None


def test_a_person_edits_one_of_ours(api: Api) -> None:
    before = api.pco(origin_id="A", origin_data="mark")
    api.sandbox.advance(60)
    api.sandbox.people("edit", origin_id="A", set={"title": "Theirs", "reference": "RFI 14"})
    after = api.show(before["id"])
    assert (after["title"], after["reference"], after["origin_data"]) == ("Theirs", "RFI 14", "mark")
    assert after["updated_at"] > before["updated_at"]


def test_a_connector_takes_the_external_id_over(api: Api) -> None:
    pco = api.pco(origin_id="A")
    api.sandbox.people("edit", id=pco["id"], set={"origin_id": "ERP-900"})
    assert api.find("potential_change_orders", {"origin_id": "A"}) == []
    assert api.show(pco["id"])["origin_id"] == "ERP-900"


def test_people_cannot_do_what_procore_refuses_to_everybody(api: Api) -> None:
    api.pco(origin_id="A", number="001")
    api.pco(origin_id="B", number="002", status="approved")
    for operation, body in (
        ("edit", {"origin_id": "A", "set": {"number": "002"}}),
        ("edit", {"origin_id": "A", "set": {"nonsense": 1}}),
        ("delete", {"origin_id": "B"}),
        ("edit", {"origin_id": "C", "set": {}}),
        ("set_status", {"origin_id": "A", "status": "done"}),
        ("create_pco", {"contract": 1, "title": "x"}),
    ):
        with pytest.raises(ControlRefused):
            api.sandbox.people(operation, **body)


@pytest.mark.parametrize(("operation", "status"), [("approve", "approved"), ("reject", "rejected"), ("void", "void")])
def test_a_person_decides(api: Api, operation: str, status: str) -> None:
    pco = api.pco(origin_id="A")["id"]
    package = api.package(origin_id="P")["id"]
    api.sandbox.people(operation, origin_id="A")
    api.sandbox.people(operation, kind="package", origin_id="P")
    assert api.show(pco)["status"] == status
    assert api.show(pco)["void"] == (status == "void")
    assert api.get(f"change_order_packages/{package}")["status"] == status


def test_with_one_tier_a_person_decides_on_the_package(api: Api) -> None:
    api.sandbox.people("set_tiers", project=315, side="commitment", tiers=1)
    made = api.sandbox.people("create_pco", contract=WORK_ORDER, title="By hand", lines=[{"amount": "5.0"}])
    api.sandbox.people("approve", id=made["id"])
    (package,) = api.get("change_order_packages")
    assert (package["status"], package["grand_total"]) == ("approved", "5.0")


def test_a_workflow_owns_the_status_alone(api: Api) -> None:
    api.pco(origin_id="A")
    api.sandbox.people("lock", origin_id="A")
    entities, errors = api.sync({"origin_id": "A", "title": "new"}, {"origin_id": "A", "status": "approved"})
    assert (len(entities), errors[0]["errors"]) == (1, {"status": ["is managed by a workflow"]})
    api.sandbox.people("unlock", origin_id="A")
    assert api.sync({"origin_id": "A", "status": "approved"})[1] == []


def test_an_erp_holds_everything(api: Api) -> None:
    pco = api.pco(origin_id="A")["id"]
    api.sandbox.people("lock", origin_id="A", holder="erp")
    assert api.sync({"origin_id": "A", "title": "new"})[1][0]["errors"].keys() == {"base"}
    assert api.lines(pco, {"amount": "1.0"})[1][0]["errors"].keys() == {"base"}


def test_people_work_on_lines(api: Api) -> None:
    pco = api.pco(origin_id="A")["id"]
    api.lines(pco, {"origin_id": "A:1", "amount": "1.0"})
    api.sandbox.people("edit_line", line="A:1", set={"amount": "2.0"})
    added = api.sandbox.people("add_line", origin_id="A", line={"amount": "3.0", "cost_code": "26-500"})
    assert api.show(pco)["grand_total"] == "5.0"
    api.sandbox.people("delete_line", line=added["id"])
    assert api.show(pco)["grand_total"] == "2.0"


def test_packages_and_requests_are_typed_in_too(api: Api) -> None:
    api.sandbox.people("set_tiers", project=315, side="prime", tiers=3)
    package = api.sandbox.people("create_package", contract=PRIME, title="PCCO", number="A-7")
    request = api.sandbox.people("create_request", contract=PRIME, title="COR", change_order_package_id=package["id"])
    pco = api.sandbox.people("create_pco", contract=PRIME, title="x", change_order_request_id=request["id"])
    row = api.row(pco["id"])
    assert row["change_order_package_acronym_number"] == "PCCO A-7"
    api.sandbox.people("delete", kind="request", id=request["id"])
    assert api.row(pco["id"])["change_order_request_id"] is None


def test_a_contract_that_has_been_typed_in_for_years(api: Api) -> None:
    told = api.sandbox.people("load_typed_in", contract=WORK_ORDER, count=50)
    rows = api.get("potential_change_orders", per_page=100)
    assert [row["number"] for row in rows] == told["numbers"]
    assert len({row["title"] for row in rows}) == 50
    assert {row["status"] for row in rows} >= {"approved", "draft", "void"}
    assert any(row["grand_total"].startswith("-") for row in rows)
    assert all(one["origin_id"] is None for one in api.sandbox.state()["potential_change_orders"])


def test_every_change_is_recorded_with_what_it_stored(api: Api) -> None:
    api.pco(origin_id="A", origin_data='{"sequence":1}')
    api.pco(origin_id="A", origin_data='{"sequence":2}', title="second")
    api.sandbox.people("edit", origin_id="A", set={"title": "theirs"})
    api.pco(origin_id="A", origin_data='{"sequence":1}')
    entries = api.sandbox.people("applies", origin_id="A")
    assert [(one["by"], one["action"]) for one in entries] == [
        ("api", "created"),
        ("api", "changed"),
        ("person", "changed"),
        ("api", "changed"),
    ]
    marks = [one["values"]["origin_data"] for one in entries if one["by"] == "api"]
    assert marks == ['{"sequence":1}', '{"sequence":2}', '{"sequence":1}']
    assert entries[1]["changed"] == ["title", "origin_data"]
    assert [one for one in api.sandbox.state()["changes"] if one["origin_id"] == "A"] == entries


def test_a_refused_element_leaves_no_change(api: Api) -> None:
    api.sync({"origin_id": "A", "title": ""})
    assert api.sandbox.state()["changes"] == []


def test_lines_and_packages_are_recorded_too(api: Api) -> None:
    pco = api.pco(origin_id="A")["id"]
    line = api.lines(pco, {"origin_id": "A:1", "amount": "1.0"})[0][0]["id"]
    api.send("DELETE", f"potential_change_orders/{pco}/line_items/{line}")
    api.package(origin_id="A:package")
    told = [(one["kind"], one["action"], one["origin_id"]) for one in api.sandbox.state()["changes"]]
    assert told == [
        ("potential_change_order", "created", "A"),
        ("line_item", "created", "A:1"),
        ("line_item", "deleted", "A:1"),
        ("change_order_package", "created", "A:package"),
    ]


def test_a_seed_arranges_settings_and_people_at_start() -> None:
    seed = {
        "settings": {"spike_limit": 7},
        "people": [
            {"operation": "set_tiers", "project": 315, "side": "commitment", "tiers": 3},
            {"operation": "create_pco", "contract": WORK_ORDER, "title": "by hand"},
        ],
    }
    with simulated("procore", seed) as sandbox:
        state = sandbox.state()
    assert state["settings"]["spike_limit"] == 7
    assert [one["title"] for one in state["potential_change_orders"]] == ["by hand"]
    assert state["potential_change_orders"][0]["tiers"] == 3
