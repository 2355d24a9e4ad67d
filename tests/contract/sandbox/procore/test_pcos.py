"""Potential change orders one by one: three views with their differences, creation and update."""

from __future__ import annotations

import pytest

from tests.contract.sandbox.procore.calls import PRIME, PURCHASE_ORDER, WORK_ORDER, Api

ONLY_IN_SHOW = {"origin_id", "origin_data", "description", "line_items", "creator", "vendor", "accounting_method"}
ONLY_IN_ROW = {"change_order_tiers", "created_by_id", "potential_change_order_acronym_number", "change_reason"}
NOT_IN_CREATED = {
    *("change_order_change_reason_id", "deleted_at", "designated_reviewer", "attachments", "location_id"),
    *("reason", "received_from", "reference", "request_for_quote_id", "reviewed_at", "reviewer"),
}


def created(api: Api, **attributes: object) -> dict[str, object]:
    body = {"project_id": 315, "contract_id": WORK_ORDER, "change_order": {"title": "x", **attributes}}
    answer = api.send("POST", "potential_change_orders", body, project_id=None)
    assert answer.status_code == 201, answer.text
    made: dict[str, object] = answer.json()
    return made


def test_a_row_has_neither_origin_id_nor_description_nor_lines(api: Api) -> None:
    pco = api.pco(origin_id="A", description="text", due_date="2026-03-20T00:00:00Z")
    row, show = api.row(pco["id"]), api.show(pco["id"])
    assert set(show) - set(row) >= ONLY_IN_SHOW
    assert set(row) - set(show) >= ONLY_IN_ROW
    assert (row["due_date"], show["due_date"]) == ("2026-03-20", "2026-03-20T00:00:00Z")


def test_a_sync_entity_is_the_show_view(api: Api) -> None:
    pco = api.pco(origin_id="A")
    assert pco == api.show(pco["id"])


def test_the_reply_to_a_creation_lacks_what_is_documented(api: Api) -> None:
    made = created(api, origin_id="A", grand_total="12.5")
    assert set(api.show(int(str(made["id"])))) - set(made) == NOT_IN_CREATED
    assert (made["line_items"], made["grand_total"], made["status"]) == ([], "12.5", "draft")


def test_the_show_view_needs_its_own_contract(api: Api) -> None:
    pco = api.pco()["id"]
    assert api.send("GET", f"potential_change_orders/{pco}").status_code == 400
    assert api.send("GET", f"potential_change_orders/{pco}", contract_id=PRIME).status_code == 404
    assert api.send("GET", f"potential_change_orders/{pco + 1}", contract_id=WORK_ORDER).status_code == 404
    assert api.show(pco)["id"] == pco


@pytest.mark.parametrize("status", [400, 422])
def test_a_refused_creation_is_400_unless_set_otherwise(api: Api, status: int) -> None:
    api.sandbox.settings(validation_status=status)
    body = {"project_id": 315, "contract_id": WORK_ORDER, "change_order": {"title": ""}}
    answer = api.send("POST", "potential_change_orders", body, project_id=None)
    assert (answer.status_code, answer.json()) == (status, {"errors": {"title": ["can't be blank"]}})


@pytest.mark.parametrize("status", [400, 409, 422])
def test_a_taken_origin_id_has_a_status_of_its_own(api: Api, status: int) -> None:
    api.sandbox.settings(duplicate_origin_status=status)
    created(api, origin_id="A")
    body = {"project_id": 315, "contract_id": WORK_ORDER, "change_order": {"title": "x", "origin_id": "A"}}
    answer = api.send("POST", "potential_change_orders", body, project_id=None)
    assert (answer.status_code, answer.json()) == (status, {"errors": {"origin_id": ["has already been taken"]}})


def test_an_unknown_attribute_is_406(api: Api) -> None:
    body = {"project_id": 315, "contract_id": WORK_ORDER, "change_order": {"title": "x", "nonsense": 1}}
    assert api.send("POST", "potential_change_orders", body, project_id=None).status_code == 406


def test_a_body_without_the_root_is_refused(api: Api) -> None:
    body = {"project_id": 315, "contract_id": WORK_ORDER, "title": "x"}
    answer = api.send("POST", "potential_change_orders", body, project_id=None)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["change_order"])


def test_a_patch_changes_what_it_names(api: Api) -> None:
    pco = api.pco(description="text")
    body = {"project_id": 315, "contract_id": WORK_ORDER, "change_order": {"status": "pending", "grand_total": "9.0"}}
    answer = api.send("PATCH", f"potential_change_orders/{pco['id']}", body, project_id=None)
    assert answer.status_code == 200
    assert answer.json() == api.show(pco["id"])
    changed = {name for name in pco if answer.json()[name] != pco[name]}
    assert changed <= {"status", "updated_at"}
    assert answer.json()["status"] == "pending"


def test_an_empty_number_is_refused_in_a_patch(api: Api) -> None:
    pco = api.pco(origin_id="A")
    assert api.sync({"id": pco["id"], "number": ""})[1][0]["errors"] == {"number": ["can't be blank"]}


def test_the_vendor_is_that_of_the_contract(api: Api) -> None:
    assert api.pco()["vendor"]["name"] == "Granite Foundations LLC"
    assert api.pco(contract=PRIME)["vendor"] is None


def test_the_row_tells_the_change_reason(api: Api) -> None:
    pco = api.pco()
    api.sandbox.people("edit", id=pco["id"], set={"change_order_change_reason_id": 18})
    assert api.row(pco["id"])["change_reason"] == "Owner Request"


def test_change_events_belong_to_their_side(api: Api) -> None:
    _, errors = api.sync({"title": "x", "commitment_change_event_id": None, "prime_change_event_id": None})
    assert errors == []


def test_each_contract_numbers_for_itself(api: Api) -> None:
    assert [api.pco(contract=one)["number"] for one in (WORK_ORDER, PURCHASE_ORDER, PRIME)] == ["001", "001", "001"]
    assert [api.pco(contract=one)["position"] for one in (WORK_ORDER, PRIME)] == [2, 2]
