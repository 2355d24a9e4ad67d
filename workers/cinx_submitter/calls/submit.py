"""The two calls that write. After either, only reading tells what became of it."""

from __future__ import annotations

from collections.abc import Mapping

from relay.clients.cinx import ImportAnswer, Poco
from relay.domain.failures import CallFailure
from relay.engine.writer.adapter import NotApplied, Pending, Result
from workers.cinx_submitter.calls.confirm import confirm
from workers.cinx_submitter.calls.context import CallContext, Results
from workers.cinx_submitter.calls.open_import import SYNCHRONOUS_IMPORT
from workers.cinx_submitter.document.content import held_lines
from workers.cinx_submitter.plan.new_poco import Submission
from workers.cinx_submitter.situation import LINES

_SHOWN_SOON = 1.0
"""Seconds until a POCO that was imported synchronously and is not shown yet is read again."""


def submit(call: CallContext) -> Results:
    """Submits a new POCO, unless the purchase order has been read again since it was planned.

    Between that reading and the submission another of ours may have been submitted; what was noted of the
    purchase order's POCOs would then be wrong, and so would be the search for what becomes of this one.
    """
    planned = call.element
    if not isinstance(planned, Submission):
        raise TypeError("nothing is planned that could be submitted")
    cache = call.cache
    if cache.views.get(call.order, cache.ages.order) is not planned.view:
        call.release_slot()
        return call.same_for_all(NotApplied())
    cache.views.drop(call.order)
    answer = call.client.create_poco(planned.document, terms=call.write_terms)
    cache.submitted.put(call.command.command_id, value=_shows_when_expected(call, answer))
    return call.same_for_all(_read_back(call, answer.guid, answer))


def _shows_when_expected(call: CallContext, answer: ImportAnswer) -> bool:
    """Whether it is known how long imports take, and the POCO will be known by our references."""
    account = call.command.account
    knows = call.cache.import_seconds(account) is not None and call.cache.keeps_references.get(account)
    return answer.job_id is not None and bool(knows)


def modify(call: CallContext) -> Results:
    """Changes a POCO that is open."""
    document = call.element
    if not isinstance(document, Mapping):
        raise TypeError("nothing is planned that could be changed")
    call.cache.views.drop(call.order)
    guid = str(document.get("cinx_guid"))
    call.cache.pocos.drop((call.command.account, guid))
    call.cache.command_pocos.drop((call.command.command_id, guid))
    answer = call.client.modify_poco(document, terms=call.write_terms)
    if answer.guid:
        return call.same_for_all(_read_back(call, answer.guid, answer))
    return call.same_for_all(_compare_unnamed(call, guid, answer))


def _read_back(call: CallContext, guid: str | None, answer: ImportAnswer) -> Result:
    """Confirms a POCO that was imported synchronously, where CINX names and shows it."""
    poco = _read_if_shown(call, guid) if guid else None
    return pending_import(call, answer) if poco is None else confirm(call, poco, call.parts)


def _compare_unnamed(call: CallContext, guid: str, answer: ImportAnswer) -> Result:
    """Confirms a change that was imported synchronously and shows already, although CINX does not name the POCO."""
    if answer.job_id is None and answer.failure is None:
        poco = _read_if_shown(call, guid)
        if poco is not None and held_lines(poco) == call.parts.get(LINES):
            return confirm(call, poco, call.parts)
    return pending_import(call, answer)


def pending_import(call: CallContext, answer: ImportAnswer) -> Pending:
    """The import is followed: by its job, or by its POCO where it was synchronous."""
    if answer.failure is not None:
        sentence = f"CINX says that the import has failed ({answer.failure}); whether it left a POCO is looked at."
        return Pending(seconds=call.timeouts.first_poll, job_id=SYNCHRONOUS_IMPORT, sentence=sentence)
    if answer.job_id is None:
        return Pending(seconds=_SHOWN_SOON, sentence="CINX has imported the POCO and does not show it yet.")
    sentence = f"CINX imports the POCO for purchase order {call.order.number}."
    known = call.cache.import_seconds(call.command.account)
    return Pending(seconds=call.timeouts.until_first_poll(known), job_id=answer.job_id, sentence=sentence)


def _read_if_shown(call: CallContext, guid: str) -> Poco | None:
    try:
        return call.read_poco(guid)
    except CallFailure:  # It is there all the same; nothing may say that it was not sent.
        return None
