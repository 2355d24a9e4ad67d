"""Routes of several projects may feed one project of Procore under one target name, each by rules of its own.

A look at our own record then names any of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from deploy.sandbox.process import Simulated
from relay.domain.commands import ContractKind, Operation, ProcoreCommand, ProcoreRules
from relay.domain.events import EventReference
from relay.domain.outcomes import OutcomeKind
from relay.engine.writer.adapter import Done, NeedsReview, PlannedCall, Reject
from tests.contract.workers.procore_writer.harness import WORK_ORDER, Driver, command, line, new_adapter, payload
from tests.contract.workers.procore_writer.state import Remote

MINE = replace(WORK_ORDER, contract_id=44022, contract=ContractKind.PURCHASE_ORDER)
PLACE = EventReference(topic="observed", partition=1, offset=9, event_id="e")
CONTENT = payload(line("1", "100"), line("2", "50"))


class Routes:
    """What the last carried event gives by today's routes."""

    def __init__(self) -> None:
        self.now: ProcoreCommand | None = None
        self.asked = 0

    def __call__(self, origin_id: str, place: str) -> ProcoreCommand | None:
        assert place == "observed/1/9"
        self.asked += 1
        return self.now


@pytest.fixture
def routes() -> Routes:
    return Routes()


@pytest.fixture
def driver(procore: Simulated, routes: Routes) -> Iterator[Driver]:
    adapter = new_adapter(procore.url, remap=routes)
    yield Driver(adapter)
    adapter.close()


def written(driver: Driver, routes: Routes, **rules: str) -> ProcoreCommand:
    """A change order in contract 44022 by a route with these rules."""
    given = command(content=CONTENT, destination=MINE, rules=ProcoreRules(**rules), event=PLACE)
    assert driver.one(given) == Done()
    routes.now = replace(given, command_id="again")
    return given


def of_the_other_route(operation: Operation = Operation.VERIFY, **rules: str) -> ProcoreCommand:
    """A command about the record by the route to contract 44021."""
    return command(operation=operation, sequence=5, destination=WORK_ORDER, rules=ProcoreRules(**rules))


def rename(remote: Remote) -> None:
    remote.sandbox.people("edit", id=remote.order()["id"], set={"title": "By hand"})


@pytest.mark.parametrize("event", ["there", "gone"])
def test_a_deleted_record_is_looked_for_where_it_was_written(
    driver: Driver, remote: Remote, routes: Routes, event: str
) -> None:
    written(driver, routes)
    routes.now = routes.now if event == "there" else None
    remote.sandbox.people("delete", id=remote.order()["id"])
    remote.sandbox.forget()
    end = driver.one(of_the_other_route())
    assert isinstance(end, NeedsReview)
    assert end.reason == "procore.deleted_by_person"
    assert "contract 44022" in end.sentence
    assert not any("44021" in f"{row['path']}{row['query']}" for row in remote.sandbox.history())


def test_one_that_is_there_is_as_it_was(driver: Driver, remote: Remote, routes: Routes) -> None:
    written(driver, routes)
    assert driver.one(of_the_other_route()) == Done(kind=OutcomeKind.UNCHANGED)


@pytest.mark.parametrize("other", ["keep_theirs", "overwrite"])
def test_a_persons_edit_is_asked_about_where_its_own_route_asks(
    driver: Driver, remote: Remote, routes: Routes, other: str
) -> None:
    written(driver, routes, person_edit="letter")
    rename(remote)
    end = driver.one(of_the_other_route(person_edit=other))
    assert isinstance(end, NeedsReview)
    assert end.reason == "procore.person_edit"
    assert remote.order()["title"] == "By hand"


def test_a_persons_edit_is_kept_where_its_own_route_keeps_it(driver: Driver, remote: Remote, routes: Routes) -> None:
    written(driver, routes, person_edit="keep_theirs")
    rename(remote)
    end = driver.one(of_the_other_route(person_edit="overwrite"))
    assert isinstance(end, Done)
    assert end.reason == "procore.kept_theirs"
    assert remote.order()["title"] == "By hand"


def test_a_persons_edit_is_written_over_where_its_own_route_does(
    driver: Driver, remote: Remote, routes: Routes
) -> None:
    written(driver, routes, person_edit="overwrite")
    rename(remote)
    assert driver.one(of_the_other_route(person_edit="letter")) == Done()
    assert remote.order()["title"] == CONTENT.title
    assert remote.order()["contract_id"] == MINE.contract_id


def test_two_routes_to_one_contract_keep_their_own_rules(driver: Driver, remote: Remote, routes: Routes) -> None:
    written(driver, routes, person_edit="letter")
    rename(remote)
    look = replace(of_the_other_route(person_edit="keep_theirs"), destination=MINE)
    end = driver.one(look)
    assert isinstance(end, NeedsReview)
    assert end.reason == "procore.person_edit"


def test_a_route_that_no_longer_carries_it_still_tells_its_rules(
    driver: Driver, remote: Remote, routes: Routes
) -> None:
    given = written(driver, routes, person_edit="overwrite")
    routes.now = replace(given, operation=Operation.WITHDRAW, payload=None)
    rename(remote)
    end = driver.one(of_the_other_route(person_edit="keep_theirs"))
    assert isinstance(end, Reject)
    assert end.reason == "procore.write_again"
    assert remote.order()["title"] == "By hand"


def test_nothing_is_written_over_in_a_contract_that_its_route_has_left(
    driver: Driver, remote: Remote, routes: Routes
) -> None:
    given = written(driver, routes, person_edit="overwrite")
    routes.now = replace(given, destination=WORK_ORDER)
    rename(remote)
    end = driver.one(of_the_other_route())
    assert isinstance(end, Reject)
    assert end.reason == "procore.destination_changed"
    assert [row["contract_id"] for row in remote.orders()] == [MINE.contract_id]


def test_what_is_looked_at_waits_with_its_own_project(driver: Driver, routes: Routes) -> None:
    written(driver, routes)
    look = replace(of_the_other_route(), destination=replace(WORK_ORDER, project_id=999))
    assert driver.adapter.destination_scope(driver.task(look)) == "project:315"


# -- a person's decision about such a look


def test_a_deleted_one_may_be_made_anew_where_it_was(driver: Driver, remote: Remote, routes: Routes) -> None:
    given = written(driver, routes)
    remote.sandbox.people("delete", id=remote.order()["id"])
    asked = driver.one(of_the_other_route())
    assert isinstance(asked, NeedsReview)
    end = driver.one(of_the_other_route(Operation.RESUBMIT))
    assert isinstance(end, Done)
    for words in (asked.sentence, end.sentence or ""):
        assert f"`cor replay --change-order {given.root}`" in words
    assert driver.one(replace(given, sequence=6, command_id="later")) == Done()
    assert remote.order()["contract_id"] == MINE.contract_id


def test_another_record_of_its_own_contract_is_adopted(driver: Driver, remote: Remote, routes: Routes) -> None:
    written(driver, routes)
    remote.sandbox.people("delete", id=remote.order()["id"])
    assert isinstance(driver.one(of_the_other_route()), NeedsReview)
    typed = remote.sandbox.people("create_pco", contract=MINE.contract_id, title="Typed in")
    decided = replace(of_the_other_route(Operation.ADOPT), adopt_remote_id=str(typed["id"]))
    end = driver.one(decided)
    assert isinstance(end, Done), end
    assert remote.order()["id"] == typed["id"]
    assert remote.order()["origin_id"] == decided.origin_id


def test_a_decision_does_not_follow_a_route_to_another_contract(driver: Driver, remote: Remote, routes: Routes) -> None:
    given = written(driver, routes)
    routes.now = replace(given, destination=WORK_ORDER)
    end = driver.one(of_the_other_route(Operation.RESUBMIT))
    assert isinstance(end, Reject)
    assert end.reason == "procore.destination_changed"


def test_planning_reads_no_event_itself(driver: Driver, remote: Remote, routes: Routes) -> None:
    written(driver, routes)
    for operation in (Operation.VERIFY, Operation.RESUBMIT):
        plan = driver.adapter.plan(driver.task(of_the_other_route(operation)))
        assert isinstance(plan, PlannedCall)
        assert (plan.step, plan.writes) == ("map_again", False)
    assert routes.asked == 0
