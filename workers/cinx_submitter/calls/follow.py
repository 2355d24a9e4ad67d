"""What became of a submission: the job is looked at, the POCO looked for. Nothing is ever sent here.

A job's answer never names what it made (CINX API docs, "Jobs"), so the purchase order's POCOs decide.
"""

from __future__ import annotations

from dataclasses import dataclass

from relay.clients.cinx import JobState
from relay.domain.failures import Denied, Rejected
from relay.domain.ledger import Intent
from relay.engine.writer.adapter import NeedsReview, Result
from workers.cinx_submitter.calls.context import CallContext, Results
from workers.cinx_submitter.calls.follow_change import follow_change
from workers.cinx_submitter.calls.jobs import (
    failure_patience,
    job_state,
    job_words,
    look_terms,
    quiet_after_failure,
    wait_for,
)
from workers.cinx_submitter.calls.mark import follow_mark
from workers.cinx_submitter.calls.search import SearchResult, search
from workers.cinx_submitter.calls.take import confirm
from workers.cinx_submitter.document.content import poco_name, sides
from workers.cinx_submitter.document.preview import our_side
from workers.cinx_submitter.refusals import reject
from workers.cinx_submitter.steps import Step

_LATE_JOB = 60.0
"""Seconds after which the POCO of a job that still is not finished is looked for too."""


def follow(calling: CallContext) -> Results:
    """One look."""
    intent = calling.task.intent
    if intent is None:
        raise TypeError("there is no submission to follow")
    state = job_state(calling, intent)
    if intent.step in _CHANGES:
        return calling.same_for_all(_CHANGES[intent.step](calling, intent, state))
    if state is JobState.PENDING and calling.seconds_since(intent) < _LATE_JOB:
        return calling.same_for_all(wait_for(calling, intent, "CINX has not finished the import yet."))
    look = _JobCheck(calling, intent, state)
    try:
        seen = search(calling, intent, look_terms(calling, intent))
    except (Rejected, Denied) as failure:
        return calling.same_for_all(_unseen(look, failure.message))
    return calling.same_for_all(_judge(look, seen))


_CHANGES = {Step.MODIFY.value: follow_change, Step.MARK.value: follow_mark}


@dataclass(frozen=True, slots=True)
class _JobCheck:
    calling: CallContext
    intent: Intent
    state: JobState | None

    @property
    def age(self) -> float:
        """Seconds since the job's end was first seen; without an end since the submission."""
        if self.state in (JobState.PROCESSED, JobState.FAILED):
            return self.calling.cache.age_of((self.intent.origin_id, self.intent.intended_at, self.state))
        return self.calling.seconds_since(self.intent)

    @property
    def lateness(self) -> float:
        """Seconds for which the submission itself may still arrive: its answer was lost."""
        return self.calling.quarantine if self.state is None else 0.0

    def is_stranger_believed(self) -> bool:
        """Whether ours would have shown by now, if it were another than the one without a mark."""
        return self.age >= self.calling.timeouts.unmarked_confirm_after + self.lateness


def _judge(look: _JobCheck, seen: SearchResult) -> Result:
    if len(seen.marked_ours) > 1:
        return _several(look, seen)
    if seen.marked_ours:
        return confirm(look.calling, seen.marked_ours[0], look.intent.parts)
    if seen.unmarked_matches and look.is_stranger_believed():
        if len(seen.unmarked_matches) > 1:
            return _several(look, seen)
        return confirm(look.calling, seen.unmarked_matches[0], look.intent.parts)
    return _missing(look, seen)


def _missing(look: _JobCheck, seen: SearchResult) -> Result:
    patience = look.calling.timeouts
    if look.state is JobState.FAILED:
        if look.age < failure_patience(look.calling, look.intent) or seen.unmarked_matches:
            return wait_for(look.calling, look.intent, "CINX's import has failed; whether it left a POCO is looked at.")
        return _failed(look)
    most = patience.job if look.state is JobState.PENDING else patience.search
    if look.age < most + look.lateness:
        return wait_for(look.calling, look.intent, _WAITING[look.state])
    return _give_up(look, seen)


def _unseen(look: _JobCheck, why: str) -> Result:
    """CINX refuses to show the purchase order's POCOs: nothing is known, least of all that none was made."""
    if look.age < look.calling.timeouts.search + look.lateness:
        return wait_for(look.calling, look.intent, f"CINX does not show the purchase order's POCOs ({why}).")
    return _give_up(look, SearchResult(), ("in_doubt", f"CINX does not show the purchase order's POCOs ({why})"))


def _failed(look: _JobCheck) -> Result:
    return reject(
        "job_failed",
        f"CINX's {job_words(look.intent)} for purchase order {look.calling.order.number} has failed, and no POCO was "
        "made. CINX gives no reason. Compare the change order with what CINX requires (project, cost codes, state of "
        "the purchase order), correct it, then send this letter again; it goes out once nothing of this import can "
        "show any more, a minute or two after it failed.",
        rest=quiet_after_failure(look.calling, look.intent) - look.age,
    )


_WAITING = {
    None: "Whether CINX has taken the submission is unknown; its POCO is looked for before anything else.",
    JobState.PENDING: "CINX has not finished the import yet.",
    JobState.UNKNOWN: "CINX does not know the import job (any more); its POCO is looked for.",
    JobState.PROCESSED: "CINX has finished the import; its POCO is not visible yet.",
}
_GIVEN_UP = {
    None: ("in_doubt", "the answer to the submission was lost"),
    JobState.PENDING: ("job_unfinished", "its import job has no end"),
    JobState.UNKNOWN: ("job_unknown", "CINX does not know its import job"),
    JobState.PROCESSED: ("poco_missing", "its import job says that it was processed"),
}


def _give_up(look: _JobCheck, seen: SearchResult, cause: tuple[str, str] | None = None) -> NeedsReview:
    reason, words = cause or _GIVEN_UP[look.state]
    calling, job = look.calling, f" (job {look.intent.job_id})" if look.intent.job_id else ""
    return NeedsReview(
        reason=f"cinx.{reason}",
        sentence=f"Whether this change order was ordered on purchase order {calling.order.number} is unknown: "
        f"{words}{job}, and no POCO of it has been found. It is never sent again by itself. Look at the purchase "
        "order's POCOs in CINX: if it is there, say `cor letters adopt` with its number; if it certainly is not, say "
        "`cor letters resubmit`.",
        sides=sides(our_side(calling.plan_context), seen.new_pocos),
        keeps_claim=not seen.keeps_references,
    )


def _several(look: _JobCheck, seen: SearchResult) -> NeedsReview:
    found = seen.marked_ours or seen.unmarked_matches
    names = ", ".join(map(poco_name, found))
    return NeedsReview(
        reason="cinx.several_pocos",
        sentence=f"Several POCOs on purchase order {look.calling.order.number} may be this change order: {names}. "
        "Delete or cancel in CINX what is too much, then say `cor letters adopt` with the number of the right one.",
        sides=sides(our_side(look.calling.plan_context), found),
        keeps_claim=not seen.keeps_references,
    )
