"""After a lost ledger nothing that may have been ordered is ordered again, whatever is known of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from operations.ledger.entries import put_folded
from relay.domain.commands import CinxCommand, CinxRules, Operation
from relay.domain.ledger_facts import CinxFact, LedgerFact
from relay.domain.outcomes import OutcomeKind
from relay.domain.writes.ledger_fold import LedgerFold
from tests.contract.workers.cinx_submitter.test_behind_review import ELSEWHERE, ONE, OTHER, ends, in_review
from tests.contract.workers.cinx_submitter.test_decisions import by_hand
from tests.contract.workers.cinx_submitter.world import TOPICS, World, command, line, payload
from tests.unit.engine.writer.virtual_log import CODEC

LATER = payload(line("1", "130"))


def lose(world: World, *, writes: bool, outcomes: bool = True) -> None:
    """The ledger is gone, and folded from what is told; then an owner starts."""
    fold = LedgerFold("cinx", "cinx-submitter", {one.change_order_key: one.sequence for one in world.sent})
    for write in world.log.writes:
        fold.write(write if writes else replace(write, parts=None, facts=None))
    for outcome in world.log.outcomes:
        if outcomes:
            fold.outcome(outcome)
    for letter in world.letters():
        fold.letter(letter)
    for given in world.sent if not outcomes else ():
        fold.received(given)
    entries = [folded.entry for folded in fold.entries(())]
    world.log.compacted[TOPICS.ledger] = {entry.origin_id: CODEC.encode(entry, TOPICS.ledger) for entry in entries}
    world.start()


def sent(world: World) -> tuple[int, int]:
    return world.company.sent("POST"), world.company.sent("PUT")


@pytest.mark.parametrize("keeps", [True, False], ids=["keeps references", "keeps none"])
@pytest.mark.parametrize("locked", [True, False], ids=["locked", "open"])
@pytest.mark.parametrize("writes", [True, False], ids=["folded", "only named"])
def test_what_was_ordered_and_is_unchanged_is_unchanged(
    world: World, *, writes: bool, locked: bool, keeps: bool
) -> None:
    world.company.settings(keep_references=keeps)
    world.run(command())
    (made,) = world.company.pocos
    if locked:
        world.company.people("lock_poco", cinx_guid=made["cinx_guid"])
    held, before = world.entry(command()), sent(world)
    lose(world, writes=writes)
    again = command(mapped=5)
    (end,) = world.run(again)
    assert (end.kind, world.letters(), sent(world)) == (OutcomeKind.UNCHANGED, [], before)
    entry = world.entry(again)
    assert (entry.parts, entry.remote, entry.destination) == (held.parts, held.remote, held.destination)


def test_what_is_folded_goes_on_as_before(world: World) -> None:
    world.run(command())
    lose(world, writes=True)
    (end,) = world.run(command(content=LATER, sequence=2))
    assert (end.kind, sent(world)) == (OutcomeKind.APPLIED, (1, 1))
    held = world.entry(command())
    lose(world, writes=True)
    assert world.entry(command()) == replace(held, applied_payload_hash=None, sent_payload_hash="")
    (poco,) = world.company.pocos
    world.company.people("edit_poco", cinx_guid=poco["cinx_guid"], items={"0": {"quantity": 5}})
    (end,) = world.run(command(content=payload(line("1", "140")), sequence=3))
    assert end.reason == "cinx.person_edit"


def test_another_content_of_the_same_revision_is_asked_about(world: World) -> None:
    world.run(command())
    before = sent(world)
    lose(world, writes=True)
    (end,) = world.run(command(content=LATER, mapped=5))
    assert (end.kind, end.reason, sent(world)) == (OutcomeKind.NEEDS_REVIEW, "cinx.payload_changed", before)


def test_what_was_withdrawn_and_deleted_is_not_taken_for_ordered(world: World) -> None:
    world.run(command())
    (poco,) = world.company.pocos
    world.company.people("delete_poco", cinx_guid=poco["cinx_guid"])
    (end,) = world.run(command(sequence=2, operation=Operation.WITHDRAW))
    assert end.kind is OutcomeKind.WITHDRAWN
    before = sent(world)
    lose(world, writes=True)
    (end,) = world.run(command(sequence=2, mapped=5, operation=Operation.WITHDRAW))
    assert (end.kind, world.letters()) == (OutcomeKind.WITHDRAWN, [])
    (end,) = world.run(command(sequence=3))
    assert (end.kind, end.reason, sent(world)) == (OutcomeKind.NEEDS_REVIEW, "cinx.ledger_rebuilt", before)


def test_of_what_is_only_named_a_difference_is_asked_about(world: World) -> None:
    world.run(command())
    before = sent(world)
    lose(world, writes=False)
    later = command(content=LATER, sequence=2)
    (end,) = world.run(later)
    assert (end.kind, end.reason, sent(world)) == (OutcomeKind.NEEDS_REVIEW, "cinx.ledger_rebuilt", before)
    decided = world.decide(later, Operation.RESUBMIT)
    assert (world.end(decided).kind, sent(world)) == (OutcomeKind.APPLIED, (1, 1))
    assert world.letters() == []


@pytest.mark.parametrize("withdrawn", [False, True])
def test_what_may_have_been_ordered_and_is_not_found_is_never_ordered_by_itself(
    world: World, *, withdrawn: bool
) -> None:
    world.submit(command())  # Received, and nothing else is known.
    world.log.offset = len(world.log.lane)
    lose(world, writes=False, outcomes=False)
    later = command(sequence=2, operation=Operation.WITHDRAW if withdrawn else Operation.APPLY)
    (end,) = world.run(later)
    assert (end.kind, end.reason) == (OutcomeKind.NEEDS_REVIEW, "cinx.ledger_rebuilt")
    assert (sent(world), len(world.letters())) == ((0, 0), 1)
    if not withdrawn:
        decided = world.decide(later, Operation.RESUBMIT)
        assert (world.end(decided).kind, sent(world)) == (OutcomeKind.APPLIED, (1, 0))


def test_what_may_have_been_ordered_is_found_by_its_mark(world: World) -> None:
    world.run(command())
    lose(world, writes=False, outcomes=False)
    assert CinxFact.GUID not in world.entry(command()).remote
    (end,) = world.run(command(mapped=5))
    assert (end.kind, sent(world), world.letters()) == (OutcomeKind.UNCHANGED, (1, 0), [])
    assert LedgerFact.REBUILT not in world.entry(command()).remote


def test_who_was_asked_is_asked_no_second_time_and_nothing_goes_out_meanwhile(world: World) -> None:
    by_hand(world)
    one = command()
    world.run(one)
    (letter,) = world.letters()
    lose(world, writes=True)
    world.submit(replace(command(mapped=5), rules=CinxRules(existing="create")))
    world.settle()
    assert [kept.letter_id for kept in world.letters()] == [letter.letter_id]
    assert sent(world) == (0, 0)
    decided = world.decide(one, Operation.RESUBMIT)
    assert world.end(decided).kind is OutcomeKind.SUPERSEDED
    assert (sent(world), world.letters()) == ((1, 0), [])


def lose_inbox(world: World, *received: CinxCommand, lost: Sequence[str] = (TOPICS.inbox,)) -> Counter[str]:
    """The inbox is gone, and by itself the ledger is not; then an owner starts."""
    fold = LedgerFold("cinx", "cinx-submitter", {one.change_order_key: one.sequence for one in world.sent})
    for write in world.log.writes:
        fold.write(write)
    for outcome in world.log.outcomes:
        fold.outcome(outcome)
    for given in received:
        fold.received(given)
    for letter in world.letters():
        fold.letter(letter)
    for topic in lost:
        world.log.compacted.pop(topic, None)
    world.start()
    counts = put_folded([world.state], fold.entries(()), is_inbox_gone=True)
    world.start()
    return counts


def test_what_was_under_way_in_a_lost_inbox_is_not_ordered_again(world: World) -> None:
    world.run(command())
    (poco,) = world.company.pocos
    world.company.people("lock_poco", cinx_guid=poco["cinx_guid"])
    later = command(content=LATER, sequence=2, rules=CinxRules(later="further"))
    assert lose_inbox(world, later)["to_compare"] == 1
    before = sent(world)
    (end,) = world.run(replace(later, command_id="again"))
    assert (end.reason, sent(world)) == ("cinx.ledger_rebuilt", before)
    assert lose_inbox(world)["to_compare"] == 0


def test_what_is_as_it_was_ordered_is_unchanged_after_a_lost_inbox(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run(command())
    held, before, told = world.entry(command()), sent(world), len(world.log.writes)
    lose_inbox(world, command(mapped=4))
    again = command(mapped=5)
    (end,) = world.run(again)
    assert (end.kind, sent(world), len(world.log.writes)) == (OutcomeKind.UNCHANGED, before, told)
    entry = world.entry(again)
    assert (entry.parts, entry.remote, entry.balance) == (held.parts, held.remote, held.balance)


def test_what_was_accepted_is_compared_too_where_something_was_under_way(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run(command())
    (poco,) = world.company.pocos
    world.company.people("edit_poco", cinx_guid=poco["cinx_guid"], items={"0": {"quantity": 5}})
    lose_inbox(world, command(content=LATER, sequence=2))
    (end,) = world.run(command(sequence=3))
    assert end.reason == "cinx.ledger_rebuilt"


@pytest.mark.parametrize("lost", [(TOPICS.inbox,), (TOPICS.inbox, TOPICS.ledger)], ids=["inbox", "inbox and ledger"])
def test_the_others_still_wait_for_who_is_in_review_after_a_lost_inbox(
    world: World, monkeypatch: pytest.MonkeyPatch, lost: Sequence[str]
) -> None:
    in_review(world)
    lose_inbox(world, lost=lost)
    world.submit(OTHER, ELSEWHERE)
    world.settle(5000)
    assert ends(world) == []
    if TOPICS.ledger not in lost:  # Otherwise its purchase order is not known, and it may be any.
        assert world.end(ELSEWHERE).kind is OutcomeKind.APPLIED
    decided = world.decide(ONE, Operation.RESUBMIT)
    assert (world.end(decided).kind, world.end(ELSEWHERE).kind) == (OutcomeKind.APPLIED, OutcomeKind.APPLIED)
    assert ends(world) == [OutcomeKind.APPLIED]
