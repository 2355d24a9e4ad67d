"""Commitment and prime change orders and their batches: the same records without external ids."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.sandbox.procore.calls import PRIME, WORK_ORDER, Api

Row = dict[str, Any]
COMMITMENT, PRIME_ORDERS = "projects/315/commitment_change_orders", "projects/315/prime_change_orders"
BATCHES = "projects/315/commitment_change_order_batches"


def post(api: Api, path: str, contract: int = WORK_ORDER, **attributes: object) -> Row:
    root = "change_order_batch" if path.endswith("batches") else "change_order"
    answer = api.send("POST", path, {root: {"contract_id": contract, "title": "x", **attributes}}, project_id=None)
    assert answer.status_code == 201, answer.text
    made: Row = answer.json()
    return made


def test_a_pco_is_a_change_order_of_its_side(api: Api) -> None:
    pco, prime = api.pco(origin_id="A"), api.pco(contract=PRIME)
    (row,) = api.get(COMMITMENT)
    assert (row["id"], row["type"]) == (pco["id"], "CommitmentChangeOrder")
    assert not [name for name in row if name.startswith("origin")]
    assert api.get(f"{PRIME_ORDERS}/{prime['id']}")["type"] == "PrimeChangeOrder"
    assert api.send("GET", f"{COMMITMENT}/{prime['id']}").status_code == 404


def test_the_lists_have_no_pages(api: Api) -> None:
    api.sync(*[{"title": str(place)} for place in range(30)])
    answer = api.send("GET", COMMITMENT, per_page=5)
    assert len(answer.json()) == 30
    assert "Total" not in answer.headers


def test_the_package_of_a_change_order_is_found_by_its_legacy_id(api: Api) -> None:
    package = api.package()["id"]
    pco = api.pco(change_order_request={"change_order_package_id": package})
    api.pco()
    for name in ("legacy_package_id", "batch_id"):
        (row,) = api.find(COMMITMENT, {name: str(package)})
        assert (row["id"], row["legacy_package_id"], row["batch_id"]) == (pco["id"], package, package)


def test_a_wrong_id_in_a_filter_is_an_empty_list(api: Api) -> None:
    pco = api.pco()["id"]
    assert api.find(COMMITMENT, {"legacy_package_id": str(pco)}) == []


@pytest.mark.parametrize("sort", ["id", "-id", "created_at", "-created_at"])
def test_the_list_is_sorted_on_request(api: Api, sort: str) -> None:
    ids = [one["id"] for one in api.sync(*[{"title": str(place)} for place in range(4)])[0]]
    assert [row["id"] for row in api.get(COMMITMENT, sort=sort)] == (ids[::-1] if sort.startswith("-") else ids)
    assert api.send("GET", COMMITMENT, sort="title").status_code == 400


def test_the_extended_view_adds_change_events(api: Api) -> None:
    api.pco()
    assert api.get(COMMITMENT, view="extended")[0]["change_events"] == []
    assert "change_events" not in api.get(COMMITMENT)[0]


def test_a_change_order_is_created_with_what_a_pco_cannot_take(api: Api) -> None:
    made = post(api, COMMITMENT, private=True, reference="RFI 14", change_order_change_reason_id=17, status="pending")
    shown = api.show(made["id"])
    assert (shown["private"], shown["reference"], shown["status"]) == (True, "RFI 14", "pending")
    assert made["change_order_change_reason"] == {"id": 17, "change_reason": "Design Development"}


def test_a_change_order_is_changed_moved_and_deleted(api: Api) -> None:
    package = api.package()["id"]
    place = f"{COMMITMENT}/{api.pco()['id']}"
    body = {"change_order": {"title": "changed", "batch_id": package}}
    changed = api.send("PATCH", place, body, project_id=None).json()
    assert (changed["title"], changed["batch_id"]) == ("changed", package)
    gone = api.send("DELETE", place)
    assert (gone.status_code, gone.content) == (204, b"")
    assert api.send("GET", place).status_code == 404


def test_an_approved_change_order_cannot_be_deleted(api: Api) -> None:
    pco = api.pco(status="approved")["id"]
    assert api.send("DELETE", f"{COMMITMENT}/{pco}").status_code == 422
    assert api.show(pco)["deleted_at"] is None


def test_a_batch_gathers_exactly_its_change_orders(api: Api) -> None:
    first, second, third = (one["id"] for one in api.sync({"title": "a"}, {"title": "b"}, {"title": "c"})[0])
    batch = post(api, BATCHES, change_order_ids=[first, second])
    assert batch["change_order_ids"] == [first, second]
    assert api.get(f"change_order_packages/{batch['id']}")["id"] == batch["id"]
    body = {"change_order_batch": {"change_order_ids": [second, third]}}
    changed = api.send("PATCH", f"{BATCHES}/{batch['id']}", body, project_id=None).json()
    assert sorted(changed["change_order_ids"]) == [second, third]
    assert api.row(first)["change_order_package_title"] is None


def test_deleting_a_batch_lets_its_change_orders_go(api: Api) -> None:
    pco = api.pco()["id"]
    batch = post(api, BATCHES, change_order_ids=[pco])
    assert api.send("DELETE", f"{BATCHES}/{batch['id']}").status_code == 204
    assert api.get("change_order_packages") == []
    assert api.show(pco)["change_order_request_id"] is None


def test_with_three_tiers_a_batch_gathers_requests(api: Api) -> None:
    api.sandbox.people("set_tiers", project=315, side="commitment", tiers=3)
    cor = api.sandbox.people("create_request", contract=WORK_ORDER, title="COR")["id"]
    assert post(api, BATCHES, legacy_request_ids=[cor])["legacy_request_ids"] == [cor]
    pco = api.pco()["id"]
    body = {"change_order_batch": {"contract_id": WORK_ORDER, "title": "x", "change_order_ids": [pco]}}
    assert api.send("POST", BATCHES, body, project_id=None).status_code == 422


def test_with_one_tier_a_change_order_is_a_package_with_its_hidden_pco(api: Api) -> None:
    api.sandbox.people("set_tiers", project=315, side="commitment", tiers=1)
    made = post(api, COMMITMENT, title="Rebar", status="pending_billable")
    package = api.get("change_order_packages")[0]
    assert (made["legacy_package_id"], package["status"]) == (package["id"], "pending_billable")
    body = {"change_order": {"status": "approved"}}
    api.send("PATCH", f"{COMMITMENT}/{made['id']}", body, project_id=None)
    assert api.get("change_order_packages")[0]["status"] == "approved"
