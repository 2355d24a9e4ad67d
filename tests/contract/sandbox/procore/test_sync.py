"""The sync of potential change orders: the matching table, errors per element, and what is left open."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.sandbox.procore.calls import PRIME, PURCHASE_ORDER, Api

Row = dict[str, Any]
TAKEN = ["has already been taken"]
NOT_LISTED = ["is not included in the list"]


def test_without_keys_every_sync_creates_another_record(api: Api) -> None:
    first, second = api.pco(), api.pco()
    assert first["id"] != second["id"]
    assert first["origin_id"] is second["origin_id"] is None


def test_an_unknown_origin_id_creates_and_a_known_one_updates(api: Api) -> None:
    created = api.pco(origin_id="ERP-1", description="before")
    updated = api.pco(origin_id="ERP-1", title="Footing rebar C5")
    assert (updated["id"], updated["title"], updated["description"]) == (created["id"], "Footing rebar C5", "before")


def test_an_unknown_id_is_an_error_and_a_known_one_updates(api: Api) -> None:
    created = api.pco(origin_id="ERP-1")
    entities, errors = api.sync({"id": created["id"], "title": "Changed"}, {"id": 1, "title": "x"})
    assert [(one["id"], one["title"]) for one in entities] == [(created["id"], "Changed")]
    assert errors == [{"id": 1, "title": "x", "errors": {"id": ["Entity with this ID not found"]}}]


def test_with_both_the_id_decides_and_the_origin_id_is_written(api: Api) -> None:
    first, second = api.pco(origin_id="ERP-1"), api.pco(origin_id="ERP-2")
    entities, errors = api.sync({"id": first["id"], "origin_id": "ERP-3"}, {"id": second["id"], "origin_id": "ERP-3"})
    assert [(one["id"], one["origin_id"]) for one in entities] == [(first["id"], "ERP-3")]
    assert errors[0]["errors"] == {"origin_id": TAKEN}
    assert api.find("potential_change_orders", {"origin_id": "ERP-1"}) == []


def test_an_id_can_be_refused_to_mean_anything(api: Api) -> None:
    created = api.pco(origin_id="ERP-1")
    api.sandbox.settings(sync_id_in_pco="ignore")
    assert api.pco(id=created["id"])["id"] != created["id"]


def test_an_id_can_be_refused_in_the_element_or_with_the_whole_call(api: Api) -> None:
    created = api.pco(origin_id="ERP-1")
    api.sandbox.settings(sync_id_in_pco="refuse")
    entities, errors = api.sync({"id": created["id"], "origin_id": "ERP-1"}, {"origin_id": "ERP-1", "title": "y"})
    assert [one["title"] for one in entities] == ["y"]
    assert errors[0]["errors"] == {"id": ["is not permitted"]}
    api.sandbox.settings(sync_id_in_pco="refuse_call")
    assert api.sync_raw({"id": created["id"]}).status_code == 406


@pytest.mark.parametrize("wrong", ["1", 1.5, True])
def test_an_id_that_is_no_number_is_an_error(api: Api, wrong: object) -> None:
    assert api.sync({"id": wrong, "title": "x"})[1][0]["errors"] == {"id": ["is not a number"]}


def test_failures_are_reported_with_200_and_the_neighbours_go_on(api: Api) -> None:
    entities, errors = api.sync(
        {"origin_id": "A", "title": "good"},
        {"origin_id": "B", "title": "x", "status": "bogus"},
        {"origin_id": "C", "title": "good too"},
    )
    assert [one["origin_id"] for one in entities] == ["A", "C"]
    assert errors == [{"origin_id": "B", "title": "x", "status": "bogus", "errors": {"status": NOT_LISTED}}]
    assert api.find("potential_change_orders", {"origin_id": "B"}) == []


def test_an_error_entry_can_be_anonymous(api: Api) -> None:
    api.sandbox.settings(error_echo="anonymous")
    assert api.sync({"origin_id": "B", "title": ""})[1] == [{"errors": {"title": ["can't be blank"]}}]


def test_entities_come_in_any_order(api: Api) -> None:
    updates = [{"origin_id": str(place), "title": "x"} for place in range(20)]
    names = [str(place) for place in range(20)]
    assert [one["origin_id"] for one in api.sync(*updates)[0]] == names
    api.sandbox.settings(entities_order="reverse")
    assert [one["origin_id"] for one in api.sync(*updates)[0]] == names[::-1]
    api.sandbox.settings(entities_order="shuffle")
    shuffled = [one["origin_id"] for one in api.sync(*updates)[0]]
    assert shuffled != names
    assert sorted(shuffled) == sorted(names)


@pytest.mark.parametrize(("setting", "entities", "errors"), [("sequential", 2, 0), ("refuse", 1, 1)])
def test_duplicates_in_a_batch_update_or_are_taken(api: Api, setting: str, entities: int, errors: int) -> None:
    api.sandbox.settings(duplicates=setting)
    stored, refused = api.sync({"origin_id": "A", "title": "first"}, {"origin_id": "A", "title": "second"})
    assert (len(stored), len(refused)) == (entities, errors)
    assert len(api.find("potential_change_orders", {"origin_id": "A"})) == 1


def test_a_thousand_elements_are_the_most(api: Api) -> None:
    updates = [{"origin_id": str(place), "title": "x"} for place in range(1001)]
    refused = api.sync_raw(*updates)
    assert refused.status_code == 400
    assert api.sandbox.state()["potential_change_orders"] == []
    entities, errors = api.sync(*updates[:1000])
    assert (len(entities), errors) == (1000, [])
    api.sandbox.settings(too_many_status=413)
    assert api.sync_raw(*updates).status_code == 413


@pytest.mark.parametrize("body", [{}, {"updates": {}}, {"updates": None}])
def test_a_sync_without_an_array_is_refused_as_a_whole(api: Api, body: Row) -> None:
    answer = api.send("PATCH", "potential_change_orders/sync", body, contract_id=44021)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["updates"])


def test_an_element_that_is_no_object_fails_alone(api: Api) -> None:
    entities, errors = api.sync("x", {"title": "good"})
    assert (len(entities), errors) == (1, [{"errors": {"base": ["must be an object"]}}])


def test_the_scope_may_stand_in_the_body(api: Api) -> None:
    body = {"project_id": 315, "contract_id": 44021, "updates": [{"title": "x"}]}
    answer = api.send("PATCH", "potential_change_orders/sync", body, project_id=None)
    assert len(answer.json()["entities"]) == 1


def test_an_origin_id_is_unique_in_the_company_across_contracts_and_projects(api: Api) -> None:
    api.pco(origin_id="A")
    for contract, project in ((PURCHASE_ORDER, 315), (PRIME, 315), (44024, 316)):
        _, errors = api.sync({"origin_id": "A", "title": "x"}, contract=contract, project=project)
        assert errors[0]["errors"] == {"origin_id": TAKEN}


def test_the_look_up_may_reach_across_contracts(api: Api) -> None:
    created = api.pco(origin_id="A")
    api.sandbox.settings(origin_lookup="company")
    assert api.pco(origin_id="A", contract=PRIME)["id"] == created["id"]


def test_an_origin_id_is_unique_per_type_only(api: Api) -> None:
    pco = api.pco(origin_id="A")
    assert api.package(origin_id="A")["origin_id"] == "A"
    assert api.lines(pco["id"], {"origin_id": "A", "amount": "1.0"})[0][0]["origin_id"] == "A"


VALIDATION: list[tuple[Row, Row]] = [
    ({"title": ""}, {"title": ["can't be blank"]}),
    ({"title": None}, {"title": ["can't be blank"]}),
    ({"title": 5}, {"title": ["must be a string"]}),
    ({"title": "x" * 256}, {"title": ["is too long (maximum is 255 characters)"]}),
    ({"status": "Approved"}, {"status": NOT_LISTED}),
    ({"status": "pending_billable"}, {"status": NOT_LISTED}),
    ({"status": None}, {"status": NOT_LISTED}),
    ({"number": 7}, {"number": ["must be a string"]}),
    ({"schedule_impact_amount": "2"}, {"schedule_impact_amount": ["is not a number"]}),
    ({"schedule_impact_amount": 2.5}, {"schedule_impact_amount": ["is not a number"]}),
    ({"origin_id": 7}, {"origin_id": ["must be a string"]}),
    ({"origin_data": {"a": 1}}, {"origin_data": ["must be a string"]}),
    ({"change_order_request": 7}, {"change_order_request": ["must be an object with change_order_package_id"]}),
    ({"change_order_request_id": 7}, {"change_order_request_id": ["is only for projects with three tiers"]}),
    ({"prime_change_event_id": 7}, {"prime_change_event_id": ["must exist"]}),
    ({"nonsense": 7}, {"nonsense": ["is not a known attribute"]}),
]


@pytest.mark.parametrize(("attributes", "messages"), VALIDATION)
def test_each_element_is_validated_by_itself(api: Api, attributes: Row, messages: Row) -> None:
    element = {"title": "Footing rebar C4", **attributes}
    entities, errors = api.sync(element, {"title": "good"})
    assert len(entities) == 1
    assert errors == [{**element, "errors": messages}]


@pytest.mark.parametrize("status", ["draft", "not_pricing", "pricing", "pending", "revised", "proceeding"])
def test_documented_statuses_are_stored(api: Api, status: str) -> None:
    assert api.pco(status=status)["status"] == status


def test_readable_attributes_that_are_not_writable_are_ignored_without_a_word(api: Api) -> None:
    pco = api.pco(private=True, change_reason="Allowance", revision=4, grand_total="5.0", executed=True)
    assert (pco["private"], pco["revision"], pco["grand_total"]) == (False, 0, "0.0")


def test_unknown_attributes_can_be_ignored_too(api: Api) -> None:
    api.sandbox.settings(unknown_attributes="ignore")
    assert api.pco(nonsense=7)["title"] == "Footing rebar C4"


def test_types_can_be_taken_loosely(api: Api) -> None:
    api.sandbox.settings(strict_types=False)
    pco = api.pco(number=7, schedule_impact_amount="2")
    assert (pco["number"], pco["schedule_impact_amount"]) == ("7", 2)


@pytest.mark.parametrize("wrong", ["20.03.2026", "2026-13-01", "soon", "", 20260320, "2026-02-30T00:00:00Z"])
def test_a_badly_formed_date_is_stored_as_null_without_an_error(api: Api, wrong: object) -> None:
    pco = api.pco(due_date=wrong, paid_date=wrong, invoiced_date=wrong)
    assert (pco["due_date"], pco["paid_date"], pco["invoiced_date"]) == (None, None, None)


def test_dates_are_stored_in_utc(api: Api) -> None:
    pco = api.pco(due_date="2026-03-20T20:00:00-05:00", paid_date="2026-03-20", invoiced_date="2026-03-21T00:00:00Z")
    assert (pco["due_date"], pco["paid_date"], pco["invoiced_date"]) == (
        "2026-03-21T01:00:00Z",
        "2026-03-20",
        "2026-03-21",
    )
    assert api.row(pco["id"])["due_date"] == "2026-03-21"


def test_omitted_attributes_stay_and_null_clears(api: Api) -> None:
    api.pco(origin_id="A", description="text", schedule_impact_amount=2)
    entities, _ = api.sync({"origin_id": "A", "description": None})
    assert (entities[0]["description"], entities[0]["schedule_impact_amount"]) == (None, 2)
    assert entities[0]["title"] == "Footing rebar C4"


def test_a_number_is_unique_within_its_contract(api: Api) -> None:
    api.pco(number="007")
    entities, errors = api.sync({"title": "x", "number": "007"})
    assert (entities, errors[0]["errors"]) == ([], {"number": TAKEN})
    assert api.pco(number="007", contract=PURCHASE_ORDER)["number"] == "007"


def test_a_missing_number_is_the_next_that_nobody_has_typed_in(api: Api) -> None:
    api.sandbox.people("create_pco", contract=44021, title="by hand", number="002")
    assert [api.pco()["number"] for _ in range(3)] == ["001", "003", "004"]


@pytest.mark.parametrize("moves", [True, False])
def test_whether_a_sync_without_a_change_moves_updated_at_is_a_setting(api: Api, *, moves: bool) -> None:
    api.sandbox.settings(noop_moves_updated_at=moves)
    before = api.pco(origin_id="A")
    api.sandbox.advance(60)
    assert (api.pco(origin_id="A")["updated_at"] != before["updated_at"]) == moves


@pytest.mark.parametrize("kept", [True, False])
def test_whether_a_deleted_record_keeps_its_origin_id_is_a_setting(api: Api, *, kept: bool) -> None:
    api.sandbox.settings(deleted_keep_origin=kept)
    first = api.pco(origin_id="A")
    api.sandbox.people("delete", origin_id="A")
    entities, errors = api.sync({"origin_id": "A", "title": "again"})
    if kept:
        assert (entities, errors[0]["errors"]) == ([], {"origin_id": TAKEN})
    else:
        assert entities[0]["id"] != first["id"]


def test_a_lost_answer_was_applied_and_the_same_sync_again_makes_no_second_record(api: Api) -> None:
    api.sandbox.fault("apply_and_drop", {"path": "sync"})
    with pytest.raises(Exception, match="disconnected"):
        api.sync({"origin_id": "A", "title": "x"})
    api.sync({"origin_id": "A", "title": "x"})
    assert len(api.sandbox.state()["potential_change_orders"]) == 1
    assert [one["applied"] for one in api.sandbox.history(path="sync")] == [1, 1]


def test_an_element_can_be_in_neither_list_and_be_stored_or_not(api: Api) -> None:
    api.sandbox.people("spoil", origin_id="A", how="mislaid")
    api.sandbox.people("spoil", origin_id="B", how="skipped")
    updates = [{"origin_id": name, "title": name} for name in "ABC"]
    entities, errors = api.sync(*updates)
    assert ([one["origin_id"] for one in entities], errors) == (["C"], [])
    assert [len(api.find("potential_change_orders", {"origin_id": name})) for name in "ABC"] == [1, 0, 1]
    assert len(api.sync(*updates)[0]) == 3


def test_an_element_can_be_rejected_for_a_while(api: Api) -> None:
    api.sandbox.people("spoil", origin_id="A", messages={"title": ["is odd"]}, times=2)
    element = {"origin_id": "A", "title": "x"}
    for _ in range(2):
        assert api.sync(element, {"title": "good"})[1] == [{**element, "errors": {"title": ["is odd"]}}]
    assert api.sync(element)[1] == []


def test_what_there_is_can_be_counted(api: Api) -> None:
    pco = api.pco()["id"]
    api.lines(pco, {"amount": "1.0"}, {"amount": "2.0"})
    told = api.sandbox.people("counts")
    assert told == {
        "potential_change_orders": 1,
        "change_order_packages": 0,
        "change_order_requests": 0,
        "line_items": 2,
        "changes": 3,
    }
