"""Comparing our own record with what the ledger says of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from enum import Enum, auto
from typing import Literal

from relay.domain.ledger_facts import ProcoreFact, ProcorePart, is_line
from relay.domain.outcomes import OutcomeKind
from relay.engine.writer.adapter import Done, NeedsReview, Plan, Reject
from workers.procore_writer.cache.cache import Comparison
from workers.procore_writer.content import parts
from workers.procore_writer.letters import refusals
from workers.procore_writer.plan.destination import by_its_route
from workers.procore_writer.plan.steps import Step, read_call
from workers.procore_writer.situation import PlanContext


class Verification(Enum):
    """What :func:`plan_verify` says where the record does not say what it has to, and the content is at hand."""

    WRITE_AGAIN = auto()


def plan_verify(context: PlanContext) -> Plan | Literal[Verification.WRITE_AGAIN]:
    """Reads the record and compares it with the ledger, then acts on the difference."""
    if context.pco_id is None:
        return Done(kind=OutcomeKind.UNCHANGED, sentence="Nothing of it is known to be in Procore.")
    if is_as_we_know(context):
        return _as_it_was(context)
    step = by_its_route(context)
    if step is not None:
        return step
    comparison = context.facts.comparison
    if comparison is None:
        return read_call(context, Step.LOOK, context.command.origin_id, context.pco_id)
    if comparison.is_equal and not _is_half_written(context):
        return _as_it_was(context)
    if comparison.deleted:
        return _deleted(context, comparison)
    if comparison.person and context.command.rules.person_edit != "overwrite":
        return _person(context, comparison)
    return _write_again(context, comparison)


def _as_it_was(context: PlanContext) -> Done:
    failed = context.entry is not None and context.entry.letters
    words = "Procore says what it has accepted so far; an open letter says what it has not." if failed else None
    return Done(kind=OutcomeKind.UNCHANGED, sentence=words)


def _deleted(context: PlanContext, comparison: Comparison) -> Plan:
    if context.entry is not None and context.entry.withdrawn:  # It was taken back before: nobody wants it there.
        return Done(kind=OutcomeKind.UNCHANGED, sentence="What was written has been deleted in Procore.")
    return replace(refusals.deletion_question(context), sides=comparison.sides)


def _person(context: PlanContext, comparison: Comparison) -> Plan:
    if context.command.rules.person_edit == "keep_theirs":
        return replace(kept_theirs(comparison.person), kind=OutcomeKind.UNCHANGED)
    changed = parts.in_words(sorted(comparison.person))
    return NeedsReview(
        reason="procore.person_edit",
        sentence=f"Somebody changed {changed} of change order "
        f"{context.ledger_fact(ProcoreFact.NUMBER) or context.pco_id} in Procore. Decide which is right: set "
        "person_edit on the route (keep_theirs or overwrite) and send the letter again, or make both sides equal.",
        sides=comparison.sides,
    )


def kept_theirs(edited: Iterable[str]) -> Done:
    """Nothing is left to send, but parts that a person changed say something else than the source."""
    changed = parts.in_words(sorted(edited))
    return Done(
        reason="procore.kept_theirs", sentence=f"Somebody changed {changed} in Procore; the route keeps their change."
    )


def is_as_we_know(context: PlanContext) -> bool:
    """Whether what was observed is what the ledger says, so that Procore need not be asked.

    With one tier the header is the package's, and a person's part is not as we wrote it.
    """
    observed, entry = context.command.observed, context.entry
    if observed is None or entry is None or context.tiers == 1 or entry.remote.get(ProcoreFact.UNCLAIMED):
        return False
    held = entry.parts
    if any(part.person for part in held.values()):
        return False
    if observed.get(ProcoreFact.PCO) != context.ledger_fact(ProcoreFact.PCO):
        return False
    if ProcorePart.NUMBER in held and observed.get(ProcorePart.NUMBER) != context.ledger_fact(ProcoreFact.NUMBER):
        return False
    said = {
        ProcorePart.HEADER: observed.get(ProcorePart.HEADER),
        ProcorePart.STATUS: parts.status_hash(observed.get(ProcorePart.STATUS, "")),
    }
    said |= {part: part_hash for part, part_hash in observed.items() if is_line(part)}
    accepted = {
        part: state.hash
        for part, state in held.items()
        if part in (ProcorePart.HEADER, ProcorePart.STATUS) or is_line(part)
    }
    return said == accepted


def _is_half_written(context: PlanContext) -> bool:
    """Whether an earlier comparison has struck parts that have not been written again since."""
    if context.entry is None or context.entry.letters or context.entry.withdrawn:
        return False
    header = (
        (ProcorePart.PACKAGE, ProcorePart.PACKAGE_STATUS)
        if context.tiers == 1
        else (ProcorePart.HEADER, ProcorePart.STATUS)
    )
    lines = (fact for fact in context.entry.remote if is_line(fact))
    return any(part not in context.entry.parts for part in (*header, *lines))


def _write_again(context: PlanContext, comparison: Comparison) -> Reject | Literal[Verification.WRITE_AGAIN]:
    """A letter where the content cannot be found any more."""
    remapped = context.facts.remapped.command if context.facts.remapped else None
    if context.command.payload is not None or (remapped is not None and remapped.payload is not None):
        return Verification.WRITE_AGAIN
    changed = parts.in_words(sorted(comparison.person | comparison.overwritten_by_late_write))
    why = (
        "An older writing of ours came after a newer one"
        if comparison.overwritten_by_late_write
        else "Somebody changed our record"
    )
    what = "Our record is not written to its end" if comparison.is_equal else f"{why} ({changed})"
    return Reject(
        reason="procore.write_again",
        sentence=f"{what}; the newest version has to be written again: run `{refusals.replay_of(context)}`, "
        "for which its route has to be live.",
    )
