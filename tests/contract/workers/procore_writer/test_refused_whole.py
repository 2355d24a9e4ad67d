"""A call that is refused as a whole says of its one record what a sync says of an element.

How the API refuses what is locked is not documented: an entry of ``errors``, or 400 or 422.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from deploy.sandbox.process import Simulated
from relay.engine.writer.adapter import Done, Reject
from tests.contract.workers.procore_writer.harness import WORK_ORDER, Driver, command, line, payload
from tests.contract.workers.procore_writer.state import Remote

LOCKED = "The change order is approved and cannot be edited"
FORMS = [
    {"errors": LOCKED},
    {"errors": [LOCKED]},
    {"errors": {"base": [LOCKED]}},
    {"message": LOCKED},
    {"entities": [], "errors": [{"id": 1, "title": "x", "errors": {"base": [LOCKED]}}]},
]


def refused(procore: Simulated, method: str, path: str, body: object, status: int = 422) -> None:
    procore.fault("status", {"method": method, "path": path}, status=status, body=json.dumps(body), times=0)


def refusal(driver: Driver, content: object, **more: object) -> Reject:
    end = driver.one(command(content=content, sequence=2, **more))  # type: ignore[arg-type]
    assert isinstance(end, Reject)
    return end


@pytest.mark.parametrize("form", FORMS, ids=["text", "list", "object", "message", "as a sync"])
@pytest.mark.parametrize("status", [400, 422])
def test_a_locked_change_order_is_named_as_locked(
    procore: Simulated, driver: Driver, remote: Remote, form: object, status: int
) -> None:
    assert driver.one(command(content=payload())) == Done()
    refused(procore, "PATCH", "potential_change_orders/sync", form, status)
    end = refusal(driver, payload(title="Another"))
    assert end.reason == "procore.locked"
    assert LOCKED in end.sentence
    assert "release it in Procore" in end.sentence
    assert remote.writes().count("PATCH potential_change_orders/sync") == 2


def test_a_taken_number_gives_way_to_that_of_the_remote(procore: Simulated, driver: Driver, remote: Remote) -> None:
    body = json.dumps({"errors": {"number": ["has already been taken"]}})
    procore.fault("status", {"method": "PATCH", "path": "potential_change_orders/sync"}, status=422, body=body)
    assert driver.one(command(content=payload())) == Done()
    assert len(remote.orders()) == 1
    assert remote.order()["number"] != "007"


def test_the_line_at_fault_is_found_and_the_others_stand(procore: Simulated, driver: Driver, remote: Remote) -> None:
    body = json.dumps({"errors": {"description": ["is not welcome"]}})
    match = {"method": "PATCH", "path": "line_items/sync", "body": "Item 2"}
    procore.fault("status", match, status=422, body=body, times=0)
    end = driver.one(command(content=payload(line("1", "1"), line("2", "2"), line("3", "3"))))
    assert isinstance(end, Reject)
    assert end.reason == "procore.line_rejected"
    assert "item 2" in end.sentence
    assert remote.amounts()["1.00"] == 1
    assert "2.00" not in remote.amounts()


def test_a_line_that_may_not_be_removed_is_named(procore: Simulated, driver: Driver) -> None:
    assert driver.one(command(content=payload(line("1", "1"), line("2", "2")))) == Done()
    refused(procore, "DELETE", "line_items/", {"errors": {"base": ["Line item is part of an invoice"]}})
    end = refusal(driver, payload(line("1", "1")))
    assert end.reason == "procore.line_rejected"
    assert "the line of item 2" in end.sentence
    assert "Line item is part of an invoice" in end.sentence


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_a_line_that_is_gone_already_is_removed_however_it_is_refused(
    procore: Simulated, driver: Driver, remote: Remote, status: int
) -> None:
    assert driver.one(command(content=payload(line("1", "1"), line("2", "2")))) == Done()
    procore.people("delete_line", line=next(row["id"] for row in remote.lines() if row["amount"].startswith("2")))
    refused(procore, "DELETE", "line_items/", {"errors": "Not possible"}, status)
    assert driver.one(command(content=payload(line("1", "1")), sequence=2)) == Done()


@pytest.mark.parametrize("status", [403, 404])
def test_a_line_that_may_not_be_removed_and_is_there_is_not_taken_for_gone(
    procore: Simulated, driver: Driver, status: int
) -> None:
    assert driver.one(command(content=payload(line("1", "1"), line("2", "2")))) == Done()
    refused(procore, "DELETE", "line_items/", {"errors": "Not possible"}, status)
    assert refusal(driver, payload(line("1", "1"))).reason == "Denied"


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_package_is_refused_in_words_for_people(procore: Simulated, driver: Driver, method: str) -> None:
    procore.people("set_tiers", project=315, side="commitment", tiers=1)
    one_tier = replace(WORK_ORDER, tiers=1)
    if method == "PATCH":
        assert driver.one(command(content=payload(), destination=one_tier)) == Done()
    refused(procore, method, "change_order_packages", {"errors": LOCKED}, 400)
    end = refusal(driver, payload(title="Another"), destination=one_tier)
    assert end.reason == "procore.locked"
    assert end.sentence.startswith("Procore refused the change order in contract 44021")


def test_an_unknown_id_is_a_deletion_in_whatever_form(procore: Simulated, driver: Driver, remote: Remote) -> None:
    assert driver.one(command(content=payload())) == Done()
    procore.people("delete", id=remote.order()["id"])
    error = {"errors": "id Entity with this ID not found"}
    procore.fault(
        "wrong_json",
        {"path": "potential_change_orders/sync"},
        body=json.dumps({"entities": [], "errors": [error]}),
        times=0,
    )
    end = driver.one(command(content=payload(title="Another"), sequence=2))
    assert getattr(end, "reason", None) == "procore.deleted_by_person"


def test_a_package_that_is_answered_as_a_row_is_read_whole(procore: Simulated, driver: Driver, remote: Remote) -> None:
    procore.people("set_tiers", project=315, side="commitment", tiers=1)
    one_tier = replace(WORK_ORDER, tiers=1)
    assert driver.one(command(content=payload(description="As it was"), destination=one_tier)) == Done()
    package = remote.package()
    row = {name: package[name] for name in ("id", "title", "status", "origin_id")}
    match = {"method": "PATCH", "path": f"change_order_packages/{package['id']}"}
    procore.fault("wrong_json", match, body=json.dumps(row), apply=True, times=0)
    again = command(content=payload(description="As it is now"), sequence=2, destination=one_tier)
    assert driver.one(again) == Done()
    assert remote.package()["description"] == "As it is now"


def test_a_status_that_stays_as_it_was_may_be_a_workflows(procore: Simulated, driver: Driver, remote: Remote) -> None:
    assert driver.one(command(content=payload())) == Done()
    entity = {"id": remote.order()["id"], "title": "Footing rebar C4", "number": "007", "status": "pending"}
    procore.fault(
        "wrong_json",
        {"path": "potential_change_orders/sync"},
        body=json.dumps({"entities": [entity], "errors": []}),
        times=0,
    )
    end = refusal(driver, payload(status="approved"))
    assert end.reason == "procore.not_kept"
    assert "workflow in Procore" in end.sentence
