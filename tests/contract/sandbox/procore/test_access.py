"""Who may see what: the company header, the app's connection, the permitted projects."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from deploy.sandbox.process import Simulated
from tests.contract.sandbox.procore.calls import CLIENT, PRIME, WORK_ORDER, Api

Row = dict[str, Any]
NOT_VALID = "Company or project is not valid, user is not an active contact"


@pytest.mark.parametrize("path", ["me", "companies", "potential_change_orders"])
def test_a_service_account_needs_the_company_header_everywhere(api: Api, path: str) -> None:
    del api.client.headers["Procore-Company-Id"]
    answer = api.send("GET", path)
    assert answer.status_code == 400
    assert answer.json()["errors"].startswith("Missing Procore-Company-Id header!")


def test_the_status_for_a_missing_header_is_a_setting(api: Api) -> None:
    api.sandbox.settings(missing_company_status=422)
    del api.client.headers["Procore-Company-Id"]
    assert api.send("GET", "me").status_code == 422


def test_a_person_does_not_need_the_header_for_two_calls(anyone: httpx.Client, procore: Simulated) -> None:
    code = procore.people("authorize")["code"]
    token = anyone.post("/oauth/token", json={**CLIENT, "grant_type": "authorization_code", "code": code}).json()
    anyone.headers["Authorization"] = f"Bearer {token['access_token']}"
    assert anyone.get("/rest/v1.0/me").status_code == 200
    assert anyone.get("/rest/v1.0/companies").json()[0]["id"] == 4200
    assert anyone.get("/rest/v1.0/projects?company_id=4200").status_code == 400


def test_the_header_does_not_replace_the_project(api: Api) -> None:
    answer = api.send("GET", "potential_change_orders", project_id=None)
    assert (answer.status_code, answer.json()) == (400, {"errors": {"project_id": ["is required"]}})


def test_another_company_and_a_disconnected_app_answer_alike(api: Api) -> None:
    refused = {"errors": ["App is not connected to this company."]}
    answer = api.client.get("/rest/v1.0/me", headers={"Procore-Company-Id": "4201"})
    assert (answer.status_code, answer.json()) == (403, refused)
    api.sandbox.people("disconnect_app")
    answer = api.send("GET", "me")
    assert (answer.status_code, answer.json()) == (403, refused)
    api.renew()
    api.sandbox.people("connect_app")
    assert api.send("GET", "me").status_code == 200


def test_projects_that_are_not_permitted_are_not_listed(api: Api) -> None:
    assert [row["id"] for row in api.get("projects", company_id=4200, project_id=None)] == [315, 316, 317]
    api.sandbox.people("block_project", project=315)
    assert [row["id"] for row in api.get("projects", company_id=4200, project_id=None)] == [316, 317]


CALLS: list[tuple[str, str, int]] = [
    ("GET", "potential_change_orders", 404),
    ("GET", "potential_change_orders/1", 403),
    ("PATCH", "potential_change_orders/sync", 401),
    ("GET", "potential_change_orders/1/line_items", 403),
    ("PATCH", "potential_change_orders/1/line_items/sync", 403),
    ("GET", "change_order_packages", 403),
    ("GET", "change_order_requests", 404),
    ("PATCH", "change_order_requests/sync", 404),
    ("GET", "work_order_contracts", 403),
    ("GET", "cost_codes", 403),
]


@pytest.mark.parametrize(("method", "path", "status"), CALLS)
@pytest.mark.parametrize("blocked", [True, False])
def test_a_project_that_is_not_valid_answers_as_each_endpoint_documents(
    api: Api, method: str, path: str, status: int, *, blocked: bool
) -> None:
    if blocked:
        api.sandbox.people("block_project", project=315)
    body: Row | None = {"updates": []} if method == "PATCH" else None
    answer = api.send(method, path, body, project_id=315 if blocked else 999, contract_id=WORK_ORDER)
    assert answer.status_code == status
    assert api.send("GET", "me").status_code == 200


def test_the_401_of_a_sync_says_that_the_project_is_meant(api: Api) -> None:
    api.sandbox.people("block_project", project=315)
    assert api.sync_raw({"title": "x"}).json() == {"errors": NOT_VALID}
    api.sandbox.people("permit_project", project=315)
    assert api.sync_raw({"title": "x"}).status_code == 200


@pytest.mark.parametrize("status", [401, 403, 404])
def test_one_status_for_all_is_a_setting(api: Api, status: int) -> None:
    api.sandbox.settings(unpermitted=str(status))
    assert api.sync_raw({"title": "x"}, project=999).status_code == status
    assert api.send("GET", "change_order_packages", project_id=999).status_code == status


def test_a_project_with_reading_rights_only_refuses_writes(api: Api) -> None:
    api.sandbox.people("block_project", project=315, how="read_only")
    assert api.send("GET", "potential_change_orders").status_code == 200
    assert api.sync_raw({"title": "x"}).status_code == 403


def test_a_contract_of_another_project_is_not_found(api: Api) -> None:
    assert api.sync_raw({"title": "x"}, contract=44026).status_code == 404
    assert api.sync_raw({"title": "x"}, contract=1).status_code == 404
    api.sandbox.people("delete_contract", contract=PRIME)
    assert api.sync_raw({"title": "x"}, contract=PRIME).status_code == 404


@pytest.mark.parametrize("path", ["projects/315/change_order_packages", "projects/315/potential_change_orders", "x"])
def test_paths_that_the_documentation_does_not_have_are_not_found(api: Api, path: str) -> None:
    assert api.send("GET", path).status_code == 404


def test_there_is_no_deletion_of_pcos_and_no_sync_of_packages(api: Api) -> None:
    pco, package = api.pco()["id"], api.package()["id"]
    assert api.send("DELETE", f"potential_change_orders/{pco}").status_code == 404
    assert api.send("DELETE", f"change_order_packages/{package}").status_code == 404
    assert api.send("PATCH", "change_order_packages/sync", {"updates": []}).status_code == 404
    assert api.row(pco)["deleted_at"] is None


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [(b"{", "application/json", 400), (b"[]", "application/json", 400), (b"{}", "text/plain", 406)],
)
def test_a_body_that_is_no_json_object_is_refused(api: Api, content: bytes, kind: str, status: int) -> None:
    url = "/rest/v1.0/potential_change_orders/sync?project_id=315&contract_id=44021"
    answer = api.client.patch(url, content=content, headers={"Content-Type": kind})
    assert answer.status_code == status


def test_ids_are_larger_than_32_bits(api: Api) -> None:
    assert api.pco()["id"] > 2**32
    assert api.package()["id"] > 2**32
