"""Comparing our own record with what the ledger says of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from relay.domain.outcomes import OutcomeKind
from relay.engine.writer.adapter import Done, NeedsReview, Plan, Reject
from workers.procore_writer.cache.cache import Comparison
from workers.procore_writer.content import parts
from workers.procore_writer.letters import refusals
from workers.procore_writer.plan.destination import by_its_route
from workers.procore_writer.plan.steps import Step, read_call
from workers.procore_writer.situation import PlanContext, ProcoreFact


def plan_verify(s: PlanContext) -> Plan | None:
    """Reads the record, then acts on what was found; ``None``: the payload has to be written again."""
    if s.pco_id is None:
        return Done(kind=OutcomeKind.UNCHANGED, sentence="Nothing of it is known to be in Procore.")
    if is_as_we_know(s):
        return _as_it_was(s)
    step = by_its_route(s)
    if step is not None:
        return step
    finding = s.known.comparison
    if finding is None:
        return read_call(s, Step.LOOK, s.command.origin_id, s.pco_id)
    if finding.is_equal and not _is_half_written(s):
        return _as_it_was(s)
    if finding.deleted:
        return _deleted(s, finding)
    if finding.person and s.command.rules.person_edit != "overwrite":
        return _person(s, finding)
    return _write_again(s, finding)


def _as_it_was(s: PlanContext) -> Done:
    failed = s.entry is not None and s.entry.letters
    words = "Procore says what it has accepted so far; an open letter says what it has not." if failed else None
    return Done(kind=OutcomeKind.UNCHANGED, sentence=words)


def _deleted(s: PlanContext, finding: Comparison) -> Plan:
    return replace(refusals.deleted(s), sides=finding.sides)


def _person(s: PlanContext, finding: Comparison) -> Plan:
    if s.command.rules.person_edit == "keep_theirs":
        return replace(kept_theirs(finding.person), kind=OutcomeKind.UNCHANGED)
    changed = parts.in_words(sorted(finding.person))
    return NeedsReview(
        reason="procore.person_edit",
        sentence=f"Somebody changed {changed} of change order {s.fact(ProcoreFact.NUMBER) or s.pco_id} in Procore. Decide "
        "which is right: set person_edit on the route (keep_theirs or overwrite) and send the letter again, or make "
        "both sides equal.",
        sides=finding.sides,
    )


def kept_theirs(edited: Iterable[str]) -> Done:
    """Nothing is left to send, but parts that a person changed say something else than the source."""
    changed = parts.in_words(sorted(edited))
    return Done(
        reason="procore.kept_theirs", sentence=f"Somebody changed {changed} in Procore; the route keeps their change."
    )


def is_as_we_know(s: PlanContext) -> bool:
    """Whether what was observed is what the ledger says, so that Procore need not be asked.

    With one tier the header is the package's, and a person's part is not as we wrote it.
    """
    seen, entry = s.command.observed, s.entry
    if seen is None or entry is None or s.tiers == 1 or entry.remote.get(ProcoreFact.UNCLAIMED):
        return False
    held = entry.parts
    if any(part.person for part in held.values()) or seen.get(parts.PCO) != s.fact(ProcoreFact.PCO):
        return False
    if parts.NUMBER in held and seen.get(parts.NUMBER) != s.fact(ProcoreFact.NUMBER):
        return False
    said = {parts.HEADER: seen.get(parts.HEADER), parts.STATUS: parts.status_hash(seen.get(parts.STATUS, ""))}
    said |= {part: told for part, told in seen.items() if parts.is_line(part)}
    known = {
        part: one.hash for part, one in held.items() if part in (parts.HEADER, parts.STATUS) or parts.is_line(part)
    }
    return said == known


def _is_half_written(s: PlanContext) -> bool:
    """Whether an earlier look has struck parts that nobody has written again since."""
    if s.entry is None or s.entry.letters or s.entry.withdrawn:
        return False
    header = (parts.PACKAGE, parts.PACKAGE_STATUS) if s.tiers == 1 else (parts.HEADER, parts.STATUS)
    lines = (fact for fact in s.entry.remote if parts.is_line(fact))
    return any(part not in s.entry.parts for part in (*header, *lines))


def _write_again(s: PlanContext, finding: Comparison) -> Plan | None:
    """``None`` where the content is at hand; a letter where it cannot be found any more."""
    again = s.known.remapped.command if s.known.remapped else None
    if s.command.payload is not None or (again is not None and again.payload is not None):
        return None
    changed = parts.in_words(sorted(finding.person | finding.overwritten_by_late_write))
    why = "An older writing of ours came after a newer one" if finding.overwritten_by_late_write else "Somebody changed our record"
    what = "Our record is not written to its end" if finding.is_equal else f"{why} ({changed})"
    return Reject(
        reason="procore.write_again",
        sentence=f"{what}; the newest version has to be written again: run `{refusals.replay_of(s)}`, "
        "for which its route has to be live.",
    )
