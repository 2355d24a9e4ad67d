"""One, two and three tiers, for each project and side, and their rise in the middle of a project."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.sandbox.process import ControlRefused
from tests.contract.sandbox.procore.calls import PRIME, WORK_ORDER, Api

Row = dict[str, Any]


def tiers(api: Api, number: int, side: str = "commitment", project: int = 315) -> None:
    api.sandbox.people("set_tiers", project=project, side=side, tiers=number)


def contract_rows(api: Api, contract: int = WORK_ORDER) -> list[Row]:
    return api.find("potential_change_orders", {"contract_id": str(contract)})


def request(api: Api, **attributes: object) -> Row:
    answer = api.send(
        "PATCH", "change_order_requests/sync", {"updates": [{"title": "COR", **attributes}]}, contract_id=WORK_ORDER
    )
    assert (answer.status_code, answer.json()["errors"]) == (200, [])
    made: Row = answer.json()["entities"][0]
    return made


def contract(api: Api) -> tuple[int, int, int]:
    shown = api.get(f"work_order_contracts/{WORK_ORDER}")
    names = ("change_order_packages", "potential_change_orders", "change_order_requests")
    first, second, third = (len(shown[name]) for name in names)
    return first, second, third


# One tier


def test_with_one_tier_a_package_brings_its_hidden_pco(api: Api) -> None:
    tiers(api, 1)
    package = api.package(title="Rebar", origin_id="A")
    (row,) = contract_rows(api)
    assert (row["change_order_tiers"], row["title"]) == (1, "Rebar")
    assert (row["potential_change_order_acronym_number"], row["change_order_request_acronym_number"]) == ("", "")
    assert row["change_order_package_acronym_number"] == "CCO 001"
    found = api.find("projects/315/commitment_change_orders", {"legacy_package_id": str(package["id"])})
    assert [one["id"] for one in found] == [row["id"]]
    assert api.show(row["id"])["origin_id"] is None
    assert row["id"] != package["id"]


def test_with_one_tier_the_hidden_pco_holds_the_lines(api: Api) -> None:
    tiers(api, 1)
    package = api.package()
    (row,) = contract_rows(api)
    api.lines(row["id"], {"origin_id": "A:1", "amount": "12.5"})
    shown = api.get(f"change_order_packages/{package['id']}")
    assert (shown["grand_total"], shown["line_items"][0]["holder"]["id"]) == ("12.5", row["id"])


def test_with_one_tier_the_status_of_a_pco_is_ignored_without_a_word(api: Api) -> None:
    tiers(api, 1)
    package = api.package()["id"]
    (row,) = contract_rows(api)
    entities, errors = api.sync({"id": row["id"], "origin_id": "A", "status": "approved", "description": "text"})
    assert (errors, entities[0]["status"], entities[0]["description"]) == ([], "draft", "text")
    body = {"project_id": 315, "contract_id": WORK_ORDER, "change_order": {"status": "nonsense"}}
    assert api.send("PATCH", f"potential_change_orders/{row['id']}", body, project_id=None).status_code == 200
    assert api.change_package(package, status="approved").status_code == 200
    assert api.show(row["id"])["status"] == "approved"
    assert api.lines(row["id"], {"amount": "1.0"})[1][0]["errors"].keys() == {"base"}


def test_with_one_tier_a_package_hands_on_only_what_was_written_to_it(api: Api) -> None:
    tiers(api, 1)
    package = api.package(title="Rebar")["id"]
    (row,) = contract_rows(api)
    api.sync({"id": row["id"], "description": "text", "title": "Rebar C4"})
    api.change_package(package, status="pending")
    shown = api.show(row["id"])
    assert (shown["status"], shown["description"], shown["title"]) == ("pending", "text", "Rebar C4")
    api.change_package(package, title="Rebar C5")
    assert api.show(row["id"])["title"] == "Rebar C5"


def test_with_one_tier_pending_billable_is_a_status_of_packages(api: Api) -> None:
    tiers(api, 1)
    package = api.package(status="pending_billable")
    assert package["status"] == "pending_billable"
    assert contract_rows(api)[0]["status"] == "pending_billable"


def test_with_one_tier_a_pco_cannot_be_created_by_itself(api: Api) -> None:
    tiers(api, 1)
    _, errors = api.sync({"origin_id": "A", "title": "x"})
    assert errors[0]["errors"].keys() == {"base"}
    api.sandbox.settings(single_tier_pco="create_package")
    pco = api.pco(origin_id="A", title="x", status="approved")
    assert (pco["status"], pco["origin_id"]) == ("draft", "A")
    assert [one["title"] for one in api.get("change_order_packages")] == ["x"]


def test_the_contract_shows_packages_only(api: Api) -> None:
    tiers(api, 1)
    api.package()
    assert contract(api) == (1, 0, 0)


# Two tiers


def test_with_two_tiers_the_request_in_between_is_silent(api: Api) -> None:
    package = api.package()["id"]
    pco = api.pco(change_order_request={"change_order_package_id": package})
    row = api.row(pco["id"])
    assert (row["change_order_tiers"], row["potential_change_order_acronym_number"]) == (2, "PCO 001")
    assert row["change_order_request_acronym_number"] == ""
    assert api.get("change_order_requests", contract_id=WORK_ORDER) == []
    answer = api.send("GET", f"change_order_requests/{pco['change_order_request_id']}", contract_id=WORK_ORDER)
    assert answer.status_code == 404
    assert contract(api) == (1, 1, 0)


def test_with_two_tiers_requests_cannot_be_made(api: Api) -> None:
    body = {"project_id": 315, "contract_id": WORK_ORDER, "change_order": {"title": "COR"}}
    assert api.send("POST", "change_order_requests", body, project_id=None).status_code == 400
    answer = api.send("PATCH", "change_order_requests/sync", {"updates": [{"title": "COR"}]}, contract_id=WORK_ORDER)
    assert (answer.status_code, answer.json()["entities"]) == (200, [])


# Three tiers


def test_with_three_tiers_all_levels_are_made_and_linked(api: Api) -> None:
    tiers(api, 3)
    pco = api.pco(origin_id="A")
    api.lines(pco["id"], {"amount": "5400.0"})
    cor = request(api, origin_id="A:cor")
    package = api.package(origin_id="A:package")
    api.pco(origin_id="A", change_order_request_id=cor["id"])
    request(api, origin_id="A:cor", change_order_package_id=package["id"])
    row = api.row(pco["id"])
    assert [row[f"{name}_acronym_number"] for name in ("potential_change_order", "change_order_request")] == [
        "PCO 001",
        "COR 001",
    ]
    assert (row["change_order_package_acronym_number"], row["change_order_tiers"]) == ("CCO 001", 3)
    shown = api.get(f"change_order_requests/{cor['id']}", contract_id=WORK_ORDER)
    assert (shown["grand_total"], shown["batch"]["id"]) == ("5400.0", package["id"])
    assert api.get(f"change_order_packages/{package['id']}")["grand_total"] == "5400.0"
    assert contract(api) == (1, 1, 1)


def test_the_two_tier_link_is_refused_with_three(api: Api) -> None:
    tiers(api, 3)
    package = api.package()["id"]
    _, errors = api.sync({"title": "x", "change_order_request": {"change_order_package_id": package}})
    assert errors[0]["errors"] == {"change_order_request": ["is only for projects with two tiers"]}


def test_parents_must_exist_in_the_contract(api: Api) -> None:
    tiers(api, 3)
    assert api.sync({"title": "x", "change_order_request_id": 1})[1][0]["errors"] == {
        "change_order_request_id": ["must exist"]
    }
    foreign = api.package(contract=PRIME)["id"]
    body = {"updates": [{"title": "COR", "change_order_package_id": foreign}]}
    answer = api.send("PATCH", "change_order_requests/sync", body, contract_id=WORK_ORDER)
    assert answer.json()["errors"][0]["errors"] == {"change_order_package_id": ["must exist"]}


def test_approved_parents_take_no_more_children(api: Api) -> None:
    tiers(api, 3)
    cor, package = request(api, origin_id="A:cor"), api.package()["id"]
    api.change_package(package, status="approved")
    body = {"updates": [{"origin_id": "A:cor", "change_order_package_id": package}]}
    answer = api.send("PATCH", "change_order_requests/sync", body, contract_id=WORK_ORDER)
    assert answer.json()["errors"][0]["errors"].keys() == {"change_order_package_id"}
    request(api, origin_id="A:cor", status="approved")
    assert api.sync({"title": "x", "change_order_request_id": cor["id"]})[1][0]["errors"].keys() == {
        "change_order_request_id"
    }


def test_rows_of_requests_lack_external_id_contract_and_description(api: Api) -> None:
    tiers(api, 3)
    request(api, origin_id="A:cor", description="<b>text</b>")
    (row,) = api.get("change_order_requests", contract_id=WORK_ORDER)
    assert not {"origin_id", "contract_id", "description"} & set(row)
    shown = api.get(f"change_order_requests/{row['id']}", contract_id=WORK_ORDER)
    assert (shown["origin_id"], shown["description"]) == ("A:cor", "<b>text</b>")
    assert shown["contract"]["type"] == "WorkOrderContract"


def test_requests_are_filtered_created_and_changed(api: Api) -> None:
    tiers(api, 3)
    body = {"project_id": 315, "contract_id": WORK_ORDER, "change_order": {"title": "COR", "status": "pending"}}
    made = api.send("POST", "change_order_requests", body, project_id=None)
    assert made.status_code == 201
    place = f"change_order_requests/{made.json()['id']}"
    body["change_order"] = {"title": "changed", "due_date": "2026-03-20"}
    changed = api.send("PATCH", place, body, project_id=None).json()
    assert (changed["title"], changed["due_date"]) == ("changed", "2026-03-20T00:00:00Z")
    base = {"contract_id": WORK_ORDER}
    assert len(api.get("change_order_requests", **base, **{"filters[status][]": "pending"})) == 1
    assert api.get("change_order_requests", **base, **{"filters[not_status][]": "pending"}) == []


def test_the_newer_endpoints_do_not_support_three_tiers(api: Api) -> None:
    tiers(api, 3)
    assert api.send("GET", "projects/315/commitment_change_orders").status_code == 422
    assert api.send("GET", "projects/315/prime_change_orders").status_code == 200
    assert api.send("GET", "projects/315/commitment_change_order_batches").status_code == 200


# Changes of the tier


def test_tiers_are_set_for_each_project_and_side(api: Api) -> None:
    tiers(api, 3)
    pco = api.pco(contract=PRIME)
    other = api.pco(contract=44024, project=316)
    own = api.pco()
    assert [api.row(one["id"])["change_order_tiers"] for one in (pco, own)] == [2, 3]
    assert api.find("potential_change_orders", {"id": str(other["id"])}, project_id=316)[0]["change_order_tiers"] == 2


def test_a_tier_raised_from_one_to_two_makes_the_hidden_pcos_visible(api: Api) -> None:
    tiers(api, 1)
    package = api.package(title="Rebar")["id"]
    tiers(api, 2)
    (row,) = contract_rows(api)
    assert (row["change_order_tiers"], row["potential_change_order_acronym_number"]) == (2, "PCO 001")
    api.sync({"id": row["id"], "status": "pending"})
    assert api.show(row["id"])["status"] == "pending"
    assert api.get(f"change_order_packages/{package}")["status"] == "draft"


def test_a_tier_raised_from_two_to_three_makes_the_silent_requests_visible(api: Api) -> None:
    package = api.package()["id"]
    pco = api.pco(change_order_request={"change_order_package_id": package})
    tiers(api, 3)
    (row,) = api.get("change_order_requests", contract_id=WORK_ORDER)
    assert row["id"] == pco["change_order_request_id"]
    assert row["change_order_package_id"] == package
    assert api.row(pco["id"])["change_order_request_acronym_number"] == "COR 001"


def test_a_tier_is_not_lowered_while_there_are_change_orders(api: Api) -> None:
    pco = api.pco()["id"]
    with pytest.raises(ControlRefused, match="cannot be lowered"):
        tiers(api, 1)
    api.sandbox.people("delete", id=pco)
    tiers(api, 1)
    assert api.sandbox.state()["projects"][0]["tiers"] == {"commitment": 1, "prime": 2}


def test_an_empty_project_does_not_tell_its_tier(api: Api) -> None:
    assert contract_rows(api) == []
    assert "tier" not in str(api.get(f"work_order_contracts/{WORK_ORDER}"))
