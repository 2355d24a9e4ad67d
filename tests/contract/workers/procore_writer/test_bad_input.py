"""What Procore would refuse, round or drop: one letter with what to do, and nothing half written."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from relay.domain.commands import ContractKind, ProcoreRules
from relay.domain.failures import Denied, TenantBlocked
from relay.engine.writer.adapter import Reject
from tests.contract.workers.procore_writer.driving import WORK_ORDER, Driver, command, line, payload
from tests.contract.workers.procore_writer.state import Remote


@pytest.mark.parametrize(
    ("content", "reason", "words"),
    [
        (payload(line("1", "1.005")), "procore.amount_precision", "1.005"),
        (payload(line("1", "99999999999999")), "procore.amount_out_of_range", "99999999999999"),
        (payload(due_date="20.03.2026"), "procore.date_malformed", "20.03.2026"),
        (payload(due_date="2026-02-30"), "procore.date_malformed", "2026-02-30"),
        (payload(title="x" * 256), "procore.text_too_long", "256 characters"),
        (payload(number="9" * 300), "procore.text_too_long", "300 characters"),
        (payload(description="x" * 70_000), "procore.text_too_long", "70000 characters"),
        (payload(title="  "), "procore.title_missing", "no title"),
        (payload(status="Approved"), "procore.status_invalid", "statuses of the route"),
        (payload(line("1", "1"), line("1", "2")), "procore.item_repeated", "same id"),
    ],
)
def test_it_is_refused_before_anything_is_sent(
    driver: Driver, remote: Remote, content: Any, reason: str, words: str
) -> None:
    end = driver.one(command(content=content))
    assert isinstance(end, Reject)
    assert end.reason == reason
    assert words in end.sentence
    assert remote.requests() == 0


@pytest.mark.parametrize(
    ("destination", "reason", "words"),
    [
        (replace(WORK_ORDER, contract_id=99), "procore.contract_unknown", "no contract 99"),
        (replace(WORK_ORDER, contract=ContractKind.PRIME), "procore.contract_kind", "is a work_order contract"),
        (replace(WORK_ORDER, contract_id=44023), "procore.contract_kind", "is a prime contract"),
        (replace(WORK_ORDER, contract_id=44024), "procore.contract_unknown", "Project 315"),
    ],
)
def test_a_wrong_contract_is_named(driver: Driver, remote: Remote, destination: Any, reason: str, words: str) -> None:
    end = driver.one(command(content=payload(), destination=destination))
    assert isinstance(end, Reject)
    assert end.reason == reason
    assert words in end.sentence
    assert remote.writes() == []


def test_a_project_that_is_not_permitted_is_the_protocols_to_find_out(driver: Driver, remote: Remote) -> None:
    remote.sandbox.people("block_project", project=315)
    given = command(content=payload())
    end = driver.one(given)
    assert isinstance(end, Reject)
    assert end.reason == "Denied"
    driver.adapter.probe_tenant("acme")
    with pytest.raises(Denied):
        driver.adapter.probe_destination(driver.task(given))
    assert driver.adapter.destination_scope(driver.task(given)) == "project:315"


def test_a_disconnected_app_blocks_the_tenant(driver: Driver, remote: Remote) -> None:
    remote.sandbox.people("disconnect_app")
    with pytest.raises(TenantBlocked):
        driver.adapter.probe_tenant("acme")


def test_an_account_that_is_not_configured_blocks_itself(driver: Driver) -> None:
    with pytest.raises(TenantBlocked, match="not in the configuration"):
        driver.adapter.probe_tenant("other")


def test_one_refused_line_leaves_its_neighbours_accepted_and_the_status_unset(driver: Driver, remote: Remote) -> None:
    driver.one(command(content=payload(line("1", "1", cost_code="03-210"))))
    code = next(row for row in remote.sandbox.state()["cost_codes"] if row["full_code"] == "03-300")
    driver.one(command("2", payload(line("1", "1", cost_code="03-300"), title="Other", number="9")))
    remote.sandbox.people("delete_cost_code", id=code["id"], project=315, code="03-300")
    content = payload(line("1", "1", cost_code="03-210"), line("2", "5", cost_code="03-300"), line("3", "7"))
    end = driver.one(command(content=replace(content, status="approved"), sequence=2))
    assert isinstance(end, Reject)
    assert end.reason == "procore.cost_code_unknown"
    assert "'03-300'" in end.sentence
    stands = "potential change order 007 stands in Procore without this line, as pending and not as approved."
    assert end.sentence.endswith(f"Until then {stands}")
    order = next(row for row in remote.orders() if row["number"] == "007")
    assert order["status"] == "pending"
    assert remote.amounts(order["id"]) == {"1.00": 1, "7.00": 1}


def test_a_locked_record_is_told(driver: Driver, remote: Remote) -> None:
    driver.one(command(content=payload(line("1", "1"))))
    remote.sandbox.people("lock", id=remote.order()["id"], holder="erp")
    end = driver.one(command(content=payload(line("1", "2")), sequence=2))
    assert isinstance(end, Reject)
    assert end.reason == "procore.locked"


def test_a_status_that_a_workflow_owns_is_told(driver: Driver, remote: Remote) -> None:
    driver.one(command(content=payload(line("1", "1"))))
    remote.sandbox.people("lock", id=remote.order()["id"], holder="workflow")
    end = driver.one(command(content=payload(line("1", "1"), status="approved"), sequence=2))
    assert isinstance(end, Reject)
    assert end.reason == "procore.locked"


def test_a_date_that_becomes_nothing_is_noticed(driver: Driver, remote: Remote) -> None:
    given = command(content=payload(due_date="2026-03-20"))
    entity = {"id": 1, "contract_id": 44021, "origin_id": given.origin_id, "title": "Footing rebar C4"}
    kept = {"number": "007", "status": "pending", "due_date": None}
    body = json.dumps({"entities": [entity | kept], "errors": []})
    remote.sandbox.fault("wrong_json", {"path": "potential_change_orders/sync"}, body=body)
    end = driver.one(given)
    assert isinstance(end, Reject)
    assert end.reason == "procore.not_kept"
    assert "due_date was sent as '2026-03-20T00:00:00Z' and reads None" in end.sentence
    assert "header" not in driver.entries[given.origin_id].parts


def test_currencies_are_not_mixed(driver: Driver, remote: Remote) -> None:
    remote.sandbox.people("create_pco", contract=44021, title="Typed in")
    end = driver.one(command(content=payload(currency="EUR"), rules=ProcoreRules(existing="create")))
    assert isinstance(end, Reject)
    assert end.reason == "procore.currency_mismatch"


def test_a_dry_run_shows_what_would_be_sent(driver: Driver, remote: Remote) -> None:
    shown = json.loads(driver.adapter.preview(driver.task(command(content=payload(line("1", "5.50"))))))
    assert shown["line_items"][0]["amount"] == "5.50"
    assert shown["status"] == "pending"
    assert remote.requests() == 0


def test_a_cost_code_that_procore_requires_and_the_item_lacks_is_asked_for(driver: Driver, remote: Remote) -> None:
    remote.sandbox.settings(line_cost_code_required=True)
    end = driver.one(command(content=payload(line("1", "10"))))
    assert isinstance(end, Reject)
    assert end.reason == "procore.cost_code_missing"
    assert "wants a cost code for item 1" in end.sentence
    assert "None" not in end.sentence
