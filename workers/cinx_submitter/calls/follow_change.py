"""What became of a change of an open POCO: it is read, and compared with before and with what was sent.

A change that adds lines would add them twice if it were sent twice, so it goes out again only after the
POCO still says what it said before.
"""

from __future__ import annotations

from relay.clients.cinx import JobState, Poco
from relay.domain.ledger import Intent
from relay.engine.writer.adapter import Accepted, NeedsReview, NotApplied, Result
from workers.cinx_submitter.calls.context import CallContext
from workers.cinx_submitter.calls.jobs import failure_patience, job_words, look_terms, wait_for
from workers.cinx_submitter.calls.take import differs, facts
from workers.cinx_submitter.document.content import held_content, held_lines, mark_of, poco_name, sides, state_words
from workers.cinx_submitter.document.preview import our_side
from workers.cinx_submitter.order_snapshot import OrderSnapshot
from workers.cinx_submitter.refusals import reject
from workers.cinx_submitter.situation import CONTENT, LINES, PART


def follow_change(calling: CallContext, intent: Intent, state: JobState | None) -> Result:
    """One look."""
    before = OrderSnapshot.read(intent.before)
    poco = calling.read_poco(before.target or "", look_terms(calling, intent))
    if poco is None:
        return _later_or_ask(calling, intent, state, None)
    unchanged = held_content(poco) == before.held
    as_sent = held_content(poco) == intent.parts.get(CONTENT) and _is_written(calling, poco, state)
    # CINX may keep a description of its own.
    if as_sent or (not unchanged and held_lines(poco) == intent.parts.get(LINES)):
        return Accepted(parts={PART: intent.parts[PART]}, remote=facts(calling, poco))
    if state is JobState.FAILED:
        return _failed(calling, intent, poco, unchanged=unchanged)
    if state is JobState.PROCESSED:
        return _processed(calling, intent, poco)
    if state is None and unchanged:
        return NotApplied()
    return _later_or_ask(calling, intent, state, poco)


def _is_written(calling: CallContext, poco: Poco, state: JobState | None) -> bool:
    """Where lines and description stay as they were, only our key or the job's end tells that the rest was changed."""
    mark = mark_of(poco.references)
    return state is JobState.PROCESSED or (mark is not None and mark.key == calling.command.idempotency_key)


def _failed(calling: CallContext, intent: Intent, poco: Poco, *, unchanged: bool) -> Result:
    age = calling.cache.age_of((intent.origin_id, intent.intended_at, JobState.FAILED))
    if age < failure_patience(calling, intent):
        return wait_for(calling, intent, "CINX's import has failed; whether it changed the POCO is looked at.")
    if not unchanged:
        return Accepted(remote=facts(calling, poco), refusal=differs(poco))
    return reject(
        "job_failed",
        f"CINX's {job_words(intent)} that was to change POCO {poco_name(poco)} ({state_words(poco)}) has "
        "failed, and the POCO is as it was. CINX gives no reason. Correct the change order, or change the POCO by "
        "hand; then send this letter again.",
    )


def _processed(calling: CallContext, intent: Intent, poco: Poco) -> Result:
    age = calling.cache.age_of((intent.origin_id, intent.intended_at, JobState.PROCESSED))
    if age < calling.timeouts.unmarked_confirm_after:
        return wait_for(calling, intent, "CINX has finished the import; the POCO does not show it yet.")
    return Accepted(remote=facts(calling, poco), refusal=differs(poco))


def _later_or_ask(calling: CallContext, intent: Intent, state: JobState | None, poco: Poco | None) -> Result:
    patience = calling.timeouts
    most = patience.job if state is JobState.PENDING else patience.search
    if calling.seconds_since(intent) < most:
        return wait_for(calling, intent, "Whether CINX has changed the POCO is not known yet.")
    held = "is gone" if poco is None else f"says neither what it said before nor what was sent ({state_words(poco)})"
    return NeedsReview(
        reason="cinx.change_in_doubt",
        sentence=f"Whether CINX has taken the change of this change order's POCO is unknown; it {held}. Look at it in "
        "CINX, then say `cor letters adopt` with its number to leave it as it is, or `cor letters resubmit` to have it "
        "changed once more.",
        sides=sides(our_side(calling.plan_context), [poco] if poco is not None else []),
        keeps_claim=poco is None or mark_of(poco.references) is None,
    )
