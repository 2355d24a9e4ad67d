"""What became of an import: its job is read, and its POCO searched. Nothing is ever sent here.

A job's answer never names what it made (CINX API docs, "Jobs"), so the purchase order's POCOs decide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from relay.clients.cinx import JobState
from relay.domain.failures import Denied, Rejected
from relay.engine.writer.adapter import Accepted, NeedsReview, Result
from workers.cinx_submitter.calls.confirm import confirm
from workers.cinx_submitter.calls.context import CallContext, Results
from workers.cinx_submitter.calls.follow_change import follow_change
from workers.cinx_submitter.calls.mark import follow_mark
from workers.cinx_submitter.calls.open_import import LATE_JOB, OpenImport
from workers.cinx_submitter.calls.search import SearchResult, search
from workers.cinx_submitter.document.content import poco_name, sides
from workers.cinx_submitter.document.preview import our_side
from workers.cinx_submitter.refusals import reject
from workers.cinx_submitter.steps import Step


@dataclass(frozen=True, slots=True)
class _Unfound:
    """What is said while the POCO is not found: ``waiting`` until the search ends, ``reason`` and ``cause`` after."""

    waiting: str
    reason: str
    cause: str


_UNFOUND: Final[Mapping[JobState | None, _Unfound]] = {
    None: _Unfound(
        "Whether CINX has taken the submission is unknown; its POCO is looked for before anything else.",
        "in_doubt",
        "the answer to the submission was lost",
    ),
    JobState.PENDING: _Unfound(
        "CINX has not finished the import yet.",
        "job_unfinished",
        "its import job has no end that CINX tells of",
    ),
    JobState.UNKNOWN: _Unfound(
        "CINX does not know the import job (any more); its POCO is looked for.",
        "job_unknown",
        "CINX does not know its import job",
    ),
    JobState.PROCESSED: _Unfound(
        "CINX has finished the import; its POCO is not visible yet.",
        "poco_missing",
        "its import job says that it was processed",
    ),
}
"""By the state of the job. A failed one is rejected instead."""
_OTHER_STEPS: Final[Mapping[str, Callable[[OpenImport], Result]]] = {
    Step.MODIFY.value: follow_change,
    Step.MARK.value: follow_mark,
}
"""What follows the imports that make no POCO, by the step of their intent."""


def follow(call: CallContext) -> Results:
    """Reads once what became of the task's open import."""
    open_import, command_id = OpenImport.unasked(call), call.command.command_id
    if call.cache.submitted.get(command_id):
        call.cache.submitted.put(command_id, value=False)  # Once: after that the job tells when to look again.
        accepted = _shown_as_expected(open_import)
        if accepted is not None:
            return call.same_for_all(accepted)
        open_import = replace(open_import, slot_is_used=True)
    open_import = open_import.read()
    follow_step = _OTHER_STEPS.get(open_import.intent.step, _follow_submission)
    return call.same_for_all(follow_step(open_import))


def _shown_as_expected(open_import: OpenImport) -> Accepted | None:
    """The POCO with our key and what was sent, where CINX shows it by the time that imports take; else ``None``.

    What is there with our key needs no job to say so. Everything else is judged only beside the job's state.
    """
    try:
        result = search(open_import)
    except (Rejected, Denied):
        return None
    if len(result.marked_ours) != 1:
        return None
    accepted = confirm(open_import.call, result.marked_ours[0], open_import.intent.parts)
    return accepted if accepted.refusal is None else None


def _follow_submission(open_import: OpenImport) -> Result:
    if open_import.state is JobState.PENDING and open_import.seconds < LATE_JOB:
        return open_import.pending(_UNFOUND[JobState.PENDING].waiting)
    try:
        result = search(open_import)
    except (Rejected, Denied) as failure:
        return _not_shown(open_import, failure.message)
    return _judge(open_import, result)


def _judge(open_import: OpenImport, result: SearchResult) -> Result:
    pocos = result.marked_ours
    if not pocos and _are_unmarked_believed(open_import, result):
        pocos = result.unmarked_matches
    if len(pocos) > 1:
        return _several(open_import, result)
    if pocos:
        if result.marked_ours:
            _note_seconds(open_import)
        return confirm(open_import.call, pocos[0], open_import.intent.parts)
    return _missing(open_import, result)


def _note_seconds(open_import: OpenImport) -> None:
    """How long it took until the POCO showed; that of a predecessor's submission may have shown long ago."""
    cache, command = open_import.call.cache, open_import.call.command
    if open_import.state is JobState.PROCESSED and cache.submitted.get(command.command_id) is not None:
        cache.note_import(command.account, open_import.seconds)


def _are_unmarked_believed(open_import: OpenImport, result: SearchResult) -> bool:
    """Whether ours would have shown by now, if it were another than the one without a mark."""
    if not result.unmarked_matches:
        return False
    return _age(open_import) >= open_import.call.timeouts.unmarked_confirm_after + _lateness(open_import)


def _age(open_import: OpenImport) -> float:
    """Seconds since the job's end was first seen; without an end since the submission."""
    return open_import.seconds_since_end if open_import.has_ended else open_import.seconds


def _lateness(open_import: OpenImport) -> float:
    """Seconds for which the submission itself may still arrive: its answer was lost."""
    return open_import.call.quarantine if open_import.state is None else 0.0


def _missing(open_import: OpenImport, result: SearchResult) -> Result:
    if open_import.state is JobState.FAILED:
        if _age(open_import) < open_import.search_after_failure or result.unmarked_matches:
            return open_import.pending("CINX's import has failed; whether it left a POCO is looked at.")
        return _failed(open_import)
    unfound = _UNFOUND[open_import.state]
    if _age(open_import) < open_import.longest + _lateness(open_import):
        return open_import.pending(unfound.waiting)
    return _give_up(open_import, result, unfound.reason, unfound.cause)


def _not_shown(open_import: OpenImport, why: str) -> Result:
    """CINX refuses to show the purchase order's POCOs: nothing is known, least of all that none was made."""
    cause = f"CINX does not show the purchase order's POCOs ({why})"
    if _age(open_import) < open_import.call.timeouts.search + _lateness(open_import):
        return open_import.pending(f"{cause}.")
    return _give_up(open_import, SearchResult(), "in_doubt", cause)


def _failed(open_import: OpenImport) -> Result:
    return reject(
        "job_failed",
        f"CINX's {open_import.name} for purchase order {open_import.call.order.number} has failed, and no POCO was "
        "made. CINX gives no reason. Compare the change order with what CINX requires (project, cost codes, state of "
        "the purchase order), correct it, then send this letter again; it goes out once nothing of this import can "
        "show any more, a minute or two after it failed.",
        rest=open_import.quiet_after_failure - _age(open_import),
    )


def _give_up(open_import: OpenImport, result: SearchResult, reason: str, cause: str) -> NeedsReview:
    call, job_id = open_import.call, open_import.intent.job_id
    job = f" (job {job_id})" if job_id else ""
    return NeedsReview(
        reason=f"cinx.{reason}",
        sentence=f"Whether this change order was ordered on purchase order {call.order.number} is unknown: "
        f"{cause}{job}, and no POCO of it has been found. It is never sent again by itself. Look at the purchase "
        "order's POCOs in CINX: if it is there, say `cor letters adopt` with its number; if it certainly is not, say "
        "`cor letters resubmit`.",
        sides=sides(our_side(call.plan_context), result.new_pocos),
        keeps_claim=not result.keeps_references,
    )


def _several(open_import: OpenImport, result: SearchResult) -> NeedsReview:
    call, pocos = open_import.call, result.marked_ours or result.unmarked_matches
    names = ", ".join(map(poco_name, pocos))
    return NeedsReview(
        reason="cinx.several_pocos",
        sentence=f"Several POCOs on purchase order {call.order.number} may be this change order: {names}. "
        "Delete or cancel in CINX what is too much, then say `cor letters adopt` with the number of the right one.",
        sides=sides(our_side(call.plan_context), pocos),
        keeps_claim=not result.keeps_references,
    )
