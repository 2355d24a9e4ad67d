"""Changes of a POCO that is there: by PUT, and by people."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.sandbox.process import ControlRefused, Simulated

Row = dict[str, Any]


@pytest.fixture
def guid(company: Any, payload: Row) -> str:
    """A POCO in process that an import made."""
    company.job(payload)
    return str(company.pocos()[0]["cinx_guid"])


def last_job(cinx: Simulated) -> tuple[str, str | None]:
    job = cinx.state()["jobs"][-1]
    return job["state"], job["reason"]


def test_a_field_that_is_absent_stays_and_a_null_clears(company: Any, guid: str) -> None:
    company.job({"cinx_guid": guid, "user_comment": "Call first"}, "PUT")
    assert company.poco(guid)["description"] == "Footing over-excavation"
    company.job({"cinx_guid": guid, "description": None}, "PUT")
    poco = company.poco(guid)
    assert (poco["description"], poco["user_comment"]) == (None, "Call first")
    assert (poco["number"], len(poco["items"])) == ("PO123-01", 1)


def test_a_line_is_changed_by_its_guid_and_added_without(company: Any, guid: str, payload: Row) -> None:
    line = company.poco(guid)["items"][0]
    changed = {**payload["items"][0], "cinx_guid": line["cinx_guid"], "quantity": 7}
    added = {**payload["items"][0], "description": "Second"}
    company.job({"cinx_guid": guid, "items": [changed, added]}, "PUT")
    items = company.poco(guid)["items"]
    assert [(item["sequence"], item["quantity"], item["description"]) for item in items] == [
        (1, 7, line["description"]),
        (2, 3, "Second"),
    ]
    assert items[0]["cinx_guid"] == line["cinx_guid"]


@pytest.mark.parametrize(
    ("setting", "left"), [("merge", ["Rebar upgrade, grid C–F", "Second"]), ("replace", ["Second"])]
)
def test_lines_that_a_put_does_not_name(
    cinx: Simulated, company: Any, guid: str, payload: Row, setting: str, left: list[str]
) -> None:
    cinx.settings(put_items=setting)
    company.job({"cinx_guid": guid, "items": [{**payload["items"][0], "description": "Second"}]}, "PUT")
    assert [item["description"] for item in company.poco(guid)["items"]] == left


def test_references_are_kept_by_type(company: Any, guid: str) -> None:
    def put(*entries: Row) -> list[Row]:
        company.job({"cinx_guid": guid, "external_references": list(entries)}, "PUT")
        found: list[Row] = company.poco(guid)["external_references"]
        return found

    [mine] = put()
    second = {"type": "sequence", "description": "Sequence", "value": "1"}
    assert put(second) == [mine, second]
    assert put({**second, "value": "2"})[1]["value"] == "2"
    assert put({"type": "sequence", "value": None}) == [mine]
    assert put({"description": "no type", "value": "x"}) == [mine]


@pytest.mark.parametrize("operation", ["lock_poco", "submit_poco"])
def test_a_locked_poco_is_not_modified(cinx: Simulated, company: Any, guid: str, operation: str) -> None:
    cinx.people(operation, cinx_guid=guid)
    company.job({"cinx_guid": guid, "description": "Late"}, "PUT")
    state, reason = last_job(cinx)
    assert state == "failed"
    assert "locked" in str(reason)
    assert company.poco(guid)["description"] == "Footing over-excavation"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"cinx_guid": None}, "may not be null"),
        ({"cinx_guid": "00000000-0000-5000-8000-000000000000"}, "Failed to find"),
        ({"purchase_order": {"number": "PO-200"}}, "cannot be changed"),
        ({"items": [{"cinx_guid": "00000000-0000-5000-8000-000000000000"}]}, "no line"),
    ],
)
def test_a_put_that_fails_changes_nothing(cinx: Simulated, company: Any, guid: str, change: Row, reason: str) -> None:
    before = company.poco(guid)
    company.job({"cinx_guid": guid, "description": "New", **change}, "PUT")
    state, why = last_job(cinx)
    assert state == "failed"
    assert reason in str(why)
    assert company.poco(guid) == before


def test_the_way_of_a_poco_through_its_statuses(cinx: Simulated, company: Any, guid: str) -> None:
    seen = []
    for operation in ("submit_poco", "receive_poco", "accept_poco", "erp_pending", "erp_failed"):
        cinx.people(operation, cinx_guid=guid)
        seen.append(company.poco(guid)["workflow_status"])
    assert seen == ["SUBMITTED", "RECEIVED", "ACCEPTED", "ERP PENDING", "ERP FAILED"]
    poco = company.poco(guid)
    assert (poco["locked"], poco["procurement_status"]) == ("1", "ORDERED")
    assert poco["dates"]["submitted"]
    assert poco["dates"]["received"]


def test_a_declined_poco(cinx: Simulated, company: Any, guid: str) -> None:
    with pytest.raises(ControlRefused, match="IN-PROCESS"):
        cinx.people("decline_poco", cinx_guid=guid)
    cinx.people("submit_poco", cinx_guid=guid)
    cinx.people("decline_poco", cinx_guid=guid)
    assert company.rows("pocos", workflow="DECLINED")[0]["cinx_guid"] == guid


def test_people_make_pocos_too(cinx: Simulated, company: Any, payload: Row) -> None:
    made = cinx.people("create_poco", po="PO-123", items=payload["items"], submitted=True)
    assert (made["number"], made["created_by"]) == ("PO123-01", "person")
    [row] = company.pocos()
    assert (row["status"], row["links"]) == ("SUBMITTED", [])


def test_the_number_of_a_deleted_poco_is_not_given_out_again(
    cinx: Simulated, company: Any, guid: str, payload: Row
) -> None:
    cinx.people("delete_poco", cinx_guid=guid)
    assert company.pocos() == []
    assert company.get(f"poco/{guid}").status_code == 500
    company.job(payload)
    assert company.pocos()[0]["name"] == "PO123-02"
    assert [poco["cinx_guid"] for poco in cinx.state()["deleted_pocos"]] == [guid]


def test_an_unlocked_poco_is_modified_again(cinx: Simulated, company: Any, guid: str) -> None:
    cinx.people("lock_poco", cinx_guid=guid)
    cinx.people("unlock_poco", cinx_guid=guid)
    company.job({"cinx_guid": guid, "description": "Again"}, "PUT")
    assert company.poco(guid)["description"] == "Again"


def test_people_edit_pocos_and_orders(cinx: Simulated, company: Any, guid: str) -> None:
    cinx.people("edit_poco", cinx_guid=guid, set={"description": "By hand"}, items={"0": {"quantity": 9}})
    poco = company.poco(guid)
    assert (poco["description"], poco["items"][0]["quantity"]) == ("By hand", 9)
    cinx.people("set_po", po="PO-123", set={"procurement_status": "CLOSED"})
    assert company.rows("pos", number="PO-123")[0]["procurement_status"] == "CLOSED"
    with pytest.raises(ControlRefused, match="no procurement_status"):
        cinx.people("set_po", po="PO-123", set={"procurement_status": "DONE"})


def test_an_order_is_made_and_deleted_with_its_pocos(cinx: Simulated, company: Any, guid: str) -> None:
    cinx.people("create_po", number="PO-777", items=[{"description": "x", "unit_price": 2, "cost_code": "03-300"}])
    assert company.rows("pos", number="PO-777")[0]["item_count"] == 1
    with pytest.raises(ControlRefused, match="must be unique"):
        cinx.people("create_po", number="PO-777")
    cinx.people("delete_po", po="PO-123")
    assert company.rows("pos", number="PO-123") == []
    assert company.rows("pocos") == []


def test_the_state_has_all_that_a_test_judges_by(cinx: Simulated, guid: str) -> None:
    state = cinx.state()
    [poco] = state["pocos"]
    assert poco["cinx_guid"] == guid
    assert poco["items"][0]["quantity"] == 3
    assert poco["external_references"][0]["type"] == "change-order-relay"
    assert poco["detail"]["workflow_status"] == "IN-PROCESS"
    assert {po["number"] for po in state["pos"]} >= {"PO-123", "PO-200"}
    assert state["jobs"][0]["payload"]["purchase_order"] == {"number": "PO-123"}
    assert {"token", "credentials", "settings", "templates", "job_costing", "vendors", "projects"} <= state.keys()


def test_every_operation_is_described(cinx: Simulated) -> None:
    assert all(cinx.call("GET", "people").values())
