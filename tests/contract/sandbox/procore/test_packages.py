"""Change order packages: generated numbers, rows with external ids, links in two tiers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.sandbox.procore.calls import PRIME, WORK_ORDER, Api

Row = dict[str, Any]


def link(package: int | None) -> Row:
    return {"change_order_request": {"change_order_package_id": package}}


def test_a_new_package_is_a_draft_with_a_generated_number(api: Api) -> None:
    first, second = api.package(number="077"), api.package()
    assert (first["status"], first["number"], second["number"]) == ("draft", "001", "002")
    assert api.package(contract=PRIME)["number"] == "001"


def test_the_number_cannot_be_written_later_either(api: Api) -> None:
    package = api.package()
    answer = api.change_package(package["id"], number="077", title="changed")
    assert (answer.status_code, answer.json()["number"], answer.json()["title"]) == (200, "001", "changed")


def test_rows_have_the_external_ids_that_rows_of_pcos_lack(api: Api) -> None:
    api.package(origin_id="A", origin_code="CCO-2", origin_data='{"rev":3}')
    row = api.get("change_order_packages")[0]
    assert (row["origin_id"], row["origin_code"], row["origin_data"]) == ("A", "CCO-2", '{"rev":3}')
    assert not {"description", "line_items", "type"} & set(row)


def test_the_type_tells_the_side(api: Api) -> None:
    assert api.package()["type"] == "CommitmentContractChangeOrder"
    assert api.package(contract=PRIME)["type"] == "PrimeContractChangeOrder"


def test_a_package_takes_dates_and_flags(api: Api) -> None:
    package = api.package(
        due_date="2026-03-31T00:00:00Z", executed=True, signed_change_order_received_date="2026-04-01"
    )
    assert (package["due_date"], package["executed"]) == ("2026-03-31", True)
    assert package["signed_change_order_received_date"] == "2026-04-01"


@pytest.mark.parametrize(
    ("attributes", "messages"),
    [
        ({"title": " "}, {"title": ["can't be blank"]}),
        ({"status": "done"}, {"status": ["is not included in the list"]}),
        ({"status": "pending_billable"}, {"status": ["is not included in the list"]}),
        ({"executed": "yes"}, {"executed": ["must be true or false"]}),
    ],
)
def test_a_refused_package_is_400(api: Api, attributes: Row, messages: Row) -> None:
    body = {"project_id": 315, "contract_id": WORK_ORDER, "change_order": {"title": "CCO", **attributes}}
    answer = api.send("POST", "change_order_packages", body, project_id=None)
    assert (answer.status_code, answer.json()) == (400, {"errors": messages})


def test_a_repeated_post_with_the_same_origin_id_is_refused(api: Api) -> None:
    api.package(origin_id="A")
    body = {"project_id": 315, "contract_id": PRIME, "change_order": {"title": "CCO", "origin_id": "A"}}
    answer = api.send("POST", "change_order_packages", body, project_id=None)
    assert (answer.status_code, answer.json()) == (400, {"errors": {"origin_id": ["has already been taken"]}})


def test_a_repeated_post_without_origin_id_makes_a_second_package(api: Api) -> None:
    assert api.package()["id"] != api.package()["id"]


def test_a_pco_is_linked_through_its_request_and_let_go_by_null(api: Api) -> None:
    package = api.package(title="CCO for rebar")
    pco = api.pco(origin_id="A", **link(package["id"]))
    api.lines(pco["id"], {"amount": "5400.0"})
    shown = api.get(f"change_order_packages/{package['id']}")
    assert (shown["grand_total"], shown["line_items"][0]["holder"]["id"]) == ("5400.0", pco["id"])
    assert shown["line_items"][0]["amount"] == "5400.0"
    row = api.row(pco["id"])
    assert row["change_order_package_title"] == "CCO for rebar"
    assert row["change_order_package_acronym_number"] == "CCO 001"
    assert row["change_order_request_acronym_number"] == ""
    api.sync({"origin_id": "A", **link(None)})
    assert api.row(pco["id"])["change_order_package_title"] is None
    assert api.get(f"change_order_packages/{package['id']}")["grand_total"] == "0.0"


def test_the_show_view_of_a_pco_does_not_tell_its_package(api: Api) -> None:
    package = api.package()
    pco = api.pco(**link(package["id"]))
    assert not any(value == package["id"] for value in pco.values())
    assert pco["change_order_request_id"] is not None


def test_a_pco_moves_from_one_package_to_another(api: Api) -> None:
    first, second = api.package(), api.package()
    api.pco(origin_id="A", **link(first["id"]))
    api.pco(origin_id="A", **link(second["id"]))
    held = {one["id"]: one["package_id"] for one in api.sandbox.state()["potential_change_orders"]}
    assert list(held.values()) == [second["id"]]


def test_omitting_the_link_keeps_it(api: Api) -> None:
    package = api.package()
    pco = api.pco(origin_id="A", **link(package["id"]))
    assert api.pco(origin_id="A", title="changed")["change_order_request_id"] == pco["change_order_request_id"]


@pytest.mark.parametrize("other", [PRIME, None])
def test_a_package_of_another_contract_or_none_is_an_error(api: Api, other: int | None) -> None:
    wrong = api.package(contract=other)["id"] if other else 1
    _, errors = api.sync({"title": "x", **link(wrong)})
    messages = ["change_order_package_id must exist in the contract"]
    assert errors[0]["errors"] == {"change_order_request": messages}


def test_an_approved_package_takes_and_gives_no_pco(api: Api) -> None:
    package = api.package()["id"]
    api.pco(origin_id="A", **link(package))
    api.change_package(package, status="approved")
    _, errors = api.sync(
        {"origin_id": "A", **link(None)}, {"title": "x", **link(package)}, {"origin_id": "A", **link(package)}
    )
    assert [list(one["errors"]) for one in errors] == [["change_order_request"]] * 2
    assert api.get(f"change_order_packages/{package}")["status"] == "approved"


def test_the_contract_may_be_named_and_must_then_be_right(api: Api) -> None:
    package = api.package()["id"]
    assert api.send("GET", f"change_order_packages/{package}", contract_id=WORK_ORDER).status_code == 200
    assert api.send("GET", f"change_order_packages/{package}", contract_id=PRIME).status_code == 404


def test_the_id_of_a_package_is_not_that_of_its_pco(api: Api) -> None:
    package = api.package()["id"]
    pco = api.pco(**link(package))["id"]
    assert package != pco
    assert api.send("GET", f"potential_change_orders/{package}", contract_id=WORK_ORDER).status_code == 404
    assert api.find("projects/315/commitment_change_orders", {"id": str(package)}) == []
