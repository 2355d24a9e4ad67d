"""What stands in Procore while a letter about lines is open, for whoever adds up the contract meanwhile."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from relay.engine.writer.adapter import Reject
from workers.procore_writer.situation import PlanContext, ProcoreFact


def with_partial_state(s: PlanContext, refusal: Reject, accepted: Collection[str] = ()) -> Reject:
    """The refusal of lines, with what the remote holds until it is mended. ``accepted``: lines it has just taken."""
    unsent = [part for part in s.line_changes if part not in accepted]
    new = [part for part in unsent if s.accepted(part) is None]
    words = [*_missing(len(new), len(s.lines)), *_former(len(unsent) - len(new))]
    if not words:
        return refusal
    sentence = f"{refusal.sentence} Until then {_name(s)} stands in Procore {' and '.join(words)}{_status(s)}."
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


def _name(s: PlanContext) -> str:
    if s.tiers == 1:
        return f"change order package {s.fact(ProcoreFact.PACKAGE_NUMBER) or s.package_id}"
    return f"potential change order {s.fact(ProcoreFact.NUMBER) or s.pco_id}"


def _status(s: PlanContext) -> str:
    """Where the source's status waits for the lines."""
    known = s.accepted_status
    return f", as {known} and not as {s.status}" if known is not None and known != s.status else ""
