"""Looks at import jobs, and how long to wait for the next look."""

from __future__ import annotations

from relay.clients.cinx import JobState
from relay.clients.http.terms import CallTerms
from relay.domain.failures import Denied, Rejected
from relay.domain.ledger import Intent
from relay.engine.writer.adapter import Pending
from workers.cinx_submitter.calls.context import CallContext

SYNCHRONOUS_IMPORT = "synchronous"
"""In the place of a job's id: CINX imported at once, and said that it failed."""


def job_state(calling: CallContext, intent: Intent) -> JobState | None:
    """What CINX says of the job; ``None`` where no job is known."""
    if intent.job_id is None:
        return None
    if intent.job_id == SYNCHRONOUS_IMPORT:
        return JobState.FAILED
    try:
        return calling.client.job(intent.job_id, terms=calling.first).state
    except (Rejected, Denied):
        return JobState.UNKNOWN  # That the look is refused says nothing about what was made.


def look_terms(calling: CallContext, intent: Intent) -> CallTerms:
    """Of the first request after :func:`job_state`, which may have made one."""
    return calling.first if intent.job_id in (None, SYNCHRONOUS_IMPORT) else calling.further


def job_words(intent: Intent) -> str:
    """The import, for people."""
    return "import" if intent.job_id == SYNCHRONOUS_IMPORT else f"import job {intent.job_id}"


def failure_patience(calling: CallContext, intent: Intent) -> float:
    """Seconds for which a POCO is looked for although the import has failed.

    One that was made at once may have been cut off on our side, and go on at CINX's.
    """
    return calling.timeouts.failure + _cut_off(calling, intent)


def quiet_after_failure(calling: CallContext, intent: Intent) -> float:
    """Seconds after the failure until which nothing else is sent for the change order."""
    return calling.timeouts.quiet_after_failure + _cut_off(calling, intent)


def _cut_off(calling: CallContext, intent: Intent) -> float:
    return calling.quarantine if intent.job_id == SYNCHRONOUS_IMPORT else 0.0


def wait_for(calling: CallContext, intent: Intent, words: str) -> Pending:
    """Not yet: looked at again later, the older the later."""
    return Pending(seconds=calling.timeouts.until_next_poll(calling.seconds_since(intent)), sentence=words)
