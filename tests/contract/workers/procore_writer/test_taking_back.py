"""Withdrawals, and looks at our own records."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from relay.domain.commands import Operation, ProcoreRules
from relay.domain.outcomes import OutcomeKind
from relay.engine.writer.carrier import Done, Refuse, Review
from tests.contract.workers.procore_writer.driving import Driver, command, line, new_carrier, payload
from tests.contract.workers.procore_writer.state import Remote

PACKAGED = ProcoreRules(package="per_change_order", on_withdraw="void", on_delete="letter")
CONTENT = payload(line("1", "100"), line("2", "50"), description="words")


def withdraw(reason: str | None = None, **more: Any) -> Any:
    return command(operation=Operation.WITHDRAW, sequence=2, reason=reason, **more)


def verify(rule: str = "letter", **more: Any) -> Any:
    rules = ProcoreRules(person_edit=rule)
    return command(operation=Operation.VERIFY, sequence=5, rules=rules, **more)


def test_a_withdrawn_approval_is_voided_with_its_package(driver: Driver, remote: Remote) -> None:
    driver.one(command(content=payload(line("1", "100"), status="approved"), rules=PACKAGED))
    end = driver.one(withdraw(rules=PACKAGED))
    assert isinstance(end, Done)
    assert end.kind is OutcomeKind.WITHDRAWN
    assert (remote.order()["status"], remote.package()["status"]) == ("void", "void")


def test_a_voided_change_order_comes_back_with_the_next_version(driver: Driver, remote: Remote) -> None:
    driver.one(command(content=payload(line("1", "100")), rules=PACKAGED))
    driver.one(withdraw(rules=PACKAGED))
    assert driver.one(command(content=payload(line("1", "100")), rules=PACKAGED, sequence=3)) == Done()
    assert remote.order()["status"] == "pending"


@pytest.mark.parametrize(
    ("rules", "reason", "expected"),
    [
        (ProcoreRules(), None, "procore.withdrawn_after_applied"),
        (ProcoreRules(), "source.deleted", "procore.deleted_after_applied"),
    ],
)
def test_by_default_a_person_is_asked(
    driver: Driver, remote: Remote, rules: ProcoreRules, reason: str | None, expected: str
) -> None:
    driver.one(command(content=CONTENT))
    end = driver.one(withdraw(reason, rules=rules))
    assert isinstance(end, Refuse)
    assert end.reason == expected
    assert remote.order()["status"] == "pending"


def test_leaving_it_costs_no_call(driver: Driver, remote: Remote) -> None:
    driver.one(command(content=CONTENT))
    remote.sandbox.forget()
    end = driver.one(withdraw("source.deleted", rules=ProcoreRules(on_delete="leave")))
    assert isinstance(end, Done)
    assert end.kind is OutcomeKind.WITHDRAWN
    assert remote.requests() == 0


# -- verify


def test_our_own_record_is_as_we_wrote_it(driver: Driver, remote: Remote) -> None:
    driver.one(command(content=payload(line("1", "5400", quantity=None), line("2", "-3.5"), due_date="2026-03-20")))
    end = driver.one(verify())
    assert end == Done(kind=OutcomeKind.UNCHANGED)


def edit(remote: Remote, what: str) -> None:
    order = remote.order()
    if what == "header":
        remote.sandbox.people("edit", id=order["id"], set={"title": "By hand"})
    elif what == "status":
        remote.sandbox.people("set_status", id=order["id"], status="rejected")
    elif what == "line":
        remote.sandbox.people("edit_line", line=order["line_items"][0], set={"amount": "77.00"})
    else:
        remote.sandbox.people("delete_line", line=order["line_items"][0])


@pytest.mark.parametrize("what", ["header", "status", "line", "removal"])
def test_a_persons_edit_is_noticed(driver: Driver, remote: Remote, what: str) -> None:
    given = command(content=CONTENT)
    driver.one(given)
    edit(remote, what)
    end = driver.one(verify())
    assert isinstance(end, Review)
    assert end.reason == "procore.person_edit"
    content = payload(line("1", "1"), line("2", "50"), title="New", status="draft")
    later = driver.one(command(content=content, sequence=6))
    assert isinstance(later, Review)


@pytest.mark.parametrize("what", ["header", "status", "line", "removal"])
def test_a_persons_edit_is_kept(driver: Driver, remote: Remote, what: str) -> None:
    rules = ProcoreRules(person_edit="keep_theirs")
    driver.one(command(content=CONTENT, rules=rules))
    edit(remote, what)
    held = remote.order(), remote.amounts()
    end = driver.one(verify("keep_theirs"))
    assert isinstance(end, Done)
    assert end.reason == "procore.kept_theirs"
    assert driver.one(command(content=CONTENT, rules=rules, sequence=6)) == Done()
    assert remote.amounts() == held[1]
    assert (remote.order()["title"], remote.order()["status"]) == (held[0]["title"], held[0]["status"])


@pytest.mark.parametrize("what", ["header", "status", "line", "removal"])
def test_a_persons_edit_is_overwritten_by_the_next_version(driver: Driver, remote: Remote, what: str) -> None:
    rules = ProcoreRules(person_edit="overwrite")
    driver.one(command(content=CONTENT, rules=rules))
    edit(remote, what)
    end = driver.one(verify("overwrite"))
    assert isinstance(end, Refuse)
    assert end.reason == "procore.write_again"
    assert driver.one(command(content=CONTENT, rules=rules, sequence=6)) == Done()
    order = remote.order()
    assert (order["title"], order["status"]) == ("Footing rebar C4", "pending")
    assert remote.amounts() == Counter({"100.00": 1, "50.00": 1})


def test_an_older_writing_that_came_late_is_noticed_and_healed(driver: Driver, remote: Remote) -> None:
    old, new = CONTENT, payload(line("1", "120"), line("3", "5"), title="Newer")
    driver.one(command(content=old))
    driver.one(command(content=new, sequence=2))
    late = Driver(new_carrier(remote.sandbox.url))
    late.carrier.memory.ages = type(late.carrier.memory.ages)()
    late.one(command(content=old))
    late.carrier.close()
    assert remote.order()["title"] == "Footing rebar C4"
    end = driver.one(verify())
    assert isinstance(end, Refuse)
    assert end.reason == "procore.write_again"
    assert driver.one(command(content=new, sequence=2)) == Done()
    assert remote.order()["title"] == "Newer"
    assert remote.amounts() == Counter({"120.00": 1, "5.00": 1})


def test_a_deleted_record_is_asked_about(driver: Driver, remote: Remote) -> None:
    driver.one(command(content=CONTENT))
    remote.sandbox.people("delete", id=remote.order()["id"])
    end = driver.one(verify())
    assert isinstance(end, Review)
    assert end.reason == "procore.deleted_by_person"
