"""While one change order's submission waits for a person, no other is submitted to the same purchase order."""

from __future__ import annotations

import pytest

from relay.domain.commands import Operation
from relay.domain.ledger import HoldKind
from relay.domain.outcomes import OutcomeKind
from relay.engine.writer.state.claims import BEHIND_REVIEW
from relay.engine.writer.steps.held import report_long_waits
from tests.contract.workers.cinx_submitter.company import Loss
from tests.contract.workers.cinx_submitter.world import World, command, payload

ONE = command("1")
OTHER = command("2", payload(description="Another"))
ELSEWHERE = command("3", payload(description="Elsewhere"), order="PO-124")


def in_review(world: World) -> None:
    """The answer to ``ONE`` was lost, and its POCO is not found."""
    world.company.lose(Loss.BEFORE)
    (end,) = world.run(ONE)
    assert (end.kind, end.reason) == (OutcomeKind.NEEDS_REVIEW, "cinx.in_doubt")


def ends(world: World) -> list[OutcomeKind]:
    return [outcome.kind for outcome in world.outcomes(OTHER) if outcome.kind.is_terminal]


@pytest.mark.parametrize("takeover", [False, True])
def test_the_others_of_its_purchase_order_wait_and_those_of_others_do_not(
    world: World,
    takeover: bool,  # noqa: FBT001 - pytest
) -> None:
    in_review(world)
    world.submit(OTHER, ELSEWHERE)
    world.settle(5000)
    if takeover:
        world.start()
        world.settle(5000)
    assert (ends(world), world.end(ELSEWHERE).kind) == ([], OutcomeKind.APPLIED)
    assert world.company.sent("POST") == 2
    (hold,) = world.state.holds.all()
    assert (hold.kind, hold.scope) == (HoldKind.DOUBT, f"cinx:acme/purchase_order:PO-123/{ONE.origin_id}")
    assert ONE.change_order_key in hold.sentence
    assert "PO-123" in hold.sentence


def test_whoever_waits_is_told_so(world: World) -> None:
    world.state.timing = type(world.state.timing)(held_reported_after=60.0)
    in_review(world)
    world.submit(OTHER)
    world.settle(10)
    world.pass_time(61)
    report_long_waits(world.state)
    (told,) = world.outcomes(OTHER)
    assert (told.kind, told.reason) == (OutcomeKind.HELD, BEHIND_REVIEW)
    assert "waits for a person" in (told.sentence or "")


@pytest.mark.parametrize("takeover", [False, True])
@pytest.mark.parametrize("decision", [Operation.RESUBMIT, Operation.ADOPT])
def test_they_go_on_once_it_is_decided(
    world: World,
    decision: Operation,
    takeover: bool,  # noqa: FBT001 - pytest
) -> None:
    in_review(world)
    world.submit(OTHER)
    world.settle(5000)
    if takeover:
        world.start()
    named = None
    if decision is Operation.ADOPT:
        items = [{"quantity": 1, "unit_price": 304, "description": "By hand"}]
        named = world.company.people("create_poco", po="PO-123", items=items)["number"]
    decided = world.decide(ONE, decision, named)
    assert world.end(decided).kind is OutcomeKind.APPLIED
    assert ends(world) == [OutcomeKind.APPLIED]
    assert list(world.state.holds.all()) == []
    assert world.letters() == []


def test_a_decision_that_names_no_usable_poco_keeps_them_waiting(world: World) -> None:
    in_review(world)
    world.submit(OTHER)
    world.settle(5000)
    decided = world.decide(ONE, Operation.ADOPT, "PO123-77")
    assert world.end(decided).reason == "cinx.adopt_not_found"
    assert ends(world) == []
    assert len(list(world.state.holds.all())) == 1


def test_what_waited_already_when_it_came_into_review_goes_on_waiting(world: World) -> None:
    """It was planned, and waited for the open submission; that this has ended in review frees nothing."""
    world.company.lose(Loss.BEFORE)
    world.submit(ONE, OTHER)
    world.settle(5000)
    assert [one.reason for one in world.log.outcomes if one.kind.is_terminal] == ["cinx.in_doubt"]
    assert world.company.sent("POST") == 1


def test_where_the_purchase_order_shows_that_references_are_kept_nobody_waits(world: World) -> None:
    """Whatever appears late carries its reference, so that it is taken for no other."""
    world.run(command("9", payload(description="Earlier")))
    world.pass_time(60)
    in_review(world)
    world.run(OTHER)
    assert ends(world) == [OutcomeKind.APPLIED]
    assert list(world.state.holds.all()) == []


def test_where_references_are_not_kept_everybody_waits(world: World) -> None:
    world.company.settings(keep_references=False)
    world.run(command("9", payload(description="Earlier")))
    world.pass_time(60)
    in_review(world)
    world.submit(OTHER)
    world.settle(5000)
    assert ends(world) == []


def test_a_question_about_what_was_never_sent_bars_nobody(world: World) -> None:
    items = [{"quantity": 1, "unit_price": 5, "description": "By hand"}]
    world.company.people("create_poco", po="PO-123", description="Footing over-excavation", items=items)
    (end,) = world.run(ONE)
    assert end.reason == "cinx.existing_poco"
    world.run(OTHER)
    assert ends(world) == [OutcomeKind.APPLIED]


def test_a_withdrawal_of_what_waits_needs_no_submission_and_does_not_wait(world: World) -> None:
    in_review(world)
    world.submit(OTHER)
    world.settle(100)
    (end,) = world.run(command("2", operation=Operation.WITHDRAW, sequence=2))
    assert end.kind is OutcomeKind.WITHDRAWN


def test_a_submission_that_arrives_after_the_review_is_not_taken_for_another(world: World) -> None:
    """Both say the same, and CINX keeps no references: only waiting keeps the two apart."""
    world.company.settings(keep_references=False)
    world.company.late_seconds = 1000
    world.company.lose(Loss.LATE)
    world.run(ONE)
    same = command("2")
    world.submit(same)
    world.settle(500)
    world.pass_time(1000)
    world.settle(500)
    assert [one.kind for one in world.outcomes(same) if one.kind.is_terminal] == []
    assert len(world.company.made()) == 1
    decided = world.decide(ONE, Operation.ADOPT, world.company.made()[0]["number"])
    assert world.end(decided).kind is OutcomeKind.APPLIED
    assert world.entry(ONE).remote["poco_guid"] == world.company.made()[0]["cinx_guid"]
    assert world.end(same).kind is OutcomeKind.APPLIED, "what the ledger knows as another's is not this one"
    assert len(world.company.made()) == 2
