"""Line items: strings alone and numbers inside, what must exist, amounts, and the locks of approval."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.sandbox.procore.calls import Api

Row = dict[str, Any]
CODE, FOREIGN_CODE, SUBCONTRACT = 315005, 316005, 301


@pytest.fixture
def pco(api: Api) -> int:
    made: int = api.pco(origin_id="A")["id"]
    return made


def line(api: Api, pco: int, **attributes: object) -> Row:
    entities, errors = api.lines(pco, {"origin_id": "A:1", "description": "Extra footing rebar", **attributes})
    assert errors == []
    return entities[0]


def path(pco: int, rest: str = "") -> str:
    return f"potential_change_orders/{pco}/line_items{rest}"


def test_alone_all_decimals_are_strings_and_inside_two_are_numbers(api: Api, pco: int) -> None:
    alone = line(api, pco, extended_type="calculated", quantity="12.0", unit_cost="450.0", uom="ea", cost_code_id=CODE)
    assert [alone[name] for name in ("amount", "quantity", "unit_cost", "total_amount", "extended_amount")] == [
        "5400.0",
        "12.0",
        "450.0",
        "5400.0",
        "5400.0",
    ]
    inside = api.show(pco)["line_items"][0]
    assert (inside["quantity"], inside["unit_cost"], inside["total_amount"]) == (12.0, 450.0, "5400.0")
    assert isinstance(inside["quantity"], float)


def test_only_the_line_item_list_tells_its_origin_id(api: Api, pco: int) -> None:
    line(api, pco, amount="1.0")
    assert "origin_id" not in api.show(pco)["line_items"][0]
    assert api.get(path(pco))[0]["origin_id"] == "A:1"


def test_the_total_of_the_pco_is_that_of_its_lines(api: Api, pco: int) -> None:
    api.lines(pco, {"amount": "100.10"}, {"amount": "-0.35"}, {"quantity": "3", "unit_cost": "0.05"})
    show = api.show(pco)
    assert (show["grand_total"], show["line_items_total"], show["line_items_extended_total"]) == ("99.9",) * 3
    assert api.row(pco)["grand_total"] == "99.9"


def test_a_stated_total_counts_until_there_are_lines(api: Api) -> None:
    body = {"project_id": 315, "contract_id": 44021, "change_order": {"title": "x", "grand_total": "77.0"}}
    made = api.send("POST", "potential_change_orders", body, project_id=None).json()
    assert (made["grand_total"], api.show(made["id"])["line_items_total"]) == ("77.0", "0.0")
    api.lines(made["id"], {"amount": "5.0"})
    assert api.show(made["id"])["grand_total"] == "5.0"


@pytest.mark.parametrize(
    ("attributes", "amount"),
    [
        ({"extended_type": "manual", "amount": "10", "quantity": "3", "unit_cost": "7"}, "10.0"),
        ({"extended_type": "calculated", "amount": "10", "quantity": "3", "unit_cost": "7"}, "21.0"),
        ({"amount": "10.005"}, "10.01"),
        ({"amount": "-10.005"}, "-10.01"),
        ({"quantity": "0.333333", "unit_cost": "3"}, "1.0"),
        ({}, "0.0"),
    ],
)
def test_the_extended_type_decides_about_the_amount(api: Api, pco: int, attributes: Row, amount: str) -> None:
    assert line(api, pco, **attributes)["amount"] == amount


def test_a_changed_unit_cost_recalculates(api: Api, pco: int) -> None:
    line(api, pco, extended_type="calculated", quantity="2", unit_cost="5")
    assert line(api, pco, unit_cost="6")["amount"] == "12.0"
    assert len(api.get(path(pco))) == 1


@pytest.mark.parametrize(
    ("attributes", "messages"),
    [
        ({"amount": 5}, {"amount": ["must be a decimal string"]}),
        ({"amount": 5.5}, {"amount": ["must be a decimal string"]}),
        ({"amount": "5,50"}, {"amount": ["is not a number"]}),
        ({"amount": "NaN"}, {"amount": ["is not a number"]}),
        ({"amount": "10000000000000"}, {"amount": ["must be less than or equal to 9999999999999"]}),
        ({"uom": "furlong"}, {"uom": ["is not included in the list"]}),
        ({"uom": "EA"}, {"uom": ["is not included in the list"]}),
        ({"cost_code_id": FOREIGN_CODE}, {"cost_code_id": ["must exist"]}),
        ({"cost_code_id": 1}, {"cost_code_id": ["must exist"]}),
        ({"line_item_type_id": 1}, {"line_item_type_id": ["must exist"]}),
        ({"tax_code_id": 1}, {"tax_code_id": ["must exist"]}),
        ({"wbs_code_id": 1}, {"wbs_code_id": ["must exist"]}),
        ({"extended_type": "other"}, {"extended_type": ["is not included in the list"]}),
        ({"nonsense": 1}, {"nonsense": ["is not a known attribute"]}),
    ],
)
def test_each_line_is_validated_by_itself(api: Api, pco: int, attributes: Row, messages: Row) -> None:
    entities, errors = api.lines(pco, {"origin_id": "bad", **attributes}, {"origin_id": "good", "amount": "1.0"})
    assert [one["origin_id"] for one in entities] == ["good"]
    assert errors == [{"origin_id": "bad", **attributes, "errors": messages}]
    answer = api.send("POST", path(pco), {"project_id": 315, "line_item": attributes}, project_id=None)
    assert answer.status_code == (406 if "nonsense" in attributes else 400)
    assert answer.json() == {"errors": messages}


def test_a_cost_code_can_be_required(api: Api, pco: int) -> None:
    api.sandbox.settings(line_cost_code_required=True)
    assert api.lines(pco, {"amount": "1.0"})[1][0]["errors"] == {"cost_code_id": ["can't be blank"]}
    assert line(api, pco, amount="1.0", cost_code_id=CODE)["cost_code"]["full_code"] == "03-300"


def test_a_line_names_its_codes_and_its_holder(api: Api, pco: int) -> None:
    made = line(api, pco, amount="1.0", cost_code_id=CODE, line_item_type_id=SUBCONTRACT)
    assert made["holder"] == {"id": pco, "holder_type": "PotentialChangeOrder"}
    assert made["wbs_code"]["flat_code"] == "03-300.S"
    assert made["line_item_type"]["code"] == "S"
    other = api.lines(pco, {"amount": "1.0", "wbs_code_id": made["wbs_code"]["id"]})[0][0]
    assert (other["cost_code"]["id"], other["line_item_type"]["id"]) == (CODE, SUBCONTRACT)


def test_a_code_that_is_not_budgeted_gets_a_budget_line(api: Api, pco: int) -> None:
    before = len(api.sandbox.state()["budget_lines"])
    line(api, pco, amount="1.0", cost_code_id=CODE, line_item_type_id=SUBCONTRACT)
    assert [315, CODE, SUBCONTRACT] in api.sandbox.state()["budget_lines"][before:]


def test_sync_matches_lines_within_their_pco(api: Api, pco: int) -> None:
    made = line(api, pco, amount="1.0")
    other = api.pco()["id"]
    assert api.lines(other, {"origin_id": "A:1", "amount": "2.0"})[1][0]["errors"] == {
        "origin_id": ["has already been taken"]
    }
    assert api.lines(other, {"id": made["id"]})[1][0]["errors"] == {"id": ["Entity with this ID not found"]}
    assert api.lines(pco, {"id": made["id"], "amount": "3.0"})[0][0]["amount"] == "3.0"


def test_a_line_is_created_shown_changed_and_deleted(api: Api, pco: int) -> None:
    body = {"project_id": 315, "line_item": {"amount": "1.0", "origin_id": "A:1"}}
    made = api.send("POST", path(pco), body, project_id=None)
    assert made.status_code == 201
    place = path(pco, f"/{made.json()['id']}")
    body = {"project_id": 315, "line_item": {"description": "changed"}}
    assert api.send("PATCH", place, body, project_id=None).json() == api.get(place)
    gone = api.send("DELETE", place)
    assert (gone.status_code, gone.content) == (200, b"")
    assert api.send("GET", place).status_code == 404
    assert api.send("DELETE", place).status_code == 404
    assert api.get(path(pco)) == []


def test_a_line_is_found_only_below_its_own_pco(api: Api, pco: int) -> None:
    made, other = line(api, pco, amount="1.0"), api.pco()["id"]
    assert api.send("GET", path(other, f"/{made['id']}")).status_code == 404


def test_lines_are_filtered(api: Api, pco: int) -> None:
    first, _ = api.lines(pco, {"amount": "1.0", "cost_code_id": CODE}, {"amount": "2.0"})[0]
    assert [one["id"] for one in api.find(path(pco), {"cost_code_id": str(CODE)})] == [first["id"]]


@pytest.mark.parametrize("moves", [True, False])
def test_whether_a_line_moves_its_pco_is_a_setting(api: Api, pco: int, *, moves: bool) -> None:
    api.sandbox.settings(line_edit_moves_parent=moves)
    before = api.show(pco)["updated_at"]
    api.sandbox.advance(60)
    line(api, pco, amount="1.0")
    assert (api.show(pco)["updated_at"] != before) == moves


def test_approval_locks_the_lines_in_every_way(api: Api, pco: int) -> None:
    made = line(api, pco, amount="1.0")
    api.sync({"origin_id": "A", "status": "approved"})
    locked = {"base": ["The schedule of values of an approved change order cannot be edited"]}
    entities, errors = api.lines(pco, {"origin_id": "A:1", "amount": "2.0"}, {"origin_id": "A:2", "amount": "2.0"})
    assert (entities, [one["errors"] for one in errors]) == ([], [locked, locked])
    place, body = path(pco, f"/{made['id']}"), {"project_id": 315, "line_item": {"amount": "2.0"}}
    assert api.send("PATCH", place, body, project_id=None).status_code == 400
    assert api.send("POST", path(pco), body, project_id=None).status_code == 400
    gone = api.send("DELETE", place)
    assert (gone.status_code, gone.json()) == (422, {"errors": locked})
    assert api.show(pco)["grand_total"] == "1.0"


def test_the_header_of_an_approved_pco_and_its_status_can_still_be_written(api: Api, pco: int) -> None:
    api.sync({"origin_id": "A", "status": "approved"})
    assert api.sync({"origin_id": "A", "title": "new", "status": "pending"})[1] == []
    assert line(api, pco, amount="2.0")["amount"] == "2.0"


def test_an_approved_package_locks_the_lines_below_it(api: Api, pco: int) -> None:
    package = api.package()["id"]
    api.sync({"origin_id": "A", "change_order_request": {"change_order_package_id": package}})
    api.change_package(package, status="approved")
    assert api.lines(pco, {"amount": "1.0"})[1][0]["errors"].keys() == {"base"}


def test_a_company_can_do_without_the_locks(api: Api, pco: int) -> None:
    api.sandbox.settings(locks=False)
    api.sync({"origin_id": "A", "status": "approved"})
    assert line(api, pco, amount="2.0")["amount"] == "2.0"


def test_four_hundred_lines_in_one_change_order(api: Api, pco: int) -> None:
    entities, errors = api.lines(pco, *[{"origin_id": f"A:{place}", "amount": "0.01"} for place in range(400)])
    assert (len(entities), errors, api.show(pco)["grand_total"]) == (400, [], "4.0")
    assert [one["position"] for one in entities] == list(range(1, 401))
