"""Our references on a POCO that somebody else has made and that now stands for a change order.

They let later look-ups find it. Only an open POCO can be changed; any other is known by its guid in the ledger alone,
and so is one whose references CINX refuses, fails over or does not keep: nothing depends on them. Only the references
are named, so that everything else stays as it is (CINX API docs, "Introduction", NULL Values).
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from relay.clients.cinx import JobState
from relay.domain.failures import Denied, Rejected
from relay.domain.ledger import Intent
from relay.domain.ledger_facts import CinxFact
from relay.engine.telemetry import events
from relay.engine.writer.adapter import Accepted, NotApplied, Result
from workers.cinx_submitter.calls.context import CallContext, Results
from workers.cinx_submitter.calls.jobs import look_terms, wait_for
from workers.cinx_submitter.calls.submit import followed
from workers.cinx_submitter.document.content import is_open, mark_of
from workers.cinx_submitter.order_snapshot import OrderSnapshot

_log = structlog.get_logger(__name__)
_NOT_DUE = {CinxFact.MARK: ""}


def mark(calling: CallContext) -> Results:
    """Writes them."""
    document = calling.element
    if not isinstance(document, Mapping):
        raise TypeError("nothing is planned that could be changed")
    calling.cache.views.drop(calling.order)
    try:
        taken = calling.client.modify_poco(document, terms=calling.write_terms)
    except (Rejected, Denied) as failure:
        return calling.same_for_all(_by_guid_only(calling, failure.message))
    return calling.same_for_all(followed(calling, taken))


def follow_mark(calling: CallContext, intent: Intent, state: JobState | None) -> Result:
    """One look at what became of it."""
    poco = calling.read_poco(OrderSnapshot.read(intent.before).target or "", look_terms(calling, intent))
    mark_now = None if poco is None else mark_of(poco.references)
    if mark_now is not None and mark_now.origin_id == calling.command.origin_id:
        return Accepted(remote=_NOT_DUE)
    if poco is None or not is_open(poco):
        return _by_guid_only(calling, "it can no longer be changed")
    if state is None and intent.ambiguous_at is None:
        return NotApplied()  # A predecessor may not have come to send it.
    if _may_still_show(calling, intent, state):
        return wait_for(calling, intent, "CINX has been asked to keep our references on the POCO.")
    return _by_guid_only(calling, "CINX does not show them")


def _may_still_show(calling: CallContext, intent: Intent, state: JobState | None) -> bool:
    if state in (JobState.PROCESSED, JobState.FAILED):
        age = calling.cache.age_of((intent.origin_id, intent.intended_at, state))
        return state is JobState.PROCESSED and age < calling.timeouts.unmarked_confirm_after
    longest = calling.quarantine if state is None else calling.timeouts.search
    return calling.seconds_since(intent) < longest


def _by_guid_only(calling: CallContext, why: str) -> Accepted:
    command = calling.command
    _log.warning(events.CINX_NOT_MARKED, account=command.account, origin_id=command.origin_id, message=why)
    return Accepted(remote=_NOT_DUE)
