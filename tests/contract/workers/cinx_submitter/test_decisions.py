"""What was there before us, and a person's decisions."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from relay.domain.commands import CinxRules, Operation
from relay.domain.outcomes import OutcomeKind
from tests.contract.workers.cinx_submitter.company import Loss
from tests.contract.workers.cinx_submitter.world import World, command, line, payload


def by_hand(world: World, **more: Any) -> Any:
    """A POCO that a person has made, saying what the change order says."""
    content = payload()
    items = [
        {"quantity": one.quantity, "unit_price": one.unit_price, "description": one.description}
        for one in content.lines
    ]
    return world.company.people(
        "create_poco", **({"po": "PO-123", "description": content.description, "items": items} | more)
    )


@pytest.mark.parametrize(
    "description",
    [
        "Footing over-excavation",
        "FOOTING\u00a0over-excavation\u200b",
        "Footing over\ufe0d-excavation ",
        "Foo\u00adting  over-excavation",
    ],
)
def test_a_poco_of_the_same_description_is_a_persons_business(world: World, description: str) -> None:
    by_hand(world, description=description)
    one = command()
    (end,) = world.run(one)
    assert (end.kind, end.reason) == (OutcomeKind.NEEDS_REVIEW, "cinx.existing_poco")
    assert (world.company.sent("POST"), len(world.letter().sides)) == (0, 2)
    decided = world.decide(one, Operation.RESUBMIT)
    assert world.end(decided).kind is OutcomeKind.APPLIED
    assert len(world.company.made()) == 1


@pytest.mark.parametrize("by", ["number", "cinx_guid"])
def test_a_poco_that_a_person_names_stands_for_the_change_order(world: World, by: str) -> None:
    made = by_hand(world)
    one = command()
    world.run(one)
    decided = world.decide(one, Operation.ADOPT, made[by])
    assert world.end(decided).kind is OutcomeKind.APPLIED
    assert world.letters() == []
    assert world.entry(one).remote["poco_guid"] == made["cinx_guid"]
    (end,) = world.run(command(mapped=5))
    assert end.kind is OutcomeKind.UNCHANGED
    assert world.company.made() == []


def test_the_rule_adopt_takes_a_poco_that_says_the_same(world: World) -> None:
    made = by_hand(world)
    one = command(rules=CinxRules(existing="adopt"))
    (end,) = world.run(one)
    assert (end.kind, world.company.made()) == (OutcomeKind.APPLIED, [])
    assert world.entry(one).remote["poco_guid"] == made["cinx_guid"]


def test_the_rule_adopt_takes_none_that_says_something_else(world: World) -> None:
    by_hand(world, items=[{"quantity": 1, "unit_price": 1, "description": "Other"}])
    (end,) = world.run(command(rules=CinxRules(existing="adopt")))
    assert end.reason == "cinx.existing_poco"


def test_the_rule_create_orders_all_the_same(world: World) -> None:
    by_hand(world)
    (end,) = world.run(command(rules=CinxRules(existing="create")))
    assert (end.kind, len(world.company.made())) == (OutcomeKind.APPLIED, 1)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("PO123-99", "cinx.adopt_not_found"), ("", "cinx.adopt_unnamed"), ("PO124-01", "cinx.adopt_not_found")],
)
def test_a_name_that_stands_for_no_poco_of_the_purchase_order(world: World, name: str, reason: str) -> None:
    by_hand(world)
    by_hand(world, po="PO-124")
    one = command()
    world.run(one)
    decided = world.decide(one, Operation.ADOPT, name)
    assert world.end(decided).reason == reason
    assert world.entry(one).review is not None, "the question stays open"
    assert world.entry(one).sent_sequence is None, "nothing was sent"


def test_who_names_a_wrong_poco_is_asked_again_with_both_sides(world: World) -> None:
    made = by_hand(world)
    other = command("2", payload(description="Another"))
    world.run(other)
    one = command()
    world.run(one)
    decided = world.decide(one, Operation.ADOPT, "PO123-99")
    assert world.end(decided).kind is OutcomeKind.NEEDS_REVIEW
    ours, *theirs = map(json.loads, world.letter().sides)
    assert (ours["description"], [side["number"] for side in theirs]) == (payload().description, [made["number"]])
    (end,) = world.run(replace(decided, command_id="again", adopt_remote_id=made["number"]))
    assert (end.kind, world.letters()) == (OutcomeKind.APPLIED, [])


def test_a_wrong_name_holds_nothing_that_was_not_held(world: World) -> None:
    """A letter that asks for no decision may be answered by one all the same."""
    world.run(command())
    world.company.people("submit_poco", cinx_guid=world.company.made()[0]["cinx_guid"])
    locked = command(content=payload(description="Later"), sequence=2)
    (end,) = world.run(locked)
    assert end.reason == "cinx.poco_locked"
    world.decide(locked, Operation.ADOPT, "PO123-99")
    assert world.entry(locked).review is None


def test_a_poco_of_another_purchase_order_is_not_taken(world: World) -> None:
    by_hand(world)
    other = by_hand(world, po="PO-124")
    one = command()
    world.run(one)
    decided = world.decide(one, Operation.ADOPT, other["cinx_guid"])
    assert world.end(decided).reason == "cinx.adopt_wrong_order"


def test_the_poco_of_another_change_order_is_not_taken(world: World) -> None:
    other = command("2", payload(description="Another"))
    world.run(other)
    by_hand(world)
    one = command()
    world.run(one)
    decided = world.decide(one, Operation.ADOPT, world.entry(other).remote["poco_guid"])
    assert world.end(decided).reason == "cinx.origin_id_owned"


def test_another_installations_poco_is_never_doubled_or_changed(world: World) -> None:
    one = command()
    mark = [
        {"type": "change-order-relay", "description": "x", "value": one.origin_id},
        {"type": "change-order-relay-installation", "description": "x", "value": "other"},
    ]
    by_hand(world, external_references=mark)
    (end,) = world.run(one)
    assert (end.kind, end.reason) == (OutcomeKind.REJECTED, "cinx.origin_id_owned")
    assert world.company.made() == []


@pytest.mark.parametrize("in_lists", [True, False])
def test_a_ledger_that_was_lost_orders_nothing_twice(world: World, in_lists: bool) -> None:  # noqa: FBT001 - pytest
    world.company.settings(references_in_lists=in_lists)
    world.run(command())
    world.log.compacted.clear()
    world.start()
    again = command(mapped=9)
    (end,) = world.run(again)
    assert end.kind is OutcomeKind.UNCHANGED
    assert len(world.company.made()) == 1
    assert world.entry(again).remote["poco_guid"] == world.company.made()[0]["cinx_guid"]


@pytest.mark.parametrize("locked", [True, False])
def test_after_a_lost_ledger_an_order_by_the_former_rule_for_quantities_is_unchanged(
    world: World,
    locked: bool,  # noqa: FBT001 - pytest
) -> None:
    world.run(command(content=payload(line("1", "56.66"), line("2", "18.4", "10"))))
    if locked:
        world.company.people("lock_poco", cinx_guid=world.company.made()[0]["cinx_guid"])
    world.log.compacted.clear()
    world.start()
    (end,) = world.run(command(content=payload(line("1", "3.333", "17"), line("2", "18.4", "10")), mapped=9))
    assert end.kind is OutcomeKind.UNCHANGED
    assert (world.company.sent("POST"), world.company.sent("PUT"), world.letters()) == (1, 0, [])


def test_a_submission_in_doubt_that_certainly_did_not_arrive_is_submitted_once_more(world: World) -> None:
    world.company.lose(Loss.BEFORE)
    one = command()
    world.run(one)
    decided = world.decide(one, Operation.RESUBMIT)
    assert world.end(decided).kind is OutcomeKind.APPLIED
    assert (len(world.company.made()), world.company.sent("POST"), world.letters()) == (1, 2, [])


def test_a_submission_in_doubt_that_arrived_after_all_is_not_submitted_again(world: World) -> None:
    world.company.late_seconds = 1000
    world.company.lose(Loss.LATE)
    one = command()
    (end,) = world.run(one)
    assert end.reason == "cinx.in_doubt"
    world.pass_time(1000)
    decided = world.decide(one, Operation.RESUBMIT)
    assert world.end(decided).kind is OutcomeKind.UNCHANGED or world.end(decided).kind is OutcomeKind.APPLIED
    assert (len(world.company.made()), world.company.sent("POST"), world.company.sent("PUT")) == (1, 1, 0)


def test_a_newer_revision_waits_for_the_decision(world: World) -> None:
    world.company.lose(Loss.BEFORE)
    one, newer = command(), command(sequence=2, content=payload(description="Revised"))
    world.run(one)
    world.submit(newer)
    world.settle(3000)
    assert [outcome.kind for outcome in world.outcomes(newer) if outcome.kind.is_terminal] == []
    world.decide(one, Operation.RESUBMIT)
    assert world.end(newer).kind is OutcomeKind.APPLIED
    assert len(world.company.made()) == 1


def test_both_sides_are_told_without_escapes_and_without_our_mark() -> None:
    world = World()
    world.company.settings(escaped_texts=True)
    text = 'Beam 3" & <plate>'
    by_hand(world, description="Over & out", items=[{"quantity": 1, "unit_price": 9, "description": text}])
    world.run(command(content=payload(line("1", "120", description=text), description="Over & out")))
    ours, theirs = map(json.loads, world.letter().sides)
    assert [side["description"] for side in (ours, theirs)] == ["Over & out"] * 2
    assert [side["items"][0]["description"] for side in (ours, theirs)] == [text] * 2
    assert [side["items"][0]["cost_code"] for side in (ours, theirs)] == ["03-300", None]
    assert "external_references" not in ours
    world.close()


def test_a_poco_of_ours_says_for_what_it_was_made(world: World) -> None:
    world.run(command())
    again = command(content=payload(description="Otherwise"), mapped=1)
    world.run(again)
    _, theirs = map(json.loads, world.letter().sides)
    assert (theirs["made_for"], theirs["revision"], theirs["external_references"]) == (again.origin_id, "1", {})


@pytest.mark.parametrize("spelled", [str, str.lower])
@pytest.mark.parametrize("base", ["name", "number"])
def test_a_poco_is_known_by_the_number_that_people_see(world: World, base: str, spelled: Callable[[str], str]) -> None:
    world.company.settings(number_base=base)
    made = by_hand(world)
    one = command()
    world.run(one)
    decided = world.decide(one, Operation.ADOPT, spelled(made["number"]))
    assert world.end(decided).kind is OutcomeKind.APPLIED


def test_the_end_of_a_number_alone_names_none(world: World) -> None:
    by_hand(world)
    one = command()
    world.run(one)
    assert world.end(world.decide(one, Operation.ADOPT, "-01")).reason == "cinx.adopt_not_found"


def test_a_change_in_doubt_shows_what_is_wanted_beside_what_is_there(world: World) -> None:
    world.run(command(content=payload(line("1", "120"))))
    (poco,) = world.company.made()
    world.company.lose(Loss.BEFORE, "PUT")
    second = command(content=payload(line("1", "120", "2")), sequence=2)
    world.submit(second)
    world.settle(0.1)
    world.company.people("edit_poco", cinx_guid=poco["cinx_guid"], items={"0": {"quantity": 5}})
    world.settle()
    assert world.end(second).reason == "cinx.change_in_doubt"
    sides = [json.loads(side)["items"][0]["quantity"] for side in world.letter().sides]
    assert sides == [2, 5]
