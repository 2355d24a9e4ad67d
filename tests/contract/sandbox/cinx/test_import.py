"""The import of PO change orders: jobs, what they make, and how little they tell."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from deploy.sandbox.process import Simulated

Row = dict[str, Any]
UNKNOWN = "00000000-0000-5000-8000-000000000000"


def job_state(cinx: Simulated, job_id: str) -> tuple[str, str | None]:
    [job] = [job for job in cinx.state()["jobs"] if job["job_id"] == job_id]
    return job["state"], job["reason"]


def test_a_post_makes_a_job_and_the_job_a_poco(cinx: Simulated, company: Any, payload: Row) -> None:
    job_id = company.job(payload)
    row = company.status(job_id)["rows"][0]
    assert (row["status_code"], row["status_message"]) == (200, "Processed")
    assert row["cinx_id"] == {"domain": "pig", "id": job_id, "type": "PIG-UPLOAD"}
    assert row["args"]["body"] == ["json"]
    [listed] = company.pocos()
    poco = company.poco(listed["cinx_guid"])
    assert (poco["number"], poco["locked"], poco["workflow_status"]) == ("PO123-01", "0", "IN-PROCESS")
    assert poco["purchase_order"]["number"] == "PO-123"
    assert poco["external_references"] == payload["external_references"]
    item = poco["items"][0]
    assert (item["sequence"], item["quantity"], item["unit_price"]) == (1, 3, 270.05)
    assert item["job_cost"]["material_cost_code"] == "03-300"
    assert item["purchase_order"]["quantities"]["ordered"] == 0
    [kept] = cinx.state()["pocos"]
    assert (kept["job_id"], kept["created_by"]) == (job_id, "import")


def test_the_status_never_names_the_document(company: Any, payload: Row) -> None:
    status = json.dumps(company.status(company.job(payload)))
    [poco] = company.pocos()
    assert poco["cinx_guid"] not in status
    assert "PO123-01" not in status


def test_a_repeated_post_orders_twice(company: Any, payload: Row) -> None:
    company.job(payload)
    company.job(payload)
    assert [row["name"] for row in company.pocos()] == ["PO123-01", "PO123-02"]


def test_what_a_row_under_the_po_is_called(company: Any, payload: Row) -> None:
    company.job(payload)
    [under_po], [row] = company.pocos(), company.rows("pocos")
    assert (under_po["status"], under_po["tx_type"]) == ("IN-PROCESS", "CHANGE ORDER")
    assert under_po["links"] == row["external_references"] == payload["external_references"]
    assert "workflow_status" not in under_po
    assert (row["number"], row["po_number"]) == ("-01", "PO-123")
    assert "purchase_order" not in row


@pytest.mark.parametrize(("spelling", "keys"), [("external_references", 2), ("links", 0)])
def test_spellings_of_references(cinx: Simulated, company: Any, payload: Row, spelling: str, keys: int) -> None:
    cinx.settings(reference_spelling=spelling)
    company.job(payload)
    rows = [company.pocos()[0], company.rows("pocos")[0]]
    assert sum("external_references" in row for row in rows) == keys
    assert all(row[spelling] == payload["external_references"] for row in rows)


def test_references_may_be_missing_from_lists_or_not_kept(cinx: Simulated, company: Any, payload: Row) -> None:
    cinx.settings(references_in_lists=False)
    company.job(payload)
    [row] = company.pocos()
    assert row["links"] == []
    assert company.poco(row["cinx_guid"])["external_references"]
    cinx.settings(references_in_lists=True, keep_references=False)
    company.job(payload)
    second = company.pocos()[1]
    assert second["links"] == []
    assert company.poco(second["cinx_guid"])["external_references"] == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"purchase_order": {"number": "PO-999"}}, "PO-999"),
        ({"purchase_order": {"number": "PO-300"}}, "has not been submitted"),
        ({"purchase_order": {"number": "PO-400"}}, "CLOSED"),
        ({"purchase_order": {"number": "PO-401"}}, "CANCELLED"),
        ({"purchase_order": {}}, "must have a value"),
        ({"items": []}, "at least one item"),
        ({"procurement_status": "ordered"}, "none of the options"),
        ({"procurement_status": None}, "may not be null"),
        ({"number": "PO123-07"}, "number is not in the template"),
        ({"dates": {"need_by": "01/02/2026"}}, "takes a date"),
        ({"job_cost_defaults": {"phase_name": "Attic"}}, "no phases Attic"),
        ({"allow_substitutes": "1"}, "takes a bool"),
    ],
)
def test_a_job_that_fails_says_nothing_but_that(
    cinx: Simulated, company: Any, payload: Row, change: Row, reason: str
) -> None:
    job_id = company.job({**payload, **change})
    answer = company.status(job_id)
    assert answer["response"]["status_code"] == 200
    row = answer["rows"][0]
    assert (row["status_code"], row["status_message"]) == (500, "Internal Server Error")
    state, why = job_state(cinx, job_id)
    assert state == "failed"
    assert reason in str(why)
    assert reason not in json.dumps(row)
    assert cinx.state()["pocos"] == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"quantity": "3"}, "takes a real"),
        ({"quantity": None}, "may not be null"),
        ({"price_uom": "EACH"}, "none of the options"),
        ({"currency": "EUR"}, "none of the options"),
        ({"job_cost": {"material_cost_code_name": "99-999"}}, "99-999"),
        ({"job_cost": {"material_cost_code": "03-300"}}, "not in the template"),
        ({"cinx_po_item_guid": UNKNOWN}, "has no line"),
        ({"cinx_po_item_guid": "line 1"}, "takes a guid"),
    ],
)
def test_a_line_that_is_wrong_fails_the_job(
    cinx: Simulated, company: Any, payload: Row, change: Row, reason: str
) -> None:
    payload["items"][0].update(change)
    state, why = job_state(cinx, company.job(payload))
    assert state == "failed"
    assert reason in str(why)


@pytest.mark.parametrize("name", ["quantity", "price_uom", "currency", "procurement_status"])
def test_a_required_field_of_a_line(cinx: Simulated, company: Any, payload: Row, name: str) -> None:
    del payload["items"][0][name]
    assert job_state(cinx, company.job(payload)) == ("failed", f"items.{name} is required")


def test_a_line_of_the_po_is_shown_beside_its_change(company: Any, payload: Row) -> None:
    [row] = company.rows("pos", number="PO-123")
    [po] = company.rows(f"po/{row['cinx_guid']}")
    payload["items"][0]["cinx_po_item_guid"] = po["items"][1]["cinx_guid"]
    company.job(payload)
    item = company.poco(company.pocos()[0]["cinx_guid"])["items"][0]
    assert item["purchase_order"]["unit_price"] == 18.4
    assert item["purchase_order"]["quantities"] == {"ordered": 40, "received": 0, "invoiced": 0, "back_ordered": 0}


def test_a_job_takes_its_time(cinx: Simulated, company: Any, payload: Row) -> None:
    cinx.settings(job_seconds=300)
    job_id = company.job(payload)
    answer = company.status(job_id)
    assert (answer["response"]["status_code"], answer["rows"]) == (200, [])
    assert company.pocos() == []
    cinx.advance(300)
    assert company.status(job_id)["rows"][0]["status_message"] == "Processed"
    assert len(company.pocos()) == 1


def test_jobs_may_be_held(cinx: Simulated, company: Any, payload: Row) -> None:
    cinx.settings(hold_jobs=True)
    job_id = company.job(payload)
    cinx.advance(86_400)
    assert company.status(job_id)["rows"] == []
    cinx.settings(hold_jobs=False)
    assert len(cinx.state()["pocos"]) == 1


@pytest.mark.parametrize(
    ("shape", "envelope", "row"),
    [
        ("empty_rows", 200, None),
        ("row_102", 200, {"status_code": 102, "status_message": "Processing"}),
        ("row_null_status", 200, {"status_code": None, "status_message": None}),
        ("row_without_status", 200, {}),
        ("unknown_job", 500, None),
    ],
)
def test_shapes_of_a_pending_job(
    cinx: Simulated, company: Any, payload: Row, shape: str, envelope: int, row: Row | None
) -> None:
    cinx.settings(hold_jobs=True, pending_shape=shape)
    answer = company.status(company.job(payload))
    assert answer["response"]["status_code"] == envelope
    if row is None:
        assert answer["rows"] == []
    else:
        assert {name: answer["rows"][0][name] for name in row} == row
        assert ("status_code" in answer["rows"][0]) is ("status_code" in row)


def test_an_unknown_job_is_a_500_without_rows(company: Any) -> None:
    answer = company.status(UNKNOWN)
    assert (answer["response"]["status_code"], answer["rows"]) == (500, [])
    assert answer["response"]["message"] == f"Failed to find a job with the given id of [{UNKNOWN}]"


def test_jobs_are_forgotten(cinx: Simulated, company: Any, payload: Row) -> None:
    job_id = company.job(payload)
    assert cinx.people("forget_jobs") == [job_id]
    assert company.status(job_id)["response"]["status_code"] == 500
    assert [job["job_id"] for job in cinx.state()["forgotten_jobs"]] == [job_id]


@pytest.mark.parametrize("created", [True, False])
def test_failures_can_be_arranged(cinx: Simulated, company: Any, payload: Row, *, created: bool) -> None:
    cinx.people("fail_jobs", count=1, created=created)
    assert company.status(company.job(payload))["rows"][0]["status_code"] == 500
    assert len(company.pocos()) == created
    assert company.status(company.job(payload))["rows"][0]["status_code"] == 200


def test_a_poco_may_appear_after_its_job_is_done(cinx: Simulated, company: Any, payload: Row) -> None:
    cinx.settings(poco_late_seconds=60)
    assert company.status(company.job(payload))["rows"][0]["status_message"] == "Processed"
    [made] = cinx.state()["pocos"]
    assert company.pocos() == []
    assert company.get(f"poco/{made['cinx_guid']}").status_code == 500
    cinx.advance(60)
    assert company.pocos()[0]["cinx_guid"] == made["cinx_guid"]


@pytest.mark.parametrize(
    ("place", "path"),
    [
        ("job_id", ["job_id"]),
        ("response.job_id", ["response", "job_id"]),
        ("rows.job_id", ["rows", 0, "job_id"]),
        ("rows.cinx_id", ["rows", 0, "cinx_id", "id"]),
    ],
)
def test_places_of_the_job_id(cinx: Simulated, company: Any, payload: Row, place: str, path: list[str | int]) -> None:
    cinx.settings(job_id_place=place)
    found: Any = company.send(payload).json()
    for step in path:
        found = found[step]
    assert found == cinx.state()["jobs"][0]["job_id"]


def test_both_status_paths_are_settings(cinx: Simulated, company: Any, payload: Row) -> None:
    job_id = company.job(payload)
    with_sub = f"/1.0/sub/{company.token}/partner/exec/{job_id}/status"
    assert company.client.get(with_sub).json()["rows"][0]["status_code"] == 200
    cinx.settings(job_status_sub=False)
    assert company.client.get(with_sub).status_code == 404
    cinx.settings(job_status_plain=False, job_status_sub=True)
    assert company.client.get(f"/1.0/partner/exec/{job_id}/status").status_code == 404
    assert company.client.get(f"/2.0/partner/exec/{job_id}/status").status_code == 404


def test_synchronous_imports_answer_with_the_document(company: Any, payload: Row) -> None:
    [row] = company.send(payload, synchronous="1").json()["rows"]
    assert row["cinx_id"] == {"type": "BOM-PO-MEMO", "domain": "org-0001-4030", "id": company.pocos()[0]["cinx_guid"]}
    refused = company.send({**payload, "items": []}, synchronous="1")
    assert refused.status_code == 500
    assert refused.json()["response"]["message"] == "Internal Server Error"


def test_synchronous_may_be_ignored(cinx: Simulated, company: Any, payload: Row) -> None:
    cinx.settings(synchronous=False)
    assert "job_id" in company.send(payload, synchronous="1").json()


@pytest.mark.parametrize(("honoured", "status"), [(True, "SUBMITTED"), (False, "IN-PROCESS")])
def test_auto_submit_is_a_setting(cinx: Simulated, company: Any, payload: Row, status: str, *, honoured: bool) -> None:
    cinx.settings(auto_submit=honoured)
    company.job(payload, auto_submit="1")
    assert company.pocos()[0]["status"] == status


def test_the_import_may_be_gone(cinx: Simulated, company: Any, payload: Row) -> None:
    cinx.settings(poco_import=False)
    assert company.send(payload).status_code == 404
    assert cinx.state()["jobs"] == []


def test_the_body_is_json_and_says_so(cinx: Simulated, company: Any, payload: Row) -> None:
    path = f"/2.0/sub/{company.token}/partner/exec/cinx/json-poco-import"
    assert company.client.post(path, json=payload).status_code == 500
    assert company.client.post(path, params={"body": "json"}, content="{").status_code == 500
    assert cinx.state()["jobs"] == []


def test_an_answer_that_is_lost_leaves_a_job(cinx: Simulated, company: Any, payload: Row) -> None:
    cinx.fault("apply_and_drop", {"method": "POST", "path": "json-poco-import", "body": "498099"})
    with pytest.raises(httpx.RemoteProtocolError):
        company.send(payload)
    [row] = cinx.history(method="POST")
    assert (row["applied"], row["answered"]) == (1, False)
    assert [job["state"] for job in cinx.state()["jobs"]] == ["processed"]
    assert len(company.pocos()) == 1


def test_a_template_that_asks_for_more(cinx: Simulated, company: Any, payload: Row) -> None:
    [row] = company.rows("template/poco")
    more = {"field": "terms", "nullable": False, "data_type": "string", "enforce": True}
    cinx.people("set_template", name="poco", row={"required_post": [*row["required_post"], more]})
    assert job_state(cinx, company.job(payload)) == ("failed", "terms is required")
    assert job_state(cinx, company.job({**payload, "terms": "0/0"}))[0] == "processed"


def test_unknown_fields_may_be_ignored(cinx: Simulated, company: Any, payload: Row) -> None:
    cinx.settings(unknown_fields="ignore")
    assert job_state(cinx, company.job({**payload, "number": "PO123-07"}))[0] == "processed"
    assert company.pocos()[0]["name"] == "PO123-01"


@pytest.mark.parametrize(("base", "number"), [("name", "PO123-01"), ("number", "PO-123-01")])
def test_what_a_number_begins_with(cinx: Simulated, company: Any, payload: Row, base: str, number: str) -> None:
    cinx.settings(number_base=base, list_number="full")
    company.job(payload)
    assert company.rows("pocos")[0]["number"] == number


@pytest.mark.parametrize(
    ("setting", "wanted", "found"),
    [
        ("full", "PO123-01", 1),
        ("full", "-01", 0),
        ("suffix", "-01", 1),
        ("suffix", "PO123-01", 0),
        ("both", "-01", 1),
        ("both", "PO123-01", 1),
    ],
)
def test_what_the_number_filter_means(
    cinx: Simulated, company: Any, payload: Row, setting: str, wanted: str, found: int
) -> None:
    cinx.settings(poco_number_filter=setting)
    company.job(payload)
    assert len(company.rows("pocos", number=wanted)) == found
