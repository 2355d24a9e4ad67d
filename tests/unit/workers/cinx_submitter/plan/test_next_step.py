"""The next step, from what is cached."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.domain.commands import CinxPayload, CinxRules, Operation
from relay.domain.outcomes import OutcomeKind
from relay.engine.writer.adapter import Done, NeedsReview, Plan, PlannedCall, Reject, Task
from tests.unit.workers.cinx_submitter import factories
from workers.cinx_submitter.cache.cache import CachedFacts, OrderView
from workers.cinx_submitter.order_snapshot import OrderSnapshot
from workers.cinx_submitter.plan.new_poco import Submission
from workers.cinx_submitter.plan.next_step import plan
from workers.cinx_submitter.steps import Step

CONTENT = factories.payload()


def planned(facts: CachedFacts, **more: Any) -> Plan:
    task = {"command": factories.command(CONTENT), "entry": None} | more
    return plan(Task(**task), facts)


def test_what_is_not_cached_is_read_first_in_the_order_in_which_it_is_needed() -> None:
    nothing = CachedFacts(installation="test")
    step = planned(nothing)
    assert isinstance(step, PlannedCall)
    assert (step.step, step.writes, step.batch) == ("start", False, "acme/account")
    step = planned(CachedFacts(installation="test", template=factories.template()))
    assert isinstance(step, PlannedCall)
    assert (step.step, step.writes, step.batch) == ("purchase_order", False, "acme/PO-1")
    coded = factories.command(factories.payload(factories.line("1", Decimal(5), cost_code="03-300")))
    step = planned(factories.cached(), command=coded)
    assert isinstance(step, PlannedCall)
    assert (step.step, step.batch) == ("references", "acme/material-cost-codes")


def test_a_submission_notes_what_is_there_and_claims_the_purchase_order() -> None:
    view = OrderView(matches=1, order=factories.order(), pocos=(factories.row(description="Other"),), whole=False)
    step = planned(factories.cached(view=view))
    assert isinstance(step, PlannedCall)
    assert (step.step, step.writes, step.most, step.exclusive) == ("submit", True, 1, "acme/PO-1")
    assert OrderSnapshot.unpack(step.before) == OrderSnapshot(
        order=factories.ORDER, pocos=frozenset({factories.POCO}), whole=False
    )
    assert isinstance(step.element, Submission)
    assert step.element.view is view


def test_what_is_applied_needs_nothing_to_be_cached() -> None:
    assert planned(CachedFacts(installation="test"), entry=factories.entry(CONTENT)) == Done()


INTENTS = st.builds(
    lambda step, job, before: factories.intent(step=step, job_id=job, before=before),
    st.sampled_from(["submit", "modify"]),
    st.none() | st.text(min_size=1),
    st.just(OrderSnapshot(order=factories.ORDER).packed()),
)


@given(
    intent=INTENTS,
    operation=st.sampled_from(Operation),
    sequence=st.integers(1, 3),
    guid=st.sampled_from([None, factories.POCO]),
)
def test_while_a_submission_is_open_nothing_is_ever_sent(
    intent: Any, operation: Operation, sequence: int, guid: str | None
) -> None:
    """Whatever the command wants, and whatever else is cached or not."""
    for facts in (factories.cached(), CachedFacts(installation="test")):
        step = planned(
            facts,
            command=factories.command(CONTENT, operation, sequence=sequence),
            entry=factories.entry(None, guid),
            intent=intent,
        )
        assert isinstance(step, PlannedCall)
        assert (step.step, step.writes) == ("job" if intent.job_id else "find", False)


def test_a_known_change_order_never_moves_to_another_purchase_order() -> None:
    moved = factories.command(factories.payload(description="Other"), purchase_order="PO-2", sequence=2)
    step = planned(factories.cached(), command=moved, entry=factories.entry(CONTENT))
    assert isinstance(step, Reject)
    assert step.reason == "cinx.destination_changed"


def test_a_withdrawal_of_what_was_never_sent_needs_no_call() -> None:
    unsent = factories.entry(None, None, sent_sequence=None)
    step = planned(CachedFacts(installation="test"), command=factories.command(None, Operation.WITHDRAW), entry=unsent)
    assert step == Done(kind=OutcomeKind.WITHDRAWN)


@pytest.mark.parametrize(
    ("more", "rules", "expected"),
    [
        ({}, CinxRules(), "modify"),
        ({"locked": "1"}, CinxRules(), "cinx.poco_locked"),
        ({"workflow_status": "SUBMITTED"}, CinxRules(), "cinx.poco_locked"),
        ({"locked": "1"}, CinxRules(later="further"), "submit"),
        ({"workflow_status": "ACCEPTED"}, CinxRules(later="further"), "submit"),
    ],
)
def test_a_later_revision_follows_the_state_of_the_poco(more: dict[str, Any], rules: CinxRules, expected: str) -> None:
    held = factories.poco(factories.item("Item 1", Decimal(1), Decimal(5)), **more)
    later = factories.command(factories.payload(factories.line("1", Decimal(7))), sequence=2, rules=rules)
    step = planned(factories.cached(pocos=[held]), command=later, entry=factories.entry(CONTENT))
    assert (step.step if isinstance(step, PlannedCall) else getattr(step, "reason", None)) == expected


def test_a_later_revision_reads_the_poco_before_anything_else() -> None:
    later = factories.command(factories.payload(description="Other"), sequence=2)
    step = planned(factories.cached(), command=later, entry=factories.entry(CONTENT))
    assert isinstance(step, PlannedCall)
    assert (step.step, step.element) == (Step.POCO, (factories.POCO,))


@given(has_part=st.booleans(), locked=st.booleans(), later=st.sampled_from(["letter", "further"]))
def test_the_same_revision_with_another_content_is_never_sent(
    has_part: bool,  # noqa: FBT001 - Hypothesis
    locked: bool,  # noqa: FBT001 - Hypothesis
    later: str,
) -> None:
    held = factories.poco(factories.item("Item 1", Decimal(1), Decimal(5)), locked="1" if locked else "0")
    other = factories.command(factories.payload(factories.line("1", Decimal(9))), rules=CinxRules(later=later))
    before = factories.entry(CONTENT) if has_part else factories.entry(CONTENT, None, parts={})
    step = planned(factories.cached(pocos=[held]), command=other, entry=before)
    assert isinstance(step, NeedsReview)
    assert (step.reason, step.held) == ("cinx.payload_changed", True)


ROUNDED = [
    factories.line("1", Decimal("3.333"), Decimal(17)),
    factories.line("2", Decimal("8.99"), Decimal("12.5")),
    factories.line("3", Decimal(20), description="Item 3 (quantity: 3)"),
    factories.line("4", Decimal("18.4"), Decimal(10)),
]
FORMER = [
    factories.line("1", Decimal("56.66")),
    factories.line("2", Decimal("112.38")),
    factories.line("3", Decimal(20)),
    factories.line("4", Decimal("18.4"), Decimal(10)),
]


@pytest.mark.parametrize("sequence", [1, 2])
def test_what_was_ordered_by_the_former_rule_for_quantities_is_unchanged(sequence: int) -> None:
    """However the source had rounded, and also where a part of it was written by today's rule."""
    today = factories.command(factories.payload(*ROUNDED), sequence=sequence)
    for former in (FORMER, [*FORMER[:3], ROUNDED[3]], [ROUNDED[0], *FORMER[1:]]):
        step = planned(
            CachedFacts(installation="test"), command=today, entry=factories.entry(factories.payload(*former))
        )
        assert isinstance(step, Done)
        assert step.kind is None


@given(
    lines=st.lists(
        st.tuples(st.decimals(-(10**4), 10**4, places=4).filter(bool), st.decimals(-(10**4), 10**4, places=4)),
        min_size=1,
        max_size=40,
    )
)
def test_any_order_by_the_former_rule_is_met_again(lines: list[tuple[Decimal, Decimal]]) -> None:
    def lines_of(*, former: bool) -> CinxPayload:
        made = []
        for place, (quantity, price) in enumerate(lines):
            amount = (quantity * price).quantize(Decimal("0.01"), ROUND_HALF_UP)
            exact = quantity * price == amount
            figures = (price, quantity) if exact or not former else (amount, Decimal(1))
            made.append(factories.line(str(place), *figures))
        return factories.payload(*made)

    applied = factories.entry(lines_of(former=True))
    step = planned(CachedFacts(installation="test"), command=factories.command(lines_of(former=False)), entry=applied)
    assert isinstance(step, Done)


@pytest.mark.parametrize(
    "other",
    [
        factories.payload(*FORMER[:3]),
        factories.payload(*FORMER, description="Another"),
        factories.payload(replace(FORMER[0], unit_price=Decimal("56.67")), *FORMER[1:]),
        factories.payload(replace(FORMER[3], quantity=Decimal(11)), *FORMER[:3]),
    ],
)
def test_another_order_is_not_taken_for_one_by_the_former_rule(other: CinxPayload) -> None:
    step = planned(
        CachedFacts(installation="test"),
        command=factories.command(other, sequence=2),
        entry=factories.entry(factories.payload(*ROUNDED)),
    )
    assert not isinstance(step, Done)
    again = planned(
        CachedFacts(installation="test"),
        command=factories.command(factories.payload(*ROUNDED), sequence=2),
        entry=factories.entry(other),
    )
    assert not isinstance(again, Done)


def test_a_quantity_that_only_the_text_names_is_told_in_the_outcome() -> None:
    content = factories.payload(*ROUNDED)
    step = planned(CachedFacts(installation="test"), command=factories.command(content), entry=factories.entry(content))
    assert isinstance(step, Done)
    assert "'Item 3 (quantity: 3)'." in (step.sentence or "")
