from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from deploy.sandbox.process import Simulated
from relay.clients.cinx import CinxClient, CostList, JobState, PurchaseOrder, reference_values
from relay.domain.failures import Ambiguous, CallFailure, TenantBlocked, Unavailable

IMPORT = "json-poco-import"


@pytest.fixture
def order(cinx: CinxClient) -> PurchaseOrder:
    (row,) = cinx.purchase_orders("PO-123")
    found = cinx.purchase_order(row.guid)
    assert found is not None
    return found


def payload(order: PurchaseOrder, value: str = "cor:constructiononline:acme:1:steel") -> dict[str, Any]:
    line = {"description": "Rebar", "quantity": 2, "unit_price": 3, "price_uom": "E", "currency": "USD",
            "procurement_status": "NOT ORDERED", "allow_substitutes": True, "taxes": {"taxable": True}}  # fmt: skip
    return {
        "purchase_order": {"cinx_guid": order.guid},
        "procurement_status": "NOT ORDERED",
        "description": "Footing",
        "allow_substitutes": True,
        "delivery": {"country": "USA", "location_type": "JOB SITE"},
        "taxes": {"taxable": True},
        "items": [line],
        "external_references": [{"type": "change-order-relay", "description": "origin id", "value": value}],
    }


def test_an_import_is_followed_to_its_document(cinx: CinxClient, order: PurchaseOrder) -> None:
    submission = cinx.create_poco(payload(order))
    assert submission.job_id is not None
    assert cinx.job(submission.job_id).state is JobState.PROCESSED
    (row,) = cinx.pocos_of(order.guid).rows
    assert reference_values(row.references) == {"change-order-relay": "cor:constructiononline:acme:1:steel"}
    poco = cinx.poco(row.guid)
    assert poco is not None
    assert (poco.purchase_order.guid, poco.lines[0].quantity, poco.locked) == (order.guid, Decimal(2), False)
    assert poco.number is not None


def test_an_unlocked_document_is_modified_by_its_guid(cinx: CinxClient, order: PurchaseOrder) -> None:
    cinx.create_poco(payload(order))
    (row,) = cinx.pocos_of(order.guid).rows
    submission = cinx.modify_poco({"cinx_guid": row.guid, "description": "Footing, revised"})
    assert submission.job_id is not None
    assert cinx.job(submission.job_id).state is JobState.PROCESSED
    changed = cinx.poco(row.guid)
    assert changed is not None
    assert changed.description == "Footing, revised"


@pytest.mark.parametrize(
    "settings",
    [
        {"envelope": "old"},
        {"error_http": "ok"},
        {"booleans_as_text": True, "numbers_as_text": True, "separators": True},
        {"upper_guids": True, "job_id_place": "rows.cinx_id"},
        {"escaped_texts": True},
        {"days_with_time": True},
        {"unpaged_lists": "first_page"},
        {"unpaged_lists": "paged"},
        {"reference_spelling": "links"},
        {"reference_spelling": "external_references"},
        {"job_id_place": "rows.cinx_id"},
        {"job_id_place": "response.job_id"},
        {"job_id_place": "rows.job_id"},
        {"job_status_plain": False},
        {"job_status_sub": False},
        {"offset_counts": "pages"},
        {"total_count": "true"},
    ],
)
def test_whatever_the_documentation_leaves_open_the_document_is_found(
    cinx: CinxClient, cinx_sandbox: Simulated, order: PurchaseOrder, settings: dict[str, Any]
) -> None:
    cinx_sandbox.settings(**settings)
    submission = cinx.create_poco(payload(order))
    assert submission.job_id is not None
    assert cinx.job(submission.job_id).state is JobState.PROCESSED
    (row,) = cinx.pocos_of(order.guid).rows
    assert reference_values(row.references)["change-order-relay"] == "cor:constructiononline:acme:1:steel"
    poco = cinx.poco(row.guid)
    assert poco is not None
    assert (poco.lines[0].quantity, poco.locked) == (Decimal(2), False)
    assert cinx.poco("00000000-0000-0000-0000-000000000000") is None
    assert cinx.job("00000000-0000-0000-0000-000000000000").state is JobState.UNKNOWN


@pytest.mark.parametrize(
    "shape",
    ["empty_rows", "row_102", "row_0", "row_200_queued", "row_without_status", "row_null_status", "unknown_job"],
)
def test_a_job_that_waits_is_never_final(
    cinx: CinxClient, cinx_sandbox: Simulated, order: PurchaseOrder, shape: str
) -> None:
    cinx_sandbox.settings(hold_jobs=True, pending_shape=shape)
    job_id = cinx.create_poco(payload(order)).job_id or ""
    assert cinx.job(job_id).state in (JobState.PENDING, JobState.UNKNOWN)
    cinx_sandbox.settings(hold_jobs=False)
    assert cinx.job(job_id).state is JobState.PROCESSED


@pytest.mark.parametrize("offset_counts", ["rows", "pages", "pages_from_1"])
@pytest.mark.parametrize("unpaged", ["whole", "first_page", "paged"])
def test_long_lists_are_read_to_their_end(
    cinx: CinxClient, cinx_sandbox: Simulated, order: PurchaseOrder, offset_counts: str, unpaged: str
) -> None:
    cinx_sandbox.settings(offset_counts=offset_counts, unpaged_lists=unpaged)
    for number in range(103):
        cinx.create_poco(payload(order, f"cor:a:b:{number}:steel"))
    assert len(cinx.pocos().rows) == 103
    of_order = cinx.pocos_of(order.guid, number=order.number)
    assert (len(of_order.rows), of_order.whole) == (103, True)


def test_the_template_and_the_lists_are_there(cinx: CinxClient) -> None:
    template = cinx.poco_template()
    assert template.kind == "BOM-PO-MEMO"
    assert "items.quantity" in template.paths
    assert template.options["procurement_status"]
    assert all(cinx.cost_list(which) for which in CostList)


def test_a_missing_template_and_an_expired_subscription_hold_the_tenant(
    cinx: CinxClient, cinx_sandbox: Simulated, order: PurchaseOrder
) -> None:
    cinx_sandbox.settings(poco_import=False)
    with pytest.raises(CallFailure):
        cinx.create_poco(payload(order))
    cinx_sandbox.settings(poco_import=True, subscription_expired="2020-01-01")
    with pytest.raises(TenantBlocked, match="2020-01-01"):
        cinx.probe_tenant()
    with pytest.raises(TenantBlocked):
        cinx.pocos()
    cinx_sandbox.settings(subscription_expired="")
    assert cinx.probe_tenant().is_valid


def test_a_wrong_password_holds_the_tenant(cinx_sandbox: Simulated) -> None:
    with (
        CinxClient(email="relay@acme.example", password="wrong-password", base_url=cinx_sandbox.url) as client,
        pytest.raises(TenantBlocked, match="login is refused"),
    ):
        client.pocos()


@pytest.mark.parametrize(
    ("kind", "failure", "made"),
    [("drop_before", Ambiguous, 0), ("apply_and_drop", Ambiguous, 1), ("half_body", Ambiguous, 1),
     ("html", Ambiguous, 0), ("wrong_json", Ambiguous, 1)],
)  # fmt: skip
def test_a_lost_answer_is_doubt_and_the_list_tells(
    cinx: CinxClient, cinx_sandbox: Simulated, order: PurchaseOrder, kind: str, failure: type[CallFailure], made: int
) -> None:
    cinx_sandbox.fault(kind, {"method": "POST", "path": IMPORT})
    with pytest.raises(failure):
        cinx.create_poco(payload(order))
    assert len(cinx.pocos_of(order.guid).rows) == made


def test_a_reading_that_fails_is_simply_read_again(cinx: CinxClient, cinx_sandbox: Simulated) -> None:
    cinx_sandbox.fault("half_body", {"method": "GET", "path": "/pos"})
    with pytest.raises(Unavailable):
        cinx.purchase_orders("PO-123")
    assert cinx.purchase_orders("PO-123")


def test_what_a_company_has_is_listed_by_reading_alone(cinx: CinxClient, cinx_sandbox: Simulated) -> None:
    projects = cinx.projects()
    assert (projects.whole, [row.number for row in projects.rows]) == (True, ["WTS-2017-03", "WTS-2019-11"])
    orders = {row.number: row for row in cinx.all_purchase_orders().rows}
    assert orders["PO-123"].vendor_name == "Hilti"
    assert orders["PO-123"].project_name == "HPH HQ Renovation"
    assert {one["method"] for one in cinx_sandbox.history()} == {"GET"}
