"""How many requests a POCO takes, how soon it is confirmed, and that no guarantee pays for it."""

from __future__ import annotations

from typing import Any

import pytest

from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind
from tests.contract.workers.cinx_submitter.world import World, command, payload
from workers.cinx_submitter.timeouts import Timeouts

JOB_SECONDS = 5
NEW_ORDER, KNOWN_ORDER, CHANGE = 6, 5, 6
"""The purchase order by its number (once an hour), its record and its POCOs; the import; list and record of the POCO. A
change reads the POCO, changes it, and reads it again beside its job."""
ACCOUNT = 3
"""Subscription, template and the list of cost codes, once an hour for all change orders of the account."""


def counted(world: World, *commands: Any) -> tuple[ChangeOrderOutcome, int, float]:
    """The end of the last command, the requests for each, and the seconds that all of them took."""
    requests, began = len(world.company.requests), world.time.seconds
    *_, end = world.run(*commands)
    return end, (len(world.company.requests) - requests) // len(commands), world.time.seconds - began


def order(number: int, purchase_order: str = "PO-123", **more: Any) -> Any:
    return command(str(number), payload(description=f"Change {number}"), order=purchase_order, **more)


@pytest.fixture(params=[0, 1, JOB_SECONDS], ids=lambda seconds: f"jobs of {seconds} s")
def seconds(request: pytest.FixtureRequest) -> int:
    """What a job takes CINX."""
    value: int = request.param
    return value


@pytest.fixture
def known(world: World, seconds: int) -> World:
    """A company of which one POCO on another purchase order has shown how long imports take."""
    world.company.settings(job_seconds=seconds)
    world.run(order(0, "PO-124"))
    return world


def test_a_poco_takes_no_more_requests_than_it_needs(known: World, seconds: int) -> None:
    end, requests, took = counted(known, order(1))
    assert end.kind is OutcomeKind.APPLIED
    assert requests <= NEW_ORDER
    assert took <= seconds + 1


def test_a_further_one_on_the_same_purchase_order_takes_one_less(known: World, seconds: int) -> None:
    known.run(order(1))
    for number in (2, 3):
        end, requests, took = counted(known, order(number))
        assert (end.kind, requests <= KNOWN_ORDER) == (OutcomeKind.APPLIED, True), requests
        assert took <= seconds + 1


def test_several_at_once_on_one_purchase_order_take_no_more_each(known: World) -> None:
    end, requests, _ = counted(known, *(order(number) for number in range(1, 6)))
    assert end.kind is OutcomeKind.APPLIED
    assert requests <= KNOWN_ORDER


def test_a_change_of_an_open_poco_takes_no_more_requests_than_it_needs(known: World) -> None:
    known.run(order(1))
    changed = command("1", payload(description="Changed"), sequence=2)
    end, requests, _ = counted(known, changed)
    assert end.kind is OutcomeKind.APPLIED
    assert requests <= CHANGE


def test_the_first_one_of_all_is_looked_at_often_and_soon_confirmed(world: World) -> None:
    world.company.settings(job_seconds=JOB_SECONDS)
    _, requests, took = counted(world, order(1))
    assert requests <= ACCOUNT + NEW_ORDER + 6
    assert took <= JOB_SECONDS + 1


# -- imports that take another time than is known


def test_an_import_that_has_become_faster_waits_for_a_few_seconds_and_only_for_an_hour(world: World) -> None:
    world.company.settings(job_seconds=20)
    world.run(order(0))
    world.company.settings(job_seconds=0)
    _, requests, took = counted(world, order(1))
    assert (requests <= KNOWN_ORDER, took <= Timeouts().longest_first_poll + 1) == (True, True), (requests, took)
    world.pass_time(3601)
    _, _, took = counted(world, order(2))
    assert took <= 1


def test_an_import_that_takes_longer_is_followed_by_its_job(known: World) -> None:
    known.company.settings(job_seconds=20)
    end, requests, took = counted(known, order(1))
    assert end.kind is OutcomeKind.APPLIED
    assert took <= 30
    assert requests <= NEW_ORDER + 12
    assert known.company.sent("POST") == 2


def test_a_failed_import_is_found_by_its_job(known: World) -> None:
    known.company.people("fail_jobs", count=1)
    end, _, _ = counted(known, order(1))
    assert (end.kind, end.reason) == (OutcomeKind.REJECTED, "cinx.job_failed")
    assert len(known.company.made()) == 1


# -- what is not believed without the job, and what is read each time


@pytest.mark.parametrize(
    "settings", [{"references_in_lists": False}, {"poco_late_seconds": 8}], ids=lambda one: next(iter(one))
)
def test_a_poco_that_does_not_show_as_expected_is_found_all_the_same(known: World, settings: dict[str, Any]) -> None:
    known.company.settings(**settings)
    end, _, _ = counted(known, order(1))
    assert end.kind is OutcomeKind.APPLIED
    assert known.company.sent("POST") == 2


def test_without_references_no_look_is_spent_before_the_job_has_ended() -> None:
    world = World()
    world.company.settings(job_seconds=JOB_SECONDS, keep_references=False)
    world.run(order(0, "PO-124"))
    world.company.requests.clear()
    world.run(order(1))
    after = [path for method, path in world.company.requests[[m for m, _ in world.company.requests].index("POST") :]]
    assert after[1].endswith("/status")
    world.close()


def test_a_successor_asks_the_job_first(known: World) -> None:
    known.company.settings(job_seconds=JOB_SECONDS)
    known.submit(order(1))
    known.settle(0.1)
    known.company.requests.clear()
    known.start()
    known.settle()
    looks = [path for _, path in known.company.requests if path.endswith(("/status", "/pocos"))]
    assert looks[0].endswith("/status")
    assert known.end(order(1)).kind is OutcomeKind.APPLIED


def test_lines_that_are_not_what_was_sent_are_judged_beside_the_job(known: World) -> None:
    edited: list[str] = []

    def cheaper(method: str, path: str) -> None:
        """CINX shows another price from the moment on at which the POCO is listed."""
        made = [poco for poco in known.company.made() if poco["detail"]["description"] == "Change 1"]
        if method == "GET" and path.endswith("/pocos") and made and not edited:
            edited.append(made[0]["cinx_guid"])
            known.company.people("edit_poco", cinx_guid=edited[0], items={"0": {"unit_price": 1}})

    known.company.between = cheaper
    end, _, _ = counted(known, order(1))
    assert edited
    assert (end.kind, end.reason) == (OutcomeKind.REJECTED, "cinx.read_back_differs")
    assert any(path.endswith("/status") for _, path in known.company.requests[-5:])


def test_what_somebody_types_in_after_one_of_ours_is_met_before_the_next(known: World) -> None:
    known.run(order(1))
    items = [{"quantity": 1, "unit_price": 5, "description": "By hand"}]
    known.company.people("create_poco", po="PO-123", description="Change 2", items=items)
    end, _, _ = counted(known, order(2))
    assert (end.kind, end.reason) == (OutcomeKind.NEEDS_REVIEW, "cinx.existing_poco")


def test_a_purchase_order_that_has_got_another_number_is_no_longer_it(known: World) -> None:
    known.run(order(1))
    known.company.people("set_po", po="PO-123", set={"number": "PO-123-OLD"})
    end, _, _ = counted(known, order(2))
    assert (end.kind, end.reason) == (OutcomeKind.REJECTED, "cinx.po_not_found")
    known.company.people("create_po", number="PO-123", items=[{"description": "Pipe", "quantity": 1}])
    known.pass_time(60)
    end, requests, _ = counted(known, order(3))
    assert end.kind is OutcomeKind.APPLIED
    assert requests <= NEW_ORDER
    (newest,) = [poco for poco in known.company.made() if poco["detail"]["description"] == "Change 3"]
    assert newest["detail"]["purchase_order"]["number"] == "PO-123"


@pytest.mark.parametrize("states", [{"procurement_status": "CLOSED"}, {"workflow_status": "DECLINED"}], ids=str)
def test_a_purchase_order_that_takes_nothing_more_is_seen_each_time(known: World, states: dict[str, str]) -> None:
    known.run(order(1))
    known.company.people("set_po", po="PO-123", set=states)
    sent = known.company.sent("POST")
    end, _, _ = counted(known, order(2))
    assert end.kind is OutcomeKind.REJECTED
    assert known.company.sent("POST") == sent
