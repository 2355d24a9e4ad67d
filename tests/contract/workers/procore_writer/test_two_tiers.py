"""Two tiers: potential change orders, their lines, and packages at approval."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal

from relay.domain.commands import ProcoreRules
from relay.engine.writer.adapter import Done, Reject
from tests.contract.workers.procore_writer.harness import PRIME, Driver, command, line, new_adapter, payload
from tests.contract.workers.procore_writer.state import Remote

PER_CHANGE_ORDER = ProcoreRules(package="per_change_order")


def test_a_pending_change_order_arrives_with_its_lines(driver: Driver, remote: Remote) -> None:
    given = command(
        content=payload(
            line("1", "5400", quantity=Decimal(12), unit_cost=Decimal(450), unit="EA", cost_code="03-210"),
            line("2", "-120.50"),
            description="Added rebar at grid C4",
            due_date="2026-03-20T00:00:00Z",
            schedule_days=2,
        )
    )
    assert driver.one(given) == Done()
    order = remote.order()
    assert (order["number"], order["title"], order["status"]) == ("007", "Footing rebar C4", "pending")
    assert order["origin_id"] == given.origin_id
    assert order["due_date"].startswith("2026-03-20T00:00:00")
    assert order["schedule_impact_amount"] == 2
    assert remote.amounts() == Counter({"5400.00": 1, "-120.50": 1})
    assert remote.writes() == [
        "PATCH potential_change_orders/sync",
        f"PATCH potential_change_orders/{order['id']}/line_items/sync",
    ]


def test_the_mark_says_who_wrote_what(driver: Driver, remote: Remote) -> None:
    given = command(content=payload(), sequence=1772000000)
    driver.one(given)
    mark = json.loads(remote.order()["origin_data"])
    assert mark["installation"] == "test"
    assert mark["sequence"] == 1772000000
    assert mark["idempotency_key"] == given.idempotency_key


def test_an_approved_change_order_gets_its_lines_before_its_status(driver: Driver, remote: Remote) -> None:
    given = command(content=payload(line("1", "100"), line("2", "50"), status="approved"), rules=PER_CHANGE_ORDER)
    assert driver.one(given) == Done()
    order, package = remote.order(), remote.package()
    assert (order["status"], package["status"], order["package_id"]) == ("approved", "approved", package["id"])
    assert package["origin_id"] == f"{given.origin_id}:package"
    assert remote.amounts() == Counter({"100.00": 1, "50.00": 1})
    assert driver.steps() == ["header", "lines", "package", "header", "update_package"]


def test_approval_of_a_known_change_order_needs_no_lines_again(driver: Driver, remote: Remote) -> None:
    driver.one(command(content=payload(line("1", "100"))))
    driver.calls.clear()
    assert driver.one(command(content=payload(line("1", "100"), status="approved"), sequence=2)) == Done()
    assert driver.steps() == ["header"]
    assert remote.order()["status"] == "approved"


def test_a_replay_of_what_is_applied_costs_no_call_even_after_a_restart(driver: Driver, remote: Remote) -> None:
    given = command(content=payload(line("1", "100", cost_code="03-210"), status="approved"), rules=PER_CHANGE_ORDER)
    driver.one(given)
    remote.sandbox.forget()
    fresh = Driver(new_adapter(remote.sandbox.url), driver.entries)
    assert fresh.one(given) == Done()
    assert remote.requests() == 0
    fresh.adapter.close()


def test_a_header_edit_is_one_element_of_one_call(driver: Driver, remote: Remote) -> None:
    lines = (line("1", "100"), line("2", "200"))
    driver.one(command(content=payload(*lines)))
    remote.sandbox.forget()
    assert driver.one(command(content=payload(*lines, title="Footing rebar C5"), sequence=2)) == Done()
    assert remote.writes() == ["PATCH potential_change_orders/sync"]
    assert remote.requests() == 1
    assert remote.order()["title"] == "Footing rebar C5"


def test_items_added_changed_and_removed_change_nothing_else(driver: Driver, remote: Remote) -> None:
    driver.one(command(content=payload(line("1", "100"), line("2", "200"), line("3", "300"))))
    before = {row["origin_id"]: row["id"] for row in remote.lines()}
    remote.sandbox.forget()
    content = payload(line("1", "100"), line("2", "250"), line("4", "400"))
    assert driver.one(command(content=content, sequence=2)) == Done()
    assert remote.amounts() == Counter({"100.00": 1, "250.00": 1, "400.00": 1})
    after = {row["origin_id"]: row["id"] for row in remote.lines()}
    assert {key for key in before if after.get(key) == before[key]} == {key for key in before if key[-1] in "12"}
    (sync,) = remote.bodies("line_items/sync")
    assert [one["origin_id"][-1] for one in sync["updates"]] == ["2", "4"]


def test_an_emptied_field_is_cleared_only_if_it_was_ours(driver: Driver, remote: Remote) -> None:
    driver.one(command(content=payload(description="words")))
    order = remote.order()
    remote.sandbox.people("edit", id=order["id"], set={"due_date": "2026-05-01"})
    assert driver.one(command(content=payload(title="Another"), sequence=2)) == Done()
    order = remote.order()
    assert order["description"] is None
    assert order["due_date"].startswith("2026-05-01")


def test_change_orders_of_a_contract_share_a_call(driver: Driver, remote: Remote) -> None:
    ends = driver.run(*(command(str(n), payload(title=f"CO {n}", number=str(n))) for n in range(1, 41)))
    assert ends == [Done()] * 40
    assert driver.calls == [("header", 40)]
    assert len(remote.orders()) == 40


def test_four_hundred_items_are_one_call(driver: Driver, remote: Remote) -> None:
    items = [line(str(n), f"{n}.25", cost_code="03-300") for n in range(1, 401)]
    assert driver.one(command(content=payload(*items))) == Done()
    assert len(remote.lines()) == 400
    assert driver.calls == [("header", 1), ("lines", 1)]


def test_one_refused_change_order_does_not_touch_its_neighbours(driver: Driver, remote: Remote) -> None:
    taken = command("1", payload(number="001"), rules=ProcoreRules(number="letter", existing="create"))
    driver.run(command("0", payload(number="001", title="First")))
    ends = driver.run(taken, command("2", payload(number="002", title="Second")))
    assert isinstance(ends[0], Reject)
    assert ends[0].reason == "procore.number_taken"
    assert "number was '001'" in ends[0].sentence
    assert ends[1] == Done()


def test_refusals_without_names_are_resolved_one_by_one(driver: Driver, remote: Remote) -> None:
    driver.run(command("0", payload(number="001", title="First")))
    remote.sandbox.settings(error_echo="anonymous")
    letter = ProcoreRules(number="letter", existing="create")
    ends = driver.run(
        command("1", payload(number="001", title="A"), rules=letter),
        command("2", payload(number="001", title="B"), rules=letter),
        command("3", payload(number="003", title="C"), rules=letter),
    )
    assert [isinstance(end, Reject) for end in ends] == [True, True, False]
    assert len(remote.orders()) == 2


def test_a_taken_number_is_left_to_procore(driver: Driver, remote: Remote) -> None:
    driver.run(command("0", payload(number="001", title="First")))
    assert driver.one(command("1", payload(number="001", title="Second"))) == Done()
    assert len({row["number"] for row in remote.orders()}) == 2
    driver.calls.clear()
    assert driver.one(command("1", payload(number="001", title="Second, later"), sequence=2)) == Done()
    assert driver.calls == [("header", 1)]


def test_a_taken_number_gets_a_suffix(driver: Driver, remote: Remote) -> None:
    suffix = ProcoreRules(number="suffix")
    for n in range(3):
        assert driver.one(command(str(n), payload(number="001", title=f"CO {n}"), rules=suffix)) == Done()
    assert {row["number"] for row in remote.orders()} == {"001", "001-2", "001-3"}


def test_an_approved_change_order_is_left_alone_by_default(driver: Driver, remote: Remote) -> None:
    driver.one(command(content=payload(line("1", "100"), status="approved")))
    remote.sandbox.forget()
    end = driver.one(command(content=payload(line("1", "150"), status="approved"), sequence=2))
    assert isinstance(end, Reject)
    assert end.reason == "procore.approved_change"
    assert remote.requests() == 0


def test_an_approved_change_order_is_opened_changed_and_approved_again(driver: Driver, remote: Remote) -> None:
    rules = ProcoreRules(package="per_change_order", approved_change="reopen")
    driver.one(command(content=payload(line("1", "100"), line("2", "1"), status="approved"), rules=rules))
    content = payload(line("1", "150"), status="approved", title="Changed")
    assert driver.one(command(content=content, sequence=2, rules=rules)) == Done()
    order, package = remote.order(), remote.package()
    assert (order["status"], package["status"]) == ("approved", "approved")
    assert (order["title"], package["title"]) == ("Changed", "Changed")
    assert remote.amounts() == Counter({"150.00": 1})


def test_a_rejected_change_order_leaves_approval_from_the_outside_in(driver: Driver, remote: Remote) -> None:
    rules = ProcoreRules(package="per_change_order", approved_change="reopen")
    driver.one(command(content=payload(line("1", "100"), status="approved"), rules=rules))
    driver.calls.clear()
    content = payload(line("1", "100"), status="rejected")
    assert driver.one(command(content=content, sequence=2, rules=rules)) == Done()
    assert (remote.order()["status"], remote.package()["status"]) == ("rejected", "rejected")
    assert driver.steps() == ["update_package", "header"]


def test_an_existing_package_is_joined_and_keeps_its_own_status(driver: Driver, remote: Remote) -> None:
    package = remote.sandbox.people("create_package", contract=44021, title="March")
    rules = ProcoreRules(package=f"existing:{package['id']}")
    assert driver.one(command(content=payload(line("1", "100"), status="approved"), rules=rules)) == Done()
    order = remote.order()
    assert (order["status"], order["package_id"]) == ("approved", package["id"])
    assert remote.package()["status"] == "draft"


def test_a_package_that_does_not_exist_is_named(driver: Driver) -> None:
    end = driver.one(command(content=payload(line("1", "100")), rules=ProcoreRules(package="existing:99")))
    assert isinstance(end, Reject)
    assert end.reason == "procore.package_unknown"


def test_prime_contracts_work_alike(driver: Driver, remote: Remote) -> None:
    given = command(content=payload(line("1", "100"), status="approved"), destination=PRIME, rules=PER_CHANGE_ORDER)
    assert driver.one(given) == Done()
    assert remote.order()["contract_id"] == 44023
    records = driver.adapter.describe(driver.entries[given.origin_id])
    assert [record.kind for record in records] == ["potential_change_order", "change_order_package"]
    assert "/315/project/prime_contracts/44023/change_orders/potential_change_orders/" in (records[0].url or "")


def test_unknown_references_are_named_with_where_they_are_configured(driver: Driver, remote: Remote) -> None:
    end = driver.one(command(content=payload(line("1", "100", cost_code="99-999"))))
    assert isinstance(end, Reject)
    assert end.reason == "procore.cost_code_unknown"
    assert "'99-999'" in end.sentence
    assert "cost_codes of the route" in end.sentence
    assert "Until then" not in end.sentence
    assert not remote.orders()


def test_the_letter_about_a_line_says_what_stands_in_procore_meanwhile(driver: Driver, remote: Remote) -> None:
    good, more = line("1", "100", cost_code="03-300"), line("2", "7", cost_code="03-300")
    driver.one(command(content=payload(good)))
    bad = line("3", "5", cost_code="99-999")
    for sequence, lines, words in (
        (2, (good, bad), "without this line."),
        (3, (good, more, bad), "without 2 of its 3 lines."),
        (4, (line("1", "90", cost_code="03-300"), bad), "without this line and with one line as it was before."),
        (5, (line("1", "90", cost_code="99-999"),), "with one line as it was before."),
    ):
        end = driver.one(command(content=payload(*lines), sequence=sequence))
        assert isinstance(end, Reject)
        assert end.sentence.endswith(f"Until then potential change order 007 stands in Procore {words}")
    assert [one["amount"] for one in remote.lines()] == ["100.00"]


def test_a_cost_code_that_is_added_later_is_found_by_reading_again(driver: Driver, remote: Remote) -> None:
    driver.adapter.cache.ages = type(driver.adapter.cache.ages)(miss=0.0)
    given = command(content=payload(line("1", "100", cost_code="03-999")))
    remote.sandbox.people("create_cost_code", project=315, code="03-999", name="Late")
    driver.adapter.cache.cost_codes.clear()
    assert driver.one(given) == Done()


def test_a_changed_contract_is_not_written_twice(driver: Driver, remote: Remote) -> None:
    driver.one(command(content=payload()))
    end = driver.one(command(content=payload(title="x"), destination=PRIME, sequence=2))
    assert isinstance(end, Reject)
    assert end.reason == "procore.destination_changed"
    assert len(remote.orders()) == 1


def test_a_quantity_survives_an_amount_that_was_rounded_to_the_cent(driver: Driver, remote: Remote) -> None:
    wire = line("1", "112.38", quantity=Decimal("12.5"), unit_cost=Decimal("8.99"))
    conduit = line("2", "56.66", quantity=Decimal(17), unit_cost=Decimal("3.333"))
    given = command(content=payload(wire, conduit))
    end = driver.one(given)
    assert isinstance(end, Done)
    assert "(Item 2): 17." in (end.sentence or "")
    assert remote.amounts() == Counter({"112.38": 1, "56.66": 1})
    (first, second) = sorted(remote.lines(), key=lambda row: row["origin_id"])
    assert (first["extended_type"], Decimal(first["quantity"])) == ("calculated", Decimal("12.5"))
    assert second["extended_type"] == "manual"
