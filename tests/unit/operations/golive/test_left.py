"""Why a row that a plan has shown is not carried by it."""

from __future__ import annotations

import pytest

from operations.golive.left import why_left, why_outside
from operations.plan.recorded import RecordedRow
from operations.plan.rows import Action, PlanRow


def row(action: Action, wanted: str = "as shown") -> PlanRow:
    return PlanRow(
        action=action,
        change_order_key="constructiononline:acme:1",
        sequence=1,
        number="CO-1",
        title="",
        project="901",
        route="tower",
        origin_id="cor:constructiononline:acme:1:owner",
        wanted=wanted,
    )


@pytest.mark.parametrize(
    ("shown", "now", "is_asked", "left"),
    [
        (row(Action.NEW), row(Action.NEW), True, None),
        (None, row(Action.NEW), True, "it is not in the plan"),
        (None, row(Action.NEW), False, None),
        (row(Action.REFUSED), row(Action.REFUSED), True, "it was shown as refused"),
        (row(Action.UNDER_WAY), row(Action.UNDER_WAY), True, "an earlier version of it is under way"),
        (row(Action.UNDER_WAY), row(Action.UNDER_WAY), False, None),
        (row(Action.NEW), row(Action.UNCHANGED), True, None),
        (row(Action.NEW), row(Action.UNCHANGED, "another"), True, "shown as new: it is unchanged now"),
        # The mapper carries it by itself meanwhile, since the route is live.
        (row(Action.NEW), row(Action.UNDER_WAY), False, None),
        (row(Action.NEW), row(Action.UNDER_WAY, "another"), False, "shown as new: it is under way now"),
        (row(Action.NEW), row(Action.UNDER_WAY), True, "shown as new: it is under way now"),
        (row(Action.NEW), row(Action.REFUSED), False, "shown as new: it is refused now"),
        (row(Action.NEW), row(Action.NEW, "another"), True, "is not what was shown"),
        (row(Action.NEW), row(Action.NOT_READ), True, "could not be read"),
    ],
)
def test_only_what_was_shown_is_carried(
    shown: PlanRow | None, now: PlanRow, left: str | None, *, is_asked: bool
) -> None:
    why = why_left(RecordedRow.of(shown) if shown else None, now, is_asked=is_asked)
    assert why is None if left is None else left in (why or ""), why


def test_what_planned_again_has_no_row_was_never_in_the_plan_or_is_no_more() -> None:
    assert why_outside(None) == "it is not in the plan: plan again to see it"
    assert "shown as under way: it is none of the plan's any more" in why_outside(RecordedRow.of(row(Action.UNDER_WAY)))
