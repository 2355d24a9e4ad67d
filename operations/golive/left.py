"""What a go-live leaves of what it was asked for, and why: what was shown of it is not what would be carried."""

from __future__ import annotations

from dataclasses import dataclass

from operations.plan.recorded import RecordedRow
from operations.plan.rows import Action, PlanRow

NOT_IN_THE_PLAN = "it is not in the plan: plan again to see it"
ONLY_A_PART = "a pilot is carried whole, and something else of this change order is left"

_LEFT = {
    Action.REFUSED: "it was shown as refused: mend what it names, and plan again",
    Action.UNDER_WAY: "an earlier version of it is under way at the writer",
}
_NOTHING_TO_DO = frozenset({Action.UNCHANGED, Action.NOT_CARRIED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is not carried of a change order, and why. Without ``origin_id`` it is all of it."""

    change_order_key: str
    origin_id: str | None
    number: str | None
    target: str | None
    why: str

    @property
    def key(self) -> str:
        """What it is about, as the row of a plan says it."""
        return self.origin_id or self.change_order_key


def why_left(shown: RecordedRow | None, row: PlanRow, *, is_asked: bool) -> str | None:
    """Why a row is not carried; ``None``: it is, or there is nothing to do for it.

    ``is_asked``: no writer has seen the revision, be it that the mapper makes a command of it or refuses it.
    """
    if shown is None:
        return NOT_IN_THE_PLAN if is_asked else None
    if shown.shown == row.shown:
        return _LEFT.get(row.action) if is_asked else None
    return None if _is_done(shown, row, is_asked=is_asked) else _changed(shown.action, row)


def why_outside(shown: RecordedRow | None) -> str:
    """Why it is not carried although nobody has seen it: planned again as the plan was, it has no row."""
    if shown is None:
        return NOT_IN_THE_PLAN
    words = _words(shown.action)
    return f"it has changed since it was shown as {words}: it is none of the plan's any more; plan again to see it"


def _is_done(shown: RecordedRow, row: PlanRow, *, is_asked: bool) -> bool:
    """Whether what was shown is carried already, or on its way: by the mapper itself, once the route was live."""
    if row.action is Action.UNDER_WAY:
        return not is_asked and shown.wanted == row.wanted
    return row.action in _NOTHING_TO_DO and (shown.action in _NOTHING_TO_DO or shown.wanted == row.wanted)


def _changed(shown: str, row: PlanRow) -> str:
    if row.action is Action.NOT_READ:
        return f"it could not be read to compare it with the plan; run this again later. {row.sentence or ''}".rstrip()
    if row.action == shown:
        return "what would be written is not what was shown: plan again, and carry by that plan"
    return f"it has changed since it was shown as {_words(shown)}: it is {_words(row.action)} now; plan again to see it"


def _words(action: str) -> str:
    return action.replace("_", " ")
