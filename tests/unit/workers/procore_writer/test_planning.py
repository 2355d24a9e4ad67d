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
from tests.unit.workers.procore_writer.fake_procore import EMPTY, PACKAGE, PAYLOADS, RULES, FakeProcore, command
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


def fake_procore() -> FakeProcore:
    made = FakeProcore()
    made.facts = replace(made.facts, view=ContractView.listed(packages=[PACKAGE]))
    return made


@calmly
@given(HISTORIES, RULES, TIERS)
def test_every_version_ends_and_is_then_unchanged(
    history: list[ProcorePayload], rules: ProcoreRules, tiers: int
) -> None:
    procore = fake_procore()
    for sequence, content in enumerate(history, 1):
        change = command(content, sequence, tiers=tiers, rules=usable(rules, tiers))
        assert isinstance(procore.run(change), Done)
        assert isinstance(procore.plan(change), Done)


@calmly
@given(HISTORIES, RULES, TIERS)
def test_nothing_unchanged_is_ever_sent(history: list[ProcorePayload], rules: ProcoreRules, tiers: int) -> None:
    procore = fake_procore()
    for sequence, content in enumerate(history, 1):
        change = command(content, sequence, tiers=tiers, rules=usable(rules, tiers))
        while isinstance(planned := procore.plan(change), PlannedCall):
            held = procore.hashes()
            assert all(held.get(part) != wanted for part, wanted in planned.parts.items())
            assert planned.parts or not planned.writes or planned.step == Step.REMOVE_LINE.value
            procore.answer(change, planned)


@calmly
@given(HISTORIES, RULES, TIERS)
def test_lines_are_never_written_under_an_approval(
    history: list[ProcorePayload], rules: ProcoreRules, tiers: int
) -> None:
    procore = fake_procore()
    for sequence, content in enumerate(history, 1):
        change = command(content, sequence, tiers=tiers, rules=usable(rules, tiers))
        while isinstance(planned := procore.plan(change), PlannedCall):
            if planned.step in {Step.LINES.value, Step.REMOVE_LINE.value}:
                assert not procore.is_locked()
            if parts.status_hash(parts.APPROVED) in planned.parts.values():
                assert {p for p in procore.hashes() if is_line(p)} == set(parts.lines_by_part(content))
            procore.answer(change, planned)


@calmly
@given(HISTORIES, RULES, TIERS, st.data())
def test_any_interleaving_of_crashes_ends_the_same(
    history: list[ProcorePayload], rules: ProcoreRules, tiers: int, data: st.DataObject
) -> None:
    quiet, shaken = fake_procore(), fake_procore()
    for sequence, content in enumerate(history, 1):
        change = command(content, sequence, tiers=tiers, rules=usable(rules, tiers))
        quiet.run(change)
        lost = iter(data.draw(st.lists(st.booleans(), max_size=8)))
        shaken.run(change, loses=lambda lost=lost: next(lost, False))  # type: ignore[misc]  # the loop's own iterator
    assert shaken.hashes() == quiet.hashes()
    assert shaken.entry is not None
    assert quiet.entry is not None
    assert shaken.entry.remote == quiet.entry.remote


@calmly
@given(PAYLOADS, RULES, TIERS)
def test_after_a_lost_answer_the_same_bytes_go_out(content: ProcorePayload, rules: ProcoreRules, tiers: int) -> None:
    procore = fake_procore()
    change = command(content, tiers=tiers, rules=usable(rules, tiers))
    while isinstance(planned := procore.plan(change), PlannedCall):
        if not planned.writes:
            procore.read(planned)
            continue
        if planned.step != Step.PACKAGE.value:
            again = FakeProcore(entry=procore.entry, facts=fake_procore().facts)
            again.crash(planned)
            while isinstance(second := again.plan(change), PlannedCall) and not second.writes:
                again.read(second)
            assert isinstance(second, PlannedCall)
            assert (second.step, second.bytes_hash, second.parts) == (planned.step, planned.bytes_hash, planned.parts)
        procore.accept(change, planned)


@calmly
@given(HISTORIES, RULES, TIERS)
def test_a_withdrawal_voids_whatever_there_is(history: list[ProcorePayload], rules: ProcoreRules, tiers: int) -> None:
    procore = fake_procore()
    for sequence, content in enumerate(history, 1):
        procore.run(command(content, sequence, tiers=tiers, rules=usable(rules, tiers)))
    end = procore.run(command(None, 9, tiers=tiers, rules=usable(rules, tiers), operation=Operation.WITHDRAW))
    assert isinstance(end, Done)
    assert end.kind is OutcomeKind.WITHDRAWN
    held = procore.hashes()
    for part in (ProcorePart.STATUS, ProcorePart.PACKAGE_STATUS, ProcorePart.REQUEST_STATUS):
        if part in held and (part == ProcorePart.PACKAGE_STATUS) >= (tiers == 1):
            assert held[part] == parts.status_hash(parts.VOID)


def test_a_package_in_doubt_is_not_created_again_while_it_may_arrive() -> None:
    procore = fake_procore()
    change = command(replace(EMPTY, status="approved"), rules=ProcoreRules(package="per_change_order"))
    while isinstance(planned := procore.plan(change), PlannedCall) and planned.step != Step.PACKAGE.value:
        procore.answer(change, planned)
    assert isinstance(planned, PlannedCall)
    procore.crash(planned)
    waiting = procore.plan(change)
    assert isinstance(waiting, Wait)
    assert waiting.seconds == pytest.approx(70.0)


@pytest.mark.parametrize("rule", ["letter", "keep_theirs", "overwrite"])
def test_a_part_that_a_person_edited_follows_the_rule(rule: str) -> None:
    procore = fake_procore()
    rules = ProcoreRules(person_edit=rule)
    content = replace(EMPTY, lines=(line("1", "100"), line("2", "50")))
    procore.run(command(content, rules=rules))
    assert procore.entry is not None
    edited = {name: Part(hash=part.hash, person=name == "line:1") for name, part in procore.entry.parts.items()}
    procore.entry = replace(procore.entry, parts=edited)
    procore.sent.clear()
    changed = replace(content, lines=(line("1", "120"), line("2", "50")))
    end = procore.run(command(changed, 2, rules=rules))
    expected = {"letter": (NeedsReview, []), "keep_theirs": (Done, []), "overwrite": (Done, [{"line:1"}])}[rule]
    assert isinstance(end, expected[0])
    assert [set(call.parts) for call in procore.sent] == expected[1]


def test_an_approved_change_order_is_a_letter_by_default() -> None:
    procore = fake_procore()
    approved = replace(EMPTY, status="approved", lines=(line("1", "100"),))
    procore.run(command(approved))
    for changed in (replace(approved, status="rejected"), replace(approved, title="Curb"), replace(approved, lines=())):
        end = procore.plan(command(changed, 2))
        assert isinstance(end, Reject)
        assert end.reason == "procore.approved_change"


def test_every_sentence_is_one_a_person_can_act_on() -> None:
    procore = fake_procore()
    approved = replace(EMPTY, status="approved")
    procore.run(command(approved))
    end = procore.plan(command(replace(approved, title="Curb"), 2))
    assert isinstance(end, Reject)
    assert "approved_change: reopen" in end.sentence


def test_more_than_a_thousand_lines_are_several_calls() -> None:
    procore = fake_procore()
    many = replace(EMPTY, lines=tuple(line(str(n), "1") for n in range(2500)))
    procore.run(command(many))
    assert [len(call.parts) for call in procore.sent if call.step == Step.LINES.value] == [1000, 1000, 500]


ROUNDED = ProcoreLine(
    item_id="1",
    position=1,
    description="THHN wire, ft",
    amount=Decimal("112.38"),
    quantity=Decimal("12.5"),
    unit_cost=Decimal("8.99"),
)


@pytest.mark.parametrize("tiers", [1, 2, 3])
@pytest.mark.parametrize("status", ["pending", "approved"])
def test_a_line_written_by_the_former_rule_for_quantities_is_unchanged(tiers: int, status: str) -> None:
    former = ProcorePayload(title="Wire", status=status, lines=(replace(ROUNDED, quantity=None, unit_cost=None),))
    procore = fake_procore()
    assert isinstance(procore.run(command(former, tiers=tiers)), Done)
    today = command(replace(former, lines=(ROUNDED,)), tiers=tiers)
    assert isinstance(procore.plan(today), Done)
    dearer = replace(ROUNDED, quantity=Decimal(13), amount=Decimal("116.87"))
    changed = command(replace(former, lines=(dearer,)), 2, tiers=tiers, rules=ProcoreRules(approved_change="reopen"))
    assert isinstance(procore.run(changed), Done)
    assert procore.hashes()["line:1"] == parts.line_hash(dearer)


def test_a_person_s_edit_is_no_question_where_only_the_rule_for_quantities_has_changed() -> None:
    former = ProcorePayload(title="Wire", status="pending", lines=(replace(ROUNDED, quantity=None, unit_cost=None),))
    procore = fake_procore()
    procore.run(command(former))
    assert procore.entry is not None
    held = {name: replace(part, person=is_line(name)) for name, part in procore.entry.parts.items()}
    procore.entry = replace(procore.entry, parts=held)
    assert isinstance(procore.plan(command(replace(former, lines=(ROUNDED,)))), Done)


def test_a_quantity_that_procore_is_not_told_is_named_in_the_outcome() -> None:
    odd = replace(ROUNDED, description="EMT conduit", quantity=Decimal(17), unit_cost=Decimal("3.333"))
    plain = replace(ROUNDED, item_id="2")
    end = fake_procore().run(command(ProcorePayload(title="Wire", status="pending", lines=(odd, plain))))
    assert isinstance(end, Done)
    assert "EMT conduit): 17." in (end.sentence or "")
    assert "THHN" not in (end.sentence or "")
