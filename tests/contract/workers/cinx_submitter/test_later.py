"""Later revisions, withdrawals and what people do to a POCO afterwards."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from relay.domain.commands import CinxCommand, CinxPayload, CinxRules, Operation
from relay.domain.outcomes import OutcomeKind
from relay.domain.sources import cinx, native_json
from relay.engine.writer.adapter import Task
from tests.contract.workers.cinx_submitter.company import Loss, references, total
from tests.contract.workers.cinx_submitter.world import World, command, line, payload

FIRST = payload(line("1", "120"), line("2", "18.4", "10"), line("3", "7", "3"))
REVISED = payload(line("1", "120", "2"), line("2", "20", "10"), line("4", "33"), description="Footing, revised")
FURTHER = CinxRules(later="further")


def lines_of(poco: dict[str, Any]) -> Counter[tuple[str, Decimal, Decimal]]:
    return Counter(
        (item["description"], Decimal(str(item["quantity"])), Decimal(str(item["unit_price"])))
        for item in poco["items"]
        if item["quantity"]
    )


def amount(content: CinxPayload) -> Decimal:
    return sum((one.quantity * one.unit_price for one in content.lines), Decimal(0))


@pytest.mark.parametrize("put_items", ["merge", "replace"])
@pytest.mark.parametrize("synchronous", [False, True])
def test_an_open_poco_is_changed_line_by_line(put_items: str, synchronous: bool) -> None:  # noqa: FBT001 - pytest
    world = World(synchronous=synchronous)
    world.company.settings(put_items=put_items)
    world.run(command(content=FIRST))
    before = {item["description"]: item["cinx_guid"] for item in world.company.made()[0]["items"]}
    second = command(content=REVISED, sequence=2)
    (end,) = world.run(second)
    assert end.kind is OutcomeKind.APPLIED, end.sentence
    (poco,) = world.company.made()
    assert lines_of(poco) == Counter(
        {
            ("Item 1", Decimal(2), Decimal(120)): 1,
            ("Item 2", Decimal(10), Decimal(20)): 1,
            ("Item 4", Decimal(1), Decimal(33)): 1,
        }
    )
    after = {item["description"]: item["cinx_guid"] for item in poco["items"]}
    assert {name: after[name] for name in ("Item 1", "Item 2")} == {name: before[name] for name in ("Item 1", "Item 2")}
    assert references(poco)["change-order-relay-sequence"] == "2"
    assert poco["detail"]["description"] == "Footing, revised"
    world.close()


def test_a_change_whose_answer_was_lost_is_recognised_by_its_lines_alone(world: World) -> None:
    """CINX keeps a description of its own."""
    world.company.settings(keep_descriptions=False)
    world.run(command(content=FIRST))
    world.company.lose(Loss.AFTER, "PUT")
    second = command(content=REVISED, sequence=2)
    (end,) = world.run(second)
    assert end.kind is OutcomeKind.APPLIED, end.sentence
    assert world.company.sent("PUT") == 1


def test_a_change_of_the_description_alone_is_carried(world: World) -> None:
    world.run(command())
    (end,) = world.run(command(content=payload(description="Footing, other words"), sequence=2))
    assert end.kind is OutcomeKind.APPLIED
    assert world.company.made()[0]["detail"]["description"] == "Footing, other words"


@pytest.mark.parametrize("job_seconds", [0, 60])
@pytest.mark.parametrize("loss", [Loss.AFTER, Loss.ERROR_AFTER, Loss.LATE])
def test_a_change_whose_answer_was_lost_is_made_once(world: World, loss: Loss, job_seconds: int) -> None:
    """However long CINX's job takes: it would add the new line a second time."""
    world.run(command(content=FIRST))
    world.company.settings(job_seconds=job_seconds)
    world.company.lose(loss, "PUT")
    (end,) = world.run(command(content=REVISED, sequence=2))
    assert end.kind is OutcomeKind.APPLIED, end.sentence
    world.pass_time(300)
    (poco,) = world.company.made()
    assert total(poco) == amount(REVISED)
    assert sum(lines_of(poco).values()) == 3
    assert world.company.sent("PUT") == 1


@pytest.mark.parametrize("loss", [Loss.BEFORE, Loss.ERROR_BEFORE])
def test_a_change_that_adds_lines_and_never_shows_is_a_persons_business(world: World, loss: Loss) -> None:
    world.run(command(content=FIRST))
    world.company.lose(loss, "PUT")
    second = command(content=REVISED, sequence=2)
    (end,) = world.run(second)
    assert (end.kind, end.reason, world.company.sent("PUT")) == (
        OutcomeKind.NEEDS_REVIEW,
        "cinx.change_in_doubt",
        1,
    )
    assert "still says what it said before" in (end.sentence or "")
    assert world.end(world.decide(second, Operation.RESUBMIT)).kind is OutcomeKind.APPLIED
    assert (total(world.company.made()[0]), world.company.sent("PUT")) == (amount(REVISED), 2)


@pytest.mark.parametrize("loss", [Loss.BEFORE, Loss.ERROR_BEFORE])
def test_a_lost_change_that_adds_no_line_goes_out_again(world: World, loss: Loss) -> None:
    """Made twice it says the same."""
    world.run(command(content=FIRST))
    world.company.lose(loss, "PUT")
    revised = payload(line("1", "120", "2"), line("2", "20", "10"))
    (end,) = world.run(command(content=revised, sequence=2))
    assert end.kind is OutcomeKind.APPLIED, end.sentence
    assert (total(world.company.made()[0]), world.company.sent("PUT")) == (amount(revised), 2)


def test_a_change_whose_owner_dies_before_its_job_is_known_is_made_once(world: World) -> None:
    world.run(command(content=FIRST))
    world.company.settings(job_seconds=60)
    world.company.lose(Loss.AFTER, "PUT")
    second = command(content=REVISED, sequence=2)
    world.submit(second)
    while not world.company.sent("PUT"):
        world.turn()
    world.start()
    world.settle()
    assert world.end(second).kind is OutcomeKind.APPLIED
    world.pass_time(300)
    assert (total(world.company.made()[0]), world.company.sent("PUT")) == (amount(REVISED), 1)


def test_a_failed_change_is_a_letter_and_the_poco_stays_as_it_was(world: World) -> None:
    world.run(command(content=FIRST))
    world.company.people("fail_jobs", count=1)
    (end,) = world.run(command(content=REVISED, sequence=2))
    assert end.reason == "cinx.job_failed"
    assert total(world.company.made()[0]) == amount(FIRST)
    (again,) = world.run(command(content=REVISED, sequence=2, mapped=1))
    assert again.kind is OutcomeKind.APPLIED
    assert total(world.company.made()[0]) == amount(REVISED)


def test_what_a_person_changed_is_not_overwritten(world: World) -> None:
    world.run(command(content=FIRST))
    (poco,) = world.company.made()
    world.company.people("edit_poco", cinx_guid=poco["cinx_guid"], items={"0": {"quantity": 5}})
    second = command(content=REVISED, sequence=2)
    (end,) = world.run(second)
    assert (end.kind, end.reason) == (OutcomeKind.NEEDS_REVIEW, "cinx.person_edit")
    assert world.company.sent("PUT") == 0
    decided = world.decide(second, Operation.RESUBMIT)
    assert world.end(decided).kind is OutcomeKind.APPLIED
    assert total(world.company.made()[0]) == amount(REVISED)


LOCKS = ["submit_poco", "lock_poco"]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_locked_poco_is_never_changed(world: World, lock: str) -> None:
    world.run(command(content=FIRST))
    (poco,) = world.company.made()
    world.company.people(lock, cinx_guid=poco["cinx_guid"])
    (end,) = world.run(command(content=REVISED, sequence=2))
    assert (end.kind, end.reason) == (OutcomeKind.REJECTED, "cinx.poco_locked")
    assert (world.company.sent("PUT"), world.company.sent("POST")) == (0, 1)


@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize("keeps", [True, False])
def test_the_difference_is_ordered_as_well_where_the_route_says_so(
    world: World,
    lock: str,
    keeps: bool,  # noqa: FBT001 - pytest
) -> None:
    world.company.settings(keep_references=keeps)
    one = command(content=FIRST, rules=FURTHER)
    world.run(one)
    world.company.people(lock, cinx_guid=world.company.made()[0]["cinx_guid"])
    (end,) = world.run(command(content=REVISED, sequence=2, rules=FURTHER))
    assert end.kind is OutcomeKind.APPLIED, end.sentence
    first, second = world.company.made()
    assert total(first) == amount(FIRST)
    assert total(first) + total(second) == amount(REVISED)
    assert lines_of(second) == Counter(
        {
            ("Item 1", Decimal(1), Decimal(120)): 1,
            ("Item 2", Decimal(10), Decimal(20)): 1,
            ("Item 2", Decimal(-10), Decimal("18.4")): 1,
            ("Item 3", Decimal(-3), Decimal(7)): 1,
            ("Item 4", Decimal(1), Decimal(33)): 1,
        }
    )
    assert [record.remote_id for record in end.remote] == [second["cinx_guid"], first["cinx_guid"]]
    (third,) = world.run(command(content=FIRST, sequence=3, rules=FURTHER))
    assert third.kind is OutcomeKind.APPLIED
    assert sum(map(total, world.company.made())) == amount(FIRST)
    assert len(world.company.made()) == 2, "the further POCO is still open and is changed"


def test_the_difference_is_against_what_cinx_really_holds(world: World) -> None:
    world.run(command(content=FIRST, rules=FURTHER))
    (poco,) = world.company.made()
    world.company.people("edit_poco", cinx_guid=poco["cinx_guid"], items={"0": {"quantity": 4}})
    world.company.people("submit_poco", cinx_guid=poco["cinx_guid"])
    (end,) = world.run(command(content=REVISED, sequence=2, rules=FURTHER))
    assert end.kind is OutcomeKind.APPLIED
    assert sum(map(total, world.company.made())) == amount(REVISED)


def test_what_was_declined_is_not_held(world: World) -> None:
    world.run(command(content=FIRST, rules=FURTHER))
    (poco,) = world.company.made()
    world.company.people("submit_poco", cinx_guid=poco["cinx_guid"])
    world.company.people("decline_poco", cinx_guid=poco["cinx_guid"])
    world.run(command(content=REVISED, sequence=2, rules=FURTHER))
    assert total(world.company.made()[1]) == amount(REVISED)


def test_a_revision_that_changes_nothing_orders_nothing(world: World) -> None:
    world.run(command(content=FIRST, rules=FURTHER))
    world.company.people("submit_poco", cinx_guid=world.company.made()[0]["cinx_guid"])
    same = payload(*FIRST.lines, number="008")
    second = command(content=same, sequence=2, rules=FURTHER)
    (end,) = world.run(second)
    assert end.kind is OutcomeKind.APPLIED
    assert len(world.company.made()) == 1
    calls = len(world.company.requests)
    world.run(command(content=same, sequence=2, rules=FURTHER, mapped=1))
    assert len(world.company.requests) == calls


def test_a_further_difference_of_new_totals_is_not_guessed(world: World) -> None:
    rules = CinxRules(later="further", lines="by_description")
    rebar = line("1", "18.4", "10", description="#5 rebar, 20 ft")
    world.run(command(content=payload(rebar), rules=rules))
    world.company.people("submit_poco", cinx_guid=world.company.made()[0]["cinx_guid"])
    more = line("1", "18.4", "12", description="#5 rebar, 20 ft")
    (end,) = world.run(command(content=payload(more), sequence=2, rules=rules))
    assert end.reason == "cinx.further_unclear"


@pytest.mark.parametrize("lock", [None, "submit_poco"])
def test_the_same_revision_with_another_content_is_never_a_second_order_by_itself(
    world: World, lock: str | None
) -> None:
    world.run(command(content=FIRST, rules=FURTHER))
    (poco,) = world.company.made()
    if lock:
        world.company.people(lock, cinx_guid=poco["cinx_guid"])
    again = command(content=REVISED, mapped=1, rules=FURTHER)
    (end,) = world.run(again)
    assert (end.kind, end.reason) == (OutcomeKind.NEEDS_REVIEW, "cinx.payload_changed")
    ours, theirs = world.letter().sides
    assert "Footing, revised" in ours
    assert poco["cinx_guid"] in theirs
    assert (world.company.sent("POST"), world.company.sent("PUT")) == (1, 0)
    decided = world.decide(again, Operation.RESUBMIT)
    assert world.end(decided).kind is OutcomeKind.APPLIED
    assert sum(map(total, world.company.made())) == amount(REVISED)
    assert len(world.company.made()) == (2 if lock else 1)


def test_a_purchase_order_that_has_become_another_is_a_letter(world: World) -> None:
    world.run(command(content=FIRST))
    (end,) = world.run(command(content=REVISED, sequence=2, order="PO-124"))
    assert end.reason == "cinx.destination_changed"
    assert len(world.company.made()) == 1


# -- withdrawal and deletion


def test_a_withdrawal_after_the_submission_is_a_letter_with_what_was_submitted(world: World) -> None:
    world.run(command())
    (poco,) = world.company.made()
    world.company.people("submit_poco", cinx_guid=poco["cinx_guid"])
    withdrawal = command(sequence=2, operation=Operation.WITHDRAW, reason="status_not_carried")
    (end,) = world.run(withdrawal)
    assert (end.kind, end.reason) == (OutcomeKind.REJECTED, "cinx.withdrawn_after_submission")
    assert poco["number"] in world.letter().sentence
    assert "SUBMITTED" in world.letter().sentence
    assert end.remote[0].number == poco["number"]


def test_nothing_left_to_order_is_a_letter_with_what_was_submitted(world: World) -> None:
    world.run(command())
    (end,) = world.run(command(content=CinxPayload(description="Nothing is left", lines=()), sequence=2))
    assert (end.kind, end.reason) == (OutcomeKind.REJECTED, "cinx.withdrawn_after_submission")
    assert world.company.made()[0]["number"] in world.letter().sentence


def test_a_withdrawal_while_the_job_runs_waits_for_its_end(world: World) -> None:
    world.company.settings(job_seconds=30)
    world.submit(command())
    world.settle(5)
    (end,) = world.run(command(sequence=2, operation=Operation.WITHDRAW))
    assert end.reason == "cinx.withdrawn_after_submission"
    assert len(world.company.made()) == 1


def test_a_withdrawal_is_done_once_the_poco_is_deleted(world: World) -> None:
    world.run(command())
    world.run(command(sequence=2, operation=Operation.WITHDRAW))
    world.company.people("delete_poco", cinx_guid=world.company.made()[0]["cinx_guid"])
    (end,) = world.run(command(sequence=2, mapped=1, operation=Operation.WITHDRAW))
    assert end.kind is OutcomeKind.WITHDRAWN
    assert world.letters() == []
    (again,) = world.run(command(sequence=3))
    assert again.kind is OutcomeKind.APPLIED
    assert len(world.company.made()) == 1


def test_approval_of_the_same_content_again_settles_the_letter_of_the_withdrawal(world: World) -> None:
    """Nothing is ordered for it."""
    world.run(command())
    world.run(command(sequence=2, operation=Operation.WITHDRAW))
    (end,) = world.run(command(sequence=3))
    assert end.kind is OutcomeKind.UNCHANGED
    assert (len(world.company.made()), world.letters()) == (1, [])


def test_a_poco_that_was_deleted_is_not_ordered_anew_by_itself(world: World) -> None:
    world.run(command(content=FIRST))
    world.company.people("delete_poco", cinx_guid=world.company.made()[0]["cinx_guid"])
    second = command(content=REVISED, sequence=2)
    (end,) = world.run(second)
    assert (end.kind, end.reason) == (OutcomeKind.NEEDS_REVIEW, "cinx.poco_deleted")
    decided = world.decide(second, Operation.RESUBMIT)
    assert world.end(decided).kind is OutcomeKind.APPLIED
    assert [total(poco) for poco in world.company.made()] == [amount(REVISED)]


# -- verification


def test_a_look_at_what_is_as_it_was_changes_nothing(world: World) -> None:
    world.run(command())
    (end,) = world.run(command(operation=Operation.VERIFY))
    assert (end.kind, end.sentence) == (OutcomeKind.UNCHANGED, None)


def seen(world: World, **more: Any) -> CinxCommand:
    """What the mapper makes of the POCO as a poller reads it."""
    (poco,) = world.company.made()
    shown = world.client().poco(poco["cinx_guid"])
    assert shown is not None
    raw = native_json.compose(shown.native.raw, [])
    found = cinx.observed(native_json.parse(raw)[0])
    return command(operation=Operation.VERIFY, observed=found, **more)


@pytest.mark.parametrize("spelling", [{}, {"numbers_as_text": True}, {"booleans_as_text": True}])
def test_what_was_observed_as_it_is_known_needs_no_look(world: World, spelling: dict[str, Any]) -> None:
    world.company.settings(**spelling)
    world.run(command())
    look = seen(world)
    before = len(world.company.requests)
    (end,) = world.run(look)
    assert end.kind is OutcomeKind.UNCHANGED
    assert len(world.company.requests) == before


def test_what_was_observed_otherwise_is_looked_at_anew(world: World) -> None:
    world.run(command())
    (poco,) = world.company.made()
    world.company.people("edit_poco", cinx_guid=poco["cinx_guid"], items={"0": {"quantity": 5}})
    look = seen(world)
    before = len(world.company.requests)
    (end,) = world.run(look)
    assert "Somebody has changed" in (end.sentence or "")
    assert len(world.company.requests) == before + 1


def test_a_look_tells_that_a_person_changed_the_poco_and_leaves_it(world: World) -> None:
    world.run(command())
    (poco,) = world.company.made()
    world.company.people("edit_poco", cinx_guid=poco["cinx_guid"], items={"0": {"quantity": 5}})
    world.pass_time(60)
    (end,) = world.run(command(operation=Operation.VERIFY))
    assert end.kind is OutcomeKind.UNCHANGED
    assert "Somebody has changed" in (end.sentence or "")
    assert world.company.sent("PUT") == 0


def test_a_look_that_finds_the_poco_deleted_asks_a_person(world: World) -> None:
    one = command()
    world.run(one)
    world.company.people("delete_poco", cinx_guid=world.company.made()[0]["cinx_guid"])
    world.pass_time(60)
    look = command(operation=Operation.VERIFY, sequence=2)
    (end,) = world.run(look)
    assert (end.kind, end.reason) == (OutcomeKind.NEEDS_REVIEW, "cinx.poco_deleted")
    world.decide(look, Operation.RESUBMIT)
    (again,) = world.run(command(mapped=9, sequence=3))
    assert again.kind is OutcomeKind.APPLIED
    assert len(world.company.made()) == 1


def test_a_look_goes_to_the_purchase_order_that_was_ordered_on(world: World) -> None:
    """Routes of several projects may order under one target name; a look may name the purchase order of another."""
    world.run(command(order="PO-124"))
    (unchanged,) = world.run(command(operation=Operation.VERIFY, sequence=2))
    assert unchanged.kind is OutcomeKind.UNCHANGED
    world.company.people("delete_poco", cinx_guid=world.company.made()[0]["cinx_guid"])
    world.pass_time(60)
    look = command(operation=Operation.VERIFY, sequence=3)
    assert world.adapter.destination_scope(Task(command=look, entry=world.entry(look))) == "purchase_order:PO-124"
    (end,) = world.run(look)
    assert (end.kind, end.reason) == (OutcomeKind.NEEDS_REVIEW, "cinx.poco_deleted")
    allowed = world.end(world.decide(look, Operation.RESUBMIT))
    assert (allowed.kind, world.letters()) == (OutcomeKind.UNCHANGED, [])
    (again,) = world.run(command(mapped=9, sequence=4, order="PO-124"))
    assert (again.kind, len(world.company.made())) == (OutcomeKind.APPLIED, 1)


def test_another_poco_of_that_purchase_order_may_be_adopted_after_a_look(world: World) -> None:
    world.run(command(order="PO-124"))
    world.company.people("delete_poco", cinx_guid=world.company.made()[0]["cinx_guid"])
    world.pass_time(60)
    look = command(operation=Operation.VERIFY, sequence=2)
    world.run(look)
    items = [{"description": "Item 1", "quantity": 1, "unit_price": 120}]
    named = world.company.people("create_poco", po="PO-124", description="By hand", items=items)["number"]
    world.decide(look, Operation.ADOPT, named)
    assert (world.letters(), world.entry(look).remote["poco_number"]) == ([], named)


def test_a_look_settles_no_letter_of_another_command(world: World) -> None:
    world.run(command())
    world.run(command(sequence=2, operation=Operation.WITHDRAW))
    world.run(command(sequence=2, mapped=1, operation=Operation.VERIFY))
    assert world.letter().reason == "cinx.withdrawn_after_submission"


# -- what neither the lines' amounts nor the description show


CODED = payload(line("1", "120", cost_code="03-300"))
RECODED = payload(line("1", "120", cost_code="05-120"))


def codes(world: World) -> list[str]:
    return [item["job_cost"]["material_cost_code"] for poco in world.company.made() for item in poco["items"]]


@pytest.mark.parametrize("keeps", [True, False])
@pytest.mark.parametrize("synchronous", [False, True])
def test_a_change_of_the_cost_code_alone_is_carried(keeps: bool, synchronous: bool) -> None:  # noqa: FBT001 - pytest
    world = World(synchronous=synchronous)
    world.company.settings(keep_references=keeps)
    world.run(command(content=CODED))
    (end,) = world.run(command(content=RECODED, sequence=2))
    assert (end.kind, codes(world), world.company.sent("PUT")) == (OutcomeKind.APPLIED, ["05-120"], 1)
    world.run(command(content=RECODED, sequence=2, mapped=1))
    assert world.company.sent("PUT") == 1
    world.close()


@pytest.mark.parametrize("keeps", [True, False])
@pytest.mark.parametrize("loss", [Loss.AFTER, Loss.LATE, Loss.BEFORE])
def test_a_change_of_the_cost_code_whose_answer_was_lost_is_carried(
    world: World,
    loss: Loss,
    keeps: bool,  # noqa: FBT001 - pytest
) -> None:
    world.company.settings(keep_references=keeps)
    world.run(command(content=CODED))
    world.company.lose(loss, "PUT")
    (end,) = world.run(command(content=RECODED, sequence=2))
    assert (end.kind, codes(world)) == (OutcomeKind.APPLIED, ["05-120"])


def test_a_failed_change_of_the_cost_code_alone_is_a_letter(world: World) -> None:
    world.run(command(content=CODED))
    world.company.people("fail_jobs", count=1)
    (end,) = world.run(command(content=RECODED, sequence=2))
    assert (end.reason, codes(world)) == ("cinx.job_failed", ["03-300"])


def test_the_same_revision_with_another_cost_code_is_changed_when_a_person_says_so(world: World) -> None:
    world.run(command(content=CODED))
    again = command(content=RECODED, mapped=1)
    (end,) = world.run(again)
    assert end.reason == "cinx.payload_changed"
    assert world.end(world.decide(again, Operation.RESUBMIT)).kind is OutcomeKind.APPLIED
    assert codes(world) == ["05-120"]


def test_an_item_that_was_entered_anew_with_the_same_text_keeps_its_line(world: World) -> None:
    world.run(command(content=payload(line("1", "120", description="Beam"))))
    (before,) = world.company.made()[0]["items"]
    (end,) = world.run(command(content=payload(line("9", "120", "2", description="Beam")), sequence=2))
    (after,) = world.company.made()[0]["items"]
    assert (end.kind, after["cinx_guid"]) == (OutcomeKind.APPLIED, before["cinx_guid"])


def test_what_was_deleted_is_ordered_anew_by_a_replay_once_a_person_allows_it(world: World) -> None:
    """A verification has found the deletion, so that the decision comes without the content."""
    world.run(command(content=FIRST))
    world.company.people("delete_poco", cinx_guid=world.company.made()[0]["cinx_guid"])
    world.pass_time(60)
    verify = command(operation=Operation.VERIFY)
    (end,) = world.run(verify)
    assert end.reason == "cinx.poco_deleted"
    decided = world.decide(verify, Operation.RESUBMIT)
    allowed = world.end(decided)
    assert (allowed.kind, world.letters(), world.company.made()) == (OutcomeKind.UNCHANGED, [], [])
    replay = f"`cor replay --change-order {verify.change_order_key}`"
    assert all(replay in (outcome.sentence or "") for outcome in (end, allowed))
    (again,) = world.run(command(content=FIRST, mapped=1))
    assert (again.kind, [total(poco) for poco in world.company.made()]) == (OutcomeKind.APPLIED, [amount(FIRST)])
