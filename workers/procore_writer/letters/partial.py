"""What stands in Procore while a letter about lines is open, for people who add up the contract meanwhile."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from relay.domain.ledger_facts import ProcoreFact
from relay.engine.writer.adapter import Reject
from workers.procore_writer.situation import PlanContext


def with_partial_state(context: PlanContext, refusal: Reject, accepted: Collection[str] = ()) -> Reject:
    """The refusal of lines, with what the remote holds until it is mended. ``accepted``: lines it has just taken."""
    if context.pco_id is None and context.package_id is None:
        return refusal  # Nothing of it is there.
    unsent = [part for part in context.line_changes if part not in accepted]
    new = [part for part in unsent if context.accepted(part) is None]
    words = [*_missing(len(new), len(context.lines)), *_former(len(unsent) - len(new))]
    if not words:
        return refusal
    sentence = (
        f"{refusal.sentence} Until then {_name(context)} stands in Procore {' and '.join(words)}{_status(context)}."
    )
    return replace(refusal, sentence=sentence)


def _missing(count: int, wanted: int) -> list[str]:
    if not count:
        return []
    if count == wanted:
        return ["without lines"]
    return ["without this line" if count == 1 else f"without {count} of its {wanted} lines"]


def _former(count: int) -> list[str]:
    if not count:
        return []
    return ["with one line as it was before" if count == 1 else f"with {count} lines as they were before"]


def _name(context: PlanContext) -> str:
    if context.tiers == 1:
        return f"change order package {context.ledger_fact(ProcoreFact.PACKAGE_NUMBER) or context.package_id}"
    return f"potential change order {context.ledger_fact(ProcoreFact.NUMBER) or context.pco_id}"


def _status(context: PlanContext) -> str:
    """Where the source's status waits for the lines."""
    accepted = context.accepted_status
    if accepted in {None, context.status}:
        return ""
    return f", as {accepted} and not as {context.status}"
