"""Contracts and the lists that line items refer to."""

from __future__ import annotations

import pytest

from tests.contract.sandbox.procore.calls import PRIME, PURCHASE_ORDER, WORK_ORDER, Api


def test_each_kind_of_contract_has_its_list(api: Api) -> None:
    for path, contract in (
        ("work_order_contracts", WORK_ORDER),
        ("purchase_order_contracts", PURCHASE_ORDER),
        ("prime_contracts", PRIME),
    ):
        assert [row["id"] for row in api.get(path)] == [contract]
        assert api.get(f"{path}/{contract}")["id"] == contract
    assert api.send("GET", f"work_order_contracts/{PRIME}").status_code == 404
    assert api.get("prime_contract")["id"] == PRIME


def test_commitments_are_both_kinds_without_external_ids(api: Api) -> None:
    rows = api.get("commitments")
    assert [row["id"] for row in rows] == [WORK_ORDER, PURCHASE_ORDER]
    assert "origin_id" not in rows[0]
    assert "origin_id" in api.get(f"commitments/{WORK_ORDER}")
    assert api.send("GET", f"commitments/{PRIME}").status_code == 404


def test_contracts_are_filtered_by_origin_id_except_prime_ones(api: Api) -> None:
    api.sandbox.people("edit_contract", contract=WORK_ORDER, set={"origin_id": "ERP-1", "status": "Complete"})
    assert api.find("work_order_contracts", {"origin_id": "ERP-1"})[0]["status"] == "Complete"
    assert api.find("work_order_contracts", {"origin_id": "ERP-2"}) == []
    assert len(api.find("prime_contracts", {"origin_id": "ERP-2"})) == 1
    assert api.get("work_order_contracts", view="compact")[0].keys() == {"id", "number", "title", "status", "origin_id"}


def test_a_deleted_contract_is_listed_only_on_request(api: Api) -> None:
    api.sandbox.people("delete_contract", contract=WORK_ORDER)
    assert api.get("work_order_contracts") == []
    assert len(api.find("work_order_contracts", {"include_deleted": "with"})) == 1


def test_the_lists_that_lines_refer_to(api: Api) -> None:
    codes = {row["full_code"]: row for row in api.get("cost_codes", per_page=100)}
    assert codes.keys() >= {"03-210", "03-300", "26-500"}
    assert (codes["03-210"]["code"], codes["03-210"]["biller_id"]) == ("210", 315)
    types = {row["code"]: row["name"] for row in api.get("line_item_types", company_id=4200, project_id=None)}
    assert types.items() >= {"S": "Subcontract", "M": "Materials", "L": "Labor", "O": "Other"}.items()
    units = [row["name"] for row in api.get("companies/4200/uoms", project_id=None, per_page=100)]
    assert {"ea", "ls", "hr"} <= set(units)
    reasons = api.get("change_order_change_reasons", company_id=4200, project_id=None)
    assert reasons[0] == {"id": 17, "company_id": 4200, "change_reason": "Design Development", "show_in_select": True}


def test_change_reasons_of_the_newer_version_have_an_envelope_and_string_ids(api: Api) -> None:
    answer = api.client.get("/rest/v2.0/companies/4200/change_order_change_reasons?per_page=2")
    assert [one["id"] for one in answer.json()["data"]] == ["17", "18"]
    assert answer.headers["Total"] == "5"


def test_statuses_are_the_documented_eleven(api: Api) -> None:
    rows = api.get("change_order/statuses", company_id=4200, project_id=None)
    assert len(rows) == 11
    assert {"name": "Not Pricing", "mapped_to_status": "not_pricing"}.items() <= rows[1].items()


@pytest.mark.parametrize("path", ["companies/4201/uoms", "line_item_types"])
def test_another_company_is_not_found(api: Api, path: str) -> None:
    assert api.send("GET", path, company_id=4201, project_id=None).status_code == 404


def test_what_an_administrator_adds_can_be_used_at_once_and_what_is_gone_cannot(api: Api) -> None:
    pco = api.pco()["id"]
    assert api.lines(pco, {"amount": "1.0", "uom": "pallet"})[1]
    api.sandbox.people("create_uom", name="pallet")
    code = api.sandbox.people("create_cost_code", project=315, code="99-100", name="Extra")["id"]
    kind = api.sandbox.people("create_line_item_type", name="Fee", code="F")["id"]
    wanted = {"amount": "1.0", "uom": "pallet", "cost_code_id": code, "line_item_type_id": kind}
    assert api.lines(pco, wanted)[1] == []
    api.sandbox.people("delete_cost_code", project=315, code="99-100")
    assert api.lines(pco, {**wanted, "origin_id": "x"})[1][0]["errors"] == {"cost_code_id": ["must exist"]}


def test_a_new_project_with_its_contract(api: Api) -> None:
    project = api.sandbox.people("create_project", name="Annex", tiers={"commitment": 1})["id"]
    contract = api.sandbox.people("create_contract", project=project, kind="work_order", title="Concrete")["id"]
    assert [row["id"] for row in api.get("work_order_contracts", project_id=project)] == [contract]
    assert api.package(contract=contract, project=project)["number"] == "001"
    assert api.send("GET", f"projects/{project}", company_id=4200).json()["name"] == "Annex"


def test_me_and_companies(api: Api) -> None:
    assert api.get("me", project_id=None)["id"] == 9000
    assert [row["id"] for row in api.get("companies", project_id=None)] == [4200]
