"""What must hold for the plans of every command, whatever was applied before and whatever is lost."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.domain.commands import Operation, ProcoreLine, ProcorePayload, ProcoreRules
from relay.domain.ledger import Part
from relay.domain.ledger_facts import ProcorePart, is_line
from relay.domain.outcomes import OutcomeKind
from relay.engine.writer.adapter import Done, NeedsReview, PlannedCall, Reject, Wait
from tests.unit.workers.procore_writer.modelled import EMPTY, PACKAGE, PAYLOADS, RULES, World, command
from workers.procore_writer.cache.contracts import ContractView
from workers.procore_writer.content import parts
from workers.procore_writer.plan.steps import Step

calmly = settings(max_examples=60, deadline=None)
HISTORIES = st.lists(PAYLOADS, min_size=1, max_size=3)
TIERS = st.sampled_from([1, 2, 3])


def line(item: str, amount: str) -> ProcoreLine:
    return ProcoreLine(item_id=item, position=1, description="Rebar", amount=Decimal(amount))


def usable(rules: ProcoreRules, tiers: int) -> ProcoreRules:
    return replace(rules, package="none") if tiers == 1 and rules.package.startswith("existing") else rules


def world() -> World:
    made = World()
    made.facts = replace(made.facts, view=ContractView.listed(packages=[PACKAGE]))
    return made


@calmly
@given(HISTORIES, RULES, TIERS)
def test_every_version_ends_and_is_then_unchanged(
    history: list[ProcorePayload], rules: ProcoreRules, tiers: int
) -> None:
    seen = world()
    for sequence, content in enumerate(history, 1):
        asked = command(content, sequence, tiers=tiers, rules=usable(rules, tiers))
        assert isinstance(seen.run(asked), Done)
        assert isinstance(seen.plan(asked), Done)


@calmly
@given(HISTORIES, RULES, TIERS)
def test_nothing_unchanged_is_ever_sent(history: list[ProcorePayload], rules: ProcoreRules, tiers: int) -> None:
    seen = world()
    for sequence, content in enumerate(history, 1):
        asked = command(content, sequence, tiers=tiers, rules=usable(rules, tiers))
        while isinstance(found := seen.plan(asked), PlannedCall):
            held = seen.hashes()
            assert all(held.get(part) != wanted for part, wanted in found.parts.items())
            assert found.parts or not found.writes or found.step == Step.REMOVE_LINE.value
            seen._accept(asked, found) if found.writes else seen._read(found)


@calmly
@given(HISTORIES, RULES, TIERS)
def test_lines_are_never_written_under_an_approval(
    history: list[ProcorePayload], rules: ProcoreRules, tiers: int
) -> None:
    seen = world()
    for sequence, content in enumerate(history, 1):
        asked = command(content, sequence, tiers=tiers, rules=usable(rules, tiers))
        while isinstance(found := seen.plan(asked), PlannedCall):
            if found.step in {Step.LINES.value, Step.REMOVE_LINE.value}:
                assert not seen.is_locked()
            if parts.status_hash(parts.APPROVED) in found.parts.values():
                assert {p for p in seen.hashes() if is_line(p)} == set(parts.lines_by_part(content))
            seen._accept(asked, found) if found.writes else seen._read(found)


@calmly
@given(HISTORIES, RULES, TIERS, st.data())
def test_any_interleaving_of_crashes_ends_the_same(
    history: list[ProcorePayload], rules: ProcoreRules, tiers: int, data: st.DataObject
) -> None:
    quiet, shaken = world(), world()
    for sequence, content in enumerate(history, 1):
        asked = command(content, sequence, tiers=tiers, rules=usable(rules, tiers))
        quiet.run(asked)
        lost = iter(data.draw(st.lists(st.booleans(), max_size=8)))
        shaken.run(asked, loses=lambda lost=lost: next(lost, False))  # type: ignore[misc]  # the loop's own iterator
    assert shaken.hashes() == quiet.hashes()
    assert shaken.entry is not None
    assert quiet.entry is not None
    assert shaken.entry.remote == quiet.entry.remote


@calmly
@given(PAYLOADS, RULES, TIERS)
def test_after_a_lost_answer_the_same_bytes_go_out(content: ProcorePayload, rules: ProcoreRules, tiers: int) -> None:
    seen = world()
    asked = command(content, tiers=tiers, rules=usable(rules, tiers))
    while isinstance(found := seen.plan(asked), PlannedCall):
        if not found.writes:
            seen._read(found)
            continue
        if found.step != Step.PACKAGE.value:
            again = World(entry=seen.entry, facts=world().facts)
            again.crash(found)
            while isinstance(second := again.plan(asked), PlannedCall) and not second.writes:
                again._read(second)
            assert isinstance(second, PlannedCall)
            assert (second.step, second.bytes_hash, second.parts) == (found.step, found.bytes_hash, found.parts)
        seen._accept(asked, found)


@calmly
@given(HISTORIES, RULES, TIERS)
def test_a_withdrawal_voids_whatever_there_is(history: list[ProcorePayload], rules: ProcoreRules, tiers: int) -> None:
    seen = world()
    for sequence, content in enumerate(history, 1):
        seen.run(command(content, sequence, tiers=tiers, rules=usable(rules, tiers)))
    end = seen.run(command(None, 9, tiers=tiers, rules=usable(rules, tiers), operation=Operation.WITHDRAW))
    assert isinstance(end, Done)
    assert end.kind is OutcomeKind.WITHDRAWN
    held = seen.hashes()
    for part in (ProcorePart.STATUS, ProcorePart.PACKAGE_STATUS, ProcorePart.REQUEST_STATUS):
        if part in held and (part == ProcorePart.PACKAGE_STATUS) >= (tiers == 1):
            assert held[part] == parts.status_hash(parts.VOID)


def test_a_package_that_may_have_been_created_is_not_created_again_while_it_may_arrive() -> None:
    seen = world()
    asked = command(replace(EMPTY, status="approved"), rules=ProcoreRules(package="per_change_order"))
    while isinstance(found := seen.plan(asked), PlannedCall) and found.step != Step.PACKAGE.value:
        seen._accept(asked, found) if found.writes else seen._read(found)
    assert isinstance(found, PlannedCall)
    seen.crash(found)
    waiting = seen.plan(asked)
    assert isinstance(waiting, Wait)
    assert waiting.seconds == pytest.approx(70.0)


@pytest.mark.parametrize("rule", ["letter", "keep_theirs", "overwrite"])
def test_a_part_that_a_person_edited_follows_the_rule(rule: str) -> None:
    seen = world()
    rules = ProcoreRules(person_edit=rule)
    content = replace(EMPTY, lines=(line("1", "100"), line("2", "50")))
    seen.run(command(content, rules=rules))
    assert seen.entry is not None
    edited = {name: Part(hash=one.hash, person=name == "line:1") for name, one in seen.entry.parts.items()}
    seen.entry = replace(seen.entry, parts=edited)
    seen.sent.clear()
    changed = replace(content, lines=(line("1", "120"), line("2", "50")))
    end = seen.run(command(changed, 2, rules=rules))
    expected = {"letter": (NeedsReview, []), "keep_theirs": (Done, []), "overwrite": (Done, [{"line:1"}])}[rule]
    assert isinstance(end, expected[0])
    assert [set(one.parts) for one in seen.sent] == expected[1]


def test_an_approved_change_order_is_a_letter_by_default() -> None:
    seen = world()
    approved = replace(EMPTY, status="approved", lines=(line("1", "100"),))
    seen.run(command(approved))
    for changed in (replace(approved, status="rejected"), replace(approved, title="Curb"), replace(approved, lines=())):
        end = seen.plan(command(changed, 2))
        assert isinstance(end, Reject)
        assert end.reason == "procore.approved_change"


def test_every_sentence_is_one_a_person_can_act_on() -> None:
    seen = world()
    approved = replace(EMPTY, status="approved")
    seen.run(command(approved))
    end = seen.plan(command(replace(approved, title="Curb"), 2))
    assert isinstance(end, Reject)
    assert "approved_change: reopen" in end.sentence


def test_more_than_a_thousand_lines_are_several_calls() -> None:
    seen = world()
    many = replace(EMPTY, lines=tuple(line(str(n), "1") for n in range(2500)))
    seen.run(command(many))
    assert [len(one.parts) for one in seen.sent if one.step == Step.LINES.value] == [1000, 1000, 500]
