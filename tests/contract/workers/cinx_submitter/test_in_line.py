"""One submission to a purchase order is open at a time; whoever waits long for another's is told so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.domain.failures import Throttled
from relay.domain.outcomes import OutcomeKind
from relay.engine.writer.steps import hold
from relay.engine.writer.steps.held import BEHIND_SUBMISSION, report_long_waits
from tests.contract.workers.cinx_submitter.world import World, command, payload

ONE = command("1")
OTHER = command("2", payload(description="Another"))
ELSEWHERE = command("3", payload(description="Elsewhere"), order="PO-124")


@pytest.fixture
def queued(world: World) -> World:
    """``OTHER`` waits for the submission of ``ONE``, whose job takes long."""
    world.company.settings(job_seconds=300)
    world.state.timing = replace(world.state.timing, held_reported_after=60.0)
    world.submit(ONE)
    world.settle(2)
    world.submit(OTHER)
    world.settle(2)
    assert world.company.sent("POST") == 1
    return world


def told(world: World) -> list[tuple[OutcomeKind, str | None]]:
    return [(outcome.kind, outcome.reason) for outcome in world.outcomes(OTHER)]


def test_a_short_wait_in_line_is_nothing_to_tell(queued: World) -> None:
    queued.pass_time(50)
    report_long_waits(queued.state)
    assert told(queued) == []


def test_a_long_wait_in_line_is_told_once_with_whose_submission_it_is(queued: World) -> None:
    queued.pass_time(60)
    report_long_waits(queued.state)
    queued.turn()
    report_long_waits(queued.state)
    (outcome,) = queued.outcomes(OTHER)
    assert (outcome.kind, outcome.reason) == (OutcomeKind.HELD, BEHIND_SUBMISSION)
    assert f"behind the submission of {ONE.change_order_key} to PO-123" in (outcome.sentence or "")
    queued.settle()
    assert queued.end(OTHER).kind is OutcomeKind.APPLIED


def test_a_long_wait_in_a_line_that_moves_is_nothing_to_tell(world: World) -> None:
    world.company.settings(job_seconds=40)
    world.state.timing = replace(world.state.timing, held_reported_after=60.0)
    third = command("4", payload(description="Third"))
    world.submit(ONE, OTHER, third)
    for _ in range(8):
        world.settle(10)
        report_long_waits(world.state)
    assert 1 <= len(world.company.made()) < 3
    assert BEHIND_SUBMISSION not in [one.reason for waiting in (ONE, OTHER, third) for one in world.outcomes(waiting)]


def test_a_rate_limit_is_not_told_as_a_wait_in_line(queued: World) -> None:
    queued.pass_time(60)
    hold.hold_tenant_until(queued.state, "cinx:acme", Throttled("later", wait_seconds=20.0))
    report_long_waits(queued.state)
    assert told(queued) == []


def test_who_goes_to_another_purchase_order_is_not_in_line(queued: World) -> None:
    queued.submit(ELSEWHERE)
    queued.settle(1)
    assert queued.company.sent("POST") == 2
