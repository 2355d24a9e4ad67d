"""Lost, half and unreadable answers: nothing is doubled, nothing is lost, and only what is absent is sent again."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from relay.domain.commands import ProcoreRules
from relay.engine.writer.adapter import Done, Reject, Wait
from tests.contract.workers.procore_writer.driving import Driver, command, line, new_adapter, payload
from tests.contract.workers.procore_writer.state import Remote

RULES = ProcoreRules(package="per_change_order")
APPROVED = payload(line("1", "100", cost_code="03-210"), line("2", "50"), status="approved")
WRITES = ["potential_change_orders/sync", "line_items/sync", "change_order_packages$", r"change_order_packages/\d+"]
LOST: list[dict[str, Any]] = [
    {"kind": "drop_before"},
    {"kind": "reset"},
    {"kind": "apply_and_drop"},
    {"kind": "half_body"},
    {"kind": "html", "status": 502},
    {"kind": "html", "status": 500, "apply": True},
    {"kind": "wrong_json"},
    {"kind": "status", "status": 408, "apply": True},
]


def assert_whole(remote: Remote) -> None:
    order, package = remote.order(), remote.package()
    assert (order["status"], package["status"], order["package_id"]) == ("approved", "approved", package["id"])
    assert remote.amounts() == Counter({"100.00": 1, "50.00": 1})


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize("fault", LOST, ids=lambda fault: f"{fault['kind']}{fault.get('status', '')}")
def test_a_lost_answer_doubles_nothing(driver: Driver, remote: Remote, path: str, fault: dict[str, Any]) -> None:
    options = {name: value for name, value in fault.items() if name != "kind"}
    remote.sandbox.fault(fault["kind"], {"method": "POST" if path.endswith("$") else "PATCH", "path": path}, **options)
    assert driver.one(command(content=APPROVED, rules=RULES)) == Done()
    assert remote.took_hold()
    assert_whole(remote)


@pytest.mark.parametrize("calls", range(1, 6))
@pytest.mark.parametrize("kind", ["apply_and_drop", "drop_before"])
def test_a_takeover_in_doubt_goes_on_where_the_predecessor_stood(
    driver: Driver, remote: Remote, calls: int, kind: str
) -> None:
    """The first owner dies in its nth call; the second knows the ledger and the open intent, and nothing else."""
    given = command(content=APPROVED, rules=RULES)
    _run_calls(driver, given, calls - 1)
    remote.sandbox.fault(kind, {"path": "potential_change_orders/|change_order_packages", "body": "{"})
    _run_calls(driver, given, 1)
    assert remote.took_hold()
    successor = Driver(new_adapter(remote.sandbox.url), driver.entries, driver.intents)
    assert successor.one(given) == Done()
    successor.adapter.close()
    assert_whole(remote)


def _run_calls(driver: Driver, given: Any, count: int) -> None:
    """Stops after so many writing calls."""
    wanted = len(driver.calls) + count
    while len(driver.calls) < wanted and driver.step(given):
        pass


def test_a_package_in_doubt_is_looked_for_only_when_the_request_can_no_longer_arrive(
    driver: Driver, remote: Remote
) -> None:
    given = command(content=APPROVED, rules=RULES)
    _run_calls(driver, given, 2)
    remote.sandbox.fault("apply_and_drop", {"method": "POST", "path": "change_order_packages"})
    _run_calls(driver, given, 1)
    assert isinstance(driver.adapter.plan(driver.task(given)), Wait)
    before = len(remote.packages())
    assert driver.one(given) == Done()
    assert before == 1
    assert_whole(remote)


def test_elements_in_neither_list_are_sent_again(driver: Driver, remote: Remote) -> None:
    remote.sandbox.fault(
        "wrong_json", {"path": "potential_change_orders/sync"}, body='{"entities": [], "errors": []}', apply=True
    )
    ends = driver.run(*(command(str(n), payload(title=f"CO {n}", number=str(n))) for n in range(3)))
    assert ends == [Done()] * 3
    assert len(remote.orders()) == 3


def test_a_deleted_line_is_not_missed(driver: Driver, remote: Remote) -> None:
    driver.one(command(content=payload(line("1", "100"), line("2", "50"))))
    remote.sandbox.fault("apply_and_drop", {"method": "DELETE"})
    assert driver.one(command(content=payload(line("1", "100")), sequence=2)) == Done()
    assert remote.amounts() == Counter({"100.00": 1})


def test_the_order_of_the_answer_does_not_matter(driver: Driver, remote: Remote) -> None:
    remote.sandbox.settings(entities_order="shuffle")
    commands = [command(str(n), payload(line("1", str(n)), title=f"CO {n}", number=str(n))) for n in range(1, 21)]
    assert driver.run(*commands) == [Done()] * 20
    by_id = {row["id"]: row for row in remote.orders()}
    for given in commands:
        order = by_id[int(driver.entries[given.origin_id].remote["pco_id"])]
        assert order["origin_id"] == given.origin_id
        assert remote.amounts(order["id"]) == Counter({f"{int(order['number'])}.00": 1})


def test_a_batch_refused_as_a_whole_is_told_as_a_failure(driver: Driver, remote: Remote) -> None:
    remote.sandbox.people("block_project", project=315)
    end = driver.one(command(content=payload()))
    assert isinstance(end, Reject)
    assert end.reason == "Denied"
