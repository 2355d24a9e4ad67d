"""Our references on a POCO that was made outside the relay and now stands for a change order.

They let later look-ups find it. Only an open POCO can be changed; any other is known by its guid in the ledger alone,
and so is one whose references CINX refuses, fails over or does not keep: nothing depends on them. Only the references
are named, so that everything else stays as it is (CINX API docs, "Introduction", NULL Values).
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from relay.clients.cinx import JobState
from relay.domain.failures import Denied, Rejected
from relay.domain.ledger_facts import CinxFact
from relay.engine.telemetry import events
from relay.engine.writer.adapter import Accepted, NotApplied, Result
from workers.cinx_submitter.calls.context import CallContext, Results
from workers.cinx_submitter.calls.open_import import OpenImport
from workers.cinx_submitter.calls.submit import pending_import
from workers.cinx_submitter.document.content import is_open, mark_of
from workers.cinx_submitter.order_snapshot import OrderSnapshot

_log = structlog.get_logger(__name__)
_NOT_DUE = {CinxFact.MARK: ""}


def mark(call: CallContext) -> Results:
    """Writes our references; a refusal ends the matter, because nothing depends on them."""
    document = call.element
    if not isinstance(document, Mapping):
        raise TypeError("nothing is planned that could be changed")
    call.cache.views.drop(call.order)
    try:
        answer = call.client.modify_poco(document, terms=call.write_terms)
    except (Rejected, Denied) as failure:
        return call.same_for_all(_left_unmarked(call, failure.message))
    return call.same_for_all(pending_import(call, answer))


def follow_mark(open_import: OpenImport) -> Result:
    """Reads the POCO once and says whether it carries our references."""
    call, intent = open_import.call, open_import.intent
    poco = call.read_poco(OrderSnapshot.unpack(intent.before).target or "", open_import.next_terms)
    mark_now = None if poco is None else mark_of(poco.references)
    if mark_now is not None and mark_now.origin_id == call.command.origin_id:
        return Accepted(remote=_NOT_DUE)
    if poco is None or not is_open(poco):
        return _left_unmarked(call, "it can no longer be changed")
    if open_import.state is None and intent.ambiguous_at is None:
        return NotApplied()  # A predecessor may not have come to send it.
    if _may_still_show(open_import):
        return open_import.pending("CINX has been asked to keep our references on the POCO.")
    return _left_unmarked(call, "CINX does not show them")


def _may_still_show(open_import: OpenImport) -> bool:
    timeouts, state = open_import.call.timeouts, open_import.state
    if open_import.has_ended:
        # The age is asked for first, because it counts from the first question.
        age = open_import.seconds_since_end
        return state is JobState.PROCESSED and age < timeouts.unmarked_confirm_after
    return open_import.seconds < (open_import.call.quarantine if state is None else timeouts.search)


def _left_unmarked(call: CallContext, why: str) -> Accepted:
    command = call.command
    _log.warning(events.CINX_NOT_MARKED, account=command.account, origin_id=command.origin_id, message=why)
    return Accepted(remote=_NOT_DUE, written=False)
