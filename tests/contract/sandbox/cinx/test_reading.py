"""Login, envelope, lists and templates as CINX documents them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from deploy.sandbox.process import Simulated

UNKNOWN = "00000000-0000-5000-8000-000000000000"


def test_ping_needs_no_login(cinx: Simulated) -> None:
    answer = httpx.get(f"{cinx.url}/2.0/ping")
    assert answer.status_code == 200
    assert answer.json()["rows"] == [{"status": 200, "message": "CINX: API Ping Response: Ok"}]


@pytest.mark.parametrize("auth", [None, ("relay@acme.example", "wrong"), ("nobody@acme.example", "sandbox-password")])
@pytest.mark.parametrize("path", ["/2.0/subs", "/2.0/sub/{token}/pos", "/1.0/partner/exec/x/status"])
def test_all_other_calls_need_the_login(cinx: Simulated, company: Any, auth: tuple[str, str] | None, path: str) -> None:
    answer = httpx.get(cinx.url + path.format(token=company.token), auth=auth)
    assert answer.status_code == 401
    assert answer.json()["response"]["status_code"] == 401
    assert answer.json()["rows"] == []


def test_the_token_of_the_company_is_in_subs(cinx: Simulated, company: Any) -> None:
    [row] = company.client.get("/2.0/subs").json()["rows"]
    assert row["cinx_api_token"] == company.token == cinx.state()["token"]
    assert row["subscription"]["status_code"] == 200


def test_another_token_is_refused(user: httpx.Client) -> None:
    assert user.get(f"/2.0/sub/{UNKNOWN}/pos").status_code == 401


def test_the_token_stands_after_sub(company: Any) -> None:
    assert company.client.get(f"/2.0/{company.token}/sub/pos").status_code == 404


def test_an_expired_subscription_is_a_401_in_a_row_of_a_good_answer(cinx: Simulated, company: Any) -> None:
    cinx.settings(subscription_expired="2017-11-22")
    answer = company.client.get("/2.0/subs")
    assert (answer.status_code, answer.json()["response"]["status_code"]) == (200, 200)
    subscription = answer.json()["rows"][0]["subscription"]
    assert (subscription["status_code"], subscription["status_message"]) == (401, "Unauthorized")
    assert subscription["status_message_reason"] == "Subscription expired on [2017-11-22]"
    assert company.get("pos").status_code == 401
    cinx.settings(expired_status=403)
    assert company.get("pos").status_code == 403
    cinx.settings(subscription_expired="")
    assert company.get("pos").status_code == 200


def test_the_newer_envelope(company: Any) -> None:
    answer = company.get("pos").json()
    assert set(answer) == {"response", "rows"}
    assert {"start_time", "status_code", "message", "record_count", "total_time", "uri"} <= set(answer["response"])
    assert answer["response"]["record_count"] == len(answer["rows"]) > 1
    assert answer["response"]["total_count"] == 0


def test_the_older_envelope(cinx: Simulated, company: Any) -> None:
    cinx.settings(envelope="old", total_count="true")
    answer = company.get("pos", limit=1).json()
    assert set(answer) == {"start_time", "response", "rows"}
    assert {"server_response_time", "total_elapsed_time"} <= set(answer["response"])
    assert answer["response"]["record_count"] == 1
    assert answer["response"]["total_count"] > 1


@pytest.mark.parametrize(("setting", "http"), [("same", 500), ("ok", 200)])
def test_the_status_line_of_an_error_is_a_setting(cinx: Simulated, company: Any, setting: str, http: int) -> None:
    cinx.settings(error_http=setting)
    answer = company.get(f"poco/{UNKNOWN}")
    assert answer.status_code == http
    meta = answer.json()["response"]
    assert (meta["status_code"], meta["record_count"]) == (500, 0)
    assert meta["message"] == f"Failed to find a PO CO with the given id of [{UNKNOWN}]"


def test_a_po_is_found_by_its_exact_number(company: Any) -> None:
    [row] = company.rows("pos", number="PO-123")
    assert (row["number"], row["workflow_status"], row["item_count"]) == ("PO-123", "SUBMITTED", 2)
    assert (row["date_order_by"], row["external_references"]) == ("", [])
    assert company.rows("pos", number="PO-12") == []


def test_a_po_shows_its_lines(company: Any) -> None:
    [row] = company.rows("pos", number="PO-123")
    [po] = company.rows(f"po/{row['cinx_guid']}")
    assert (po["locked"], po["allow_substitutes"], len(po["items"])) == ("1", "1", 2)
    assert "purchase_order" not in po
    second = po["items"][1]
    assert second["quantities"] == {"ordered": 40, "received": 0, "invoiced": 0, "back-ordered": 0}
    assert (second["unit_price"], second["job_cost"]["material_cost_code"]) == (18.4, "03-300")
    assert second["currency"] == "USD"


def test_the_company_has_orders_of_every_kind(company: Any) -> None:
    rows = {row["number"]: row for row in company.rows("pos")}
    assert len(rows) >= 8
    assert rows["PO-300"]["workflow_status"] == "IN-PROCESS"
    assert rows["PO-400"]["procurement_status"] == "CLOSED"
    assert rows["PO-401"]["procurement_status"] == "CANCELLED"
    [canadian] = company.rows(f"po/{rows['PO-500']['cinx_guid']}")
    assert {item["currency"] for item in canadian["items"]} == {"CAD"}


def test_two_orders_may_end_up_with_one_number(cinx: Simulated, company: Any) -> None:
    cinx.people("set_po", po="PO-200", set={"number": "PO-123"})
    assert len(company.rows("pos", number="PO-123")) == 2


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"workflow": "IN-PROCESS"}, ["PO-300"]),
        ({"procurement": "CLOSED"}, ["PO-400"]),
        ({"vendor": "V103"}, ["PO-124"]),
        ({"erp": "APPLIED"}, []),
    ],
)
def test_lists_are_filtered(company: Any, query: dict[str, str], numbers: list[str]) -> None:
    assert [row["number"] for row in company.rows("pos", **query)] == numbers


def test_orders_of_a_project_and_of_a_vendor(company: Any) -> None:
    [project] = company.rows("projects", number="WTS-2019-11")
    assert [po["number"] for po in company.rows(f"project/{project['cinx_guid']}/pos")] == ["PO-200", "PO-201"]
    vendor = next(row for row in company.rows("vendors") if row["number"] == "V103")
    assert [po["number"] for po in company.rows(f"vendor/{vendor['cinx_commerce_guid']}/pos")] == ["PO-124"]
    assert company.rows(f"vendor/{vendor['cinx_commerce_guid']}") == [vendor]
    assert company.get(f"project/{UNKNOWN}").status_code == 500


@pytest.mark.parametrize("query", [{"numbers": "PO-123"}, {"format": "xml"}, {"limit": "ten"}, {"offset": "-1"}])
def test_an_unknown_or_wrong_parameter_is_refused(company: Any, query: dict[str, str]) -> None:
    assert company.get("pos", **query).status_code == 400


def test_paging_by_rows_with_fifty_as_default(cinx: Simulated, company: Any) -> None:
    for number in range(60):
        cinx.people("create_po", number=f"X-{number}")
    assert len(company.rows("pos")) == 50
    rest = company.rows("pos", offset=50)
    assert 0 < len(rest) < 50
    assert company.rows("pos", offset=50, limit=2) == rest[:2]
    cinx.settings(offset_counts="pages")
    assert company.rows("pos", offset=1) == rest
    cinx.settings(offset_counts="pages_from_1")
    assert company.rows("pos", offset=2) == rest
    assert company.rows("pos", offset=1) == company.rows("pos")


def test_lists_without_documented_paging_refuse_it(cinx: Simulated, company: Any) -> None:
    (order,) = company.rows("pos", number="PO-123")
    for number in range(55):
        cinx.people("create_poco", po="PO-123", description=str(number), items=[{"quantity": 1, "unit_price": 1}])
    path = f"po/{order['cinx_guid']}/pocos"
    assert len(company.rows(path)) == 55
    for refusing in (path, "org/job-costing/phases"):
        assert company.get(refusing, offset=0).status_code == company.get(refusing, limit=50).status_code == 400
    cinx.settings(unpaged_lists="first_page")
    assert len(company.rows(path)) == 50
    assert company.get(path, offset=50).status_code == 400
    cinx.settings(unpaged_lists="paged")
    assert (len(company.rows(path)), len(company.rows(path, offset=50))) == (50, 5)


def test_texts_guids_and_days_may_be_spelled_otherwise(cinx: Simulated, company: Any) -> None:
    made = cinx.people("create_poco", po="PO-123", description='3" & <up>', items=[{"quantity": 1000, "unit_price": 1}])
    guid = made["cinx_guid"]
    cinx.settings(escaped_texts=True, upper_guids=True, days_with_time=True, numbers_as_text=True, separators=True)
    (poco,) = company.rows(f"poco/{guid}")
    assert (poco["cinx_guid"], poco["description"]) == (guid.upper(), "3&quot; &amp; &lt;up&gt;")
    assert poco["dates"]["created"].endswith(" 00:00:00Z")
    assert poco["items"][0]["quantity"] == "1,000"


def test_the_order_of_rows_may_change_at_every_call(cinx: Simulated, company: Any) -> None:
    cinx.settings(order="shuffle")
    assert company.rows("pos") != company.rows("pos")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("org/job-costing/material-cost-codes", "03-300"),
        ("org/job-costing/material-cost-codes", "26-500"),
        ("org/job-costing/phases", "First Floor"),
        ("org/job-costing/categories", "MATERIAL"),
        ("org/job-costing/tax-groups", "TAX-03"),
        ("vendors", "Hilti"),
        ("projects", "HPH HQ Renovation"),
        ("users", "Will Stone"),
    ],
)
def test_reference_data(company: Any, path: str, name: str) -> None:
    assert name in [row["name"] for row in company.rows(path)]


def test_rows_of_reference_data_come_and_go(cinx: Simulated, company: Any) -> None:
    cinx.people("add_row", list="material-cost-codes", row={"name": "09-900"})
    names = [row["name"] for row in company.rows("org/job-costing/material-cost-codes")]
    assert "09-900" in names
    cinx.people("remove_row", list="material-cost-codes", name="09-900")
    names = [row["name"] for row in company.rows("org/job-costing/material-cost-codes")]
    assert "09-900" not in names


def test_the_template_states_fields_and_options(company: Any) -> None:
    [row] = company.rows("template/poco")
    assert row["doc_info"]["type"] == "BOM-PO-MEMO"
    assert {entry["field"] for entry in row["required_post"]} >= {"procurement_status", "items.quantity"}
    assert [entry["field"] for entry in row["required_put"]] == ["cinx_guid"]
    assert "JOB SITE" in row["field_options"]["delivery.location_type"]
    assert "number" not in row["template"]
    assert row["template"]["items"][0]["cinx_po_item_guid"] is None


def test_a_template_can_be_replaced_or_gone(cinx: Simulated, company: Any) -> None:
    info = {"type": "BOM-PO-MEMO", "description": "", "version": "2.0", "last_updated": "2026-01-01"}
    cinx.people("set_template", name="poco", row={"doc_info": info})
    assert company.rows("template/poco")[0]["doc_info"]["version"] == "2.0"
    cinx.people("template_gone", name="poco", status=404)
    assert company.get("template/poco").status_code == 404
    cinx.people("template_gone", name="poco", status=None)
    assert company.get("template/poco").status_code == 200
    assert company.get("template/nonsense").status_code == 500


def test_automatic_numbers_may_be_off(cinx: Simulated, company: Any) -> None:
    assert company.rows("auto-number/po")[0]["po"].startswith("PO-")
    cinx.settings(auto_number=False)
    answer = company.get("auto-number/po")
    assert answer.status_code == 406
    assert "not switched on" in answer.json()["response"]["message"]


def test_booleans_and_numbers_may_be_text(cinx: Simulated, company: Any) -> None:
    cinx.settings(booleans_as_text=True, numbers_as_text=True)
    [row] = company.rows("pos", number="PO-123")
    item = company.rows(f"po/{row['cinx_guid']}")[0]["items"][0]
    assert (item["unit_price"], item["allow_substitutes"], item["sequence"]) == ("270.05", "1", 1)


def test_the_sample_disagrees_with_itself_as_printed(cinx: Simulated, company: Any) -> None:
    cinx.people("load_sample")
    [row] = company.rows("pocos")
    poco = company.poco(row["cinx_guid"])
    assert (row["number"], poco["number"]) == ("-01", "PO123-01")
    assert (row["vendor_number"], poco["vendor"]["number"]) == ("H125", "V101")
    assert (row["terms"], poco["terms"]) == ("0/0", "1.5/10")
    assert (poco["counts"]["items"], len(poco["items"])) == (2, 1)
    assert (poco["items"][0]["quantity"], poco["items"][0]["purchase_order"]["quantities"]["ordered"]) == (3, 1)


@pytest.mark.parametrize("values", [{"envelope": "newest"}, {"job_seconds": True}, {"nonsense": 1}])
def test_a_wrong_setting_is_refused(cinx: Simulated, values: dict[str, Any]) -> None:
    with pytest.raises(RuntimeError):
        cinx.settings(order="shuffle", **values)
    assert cinx.call("GET", "settings")["order"] == "created"
