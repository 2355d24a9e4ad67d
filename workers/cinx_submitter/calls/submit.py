"""The two calls that write. After either, only reading tells what became of it."""

from __future__ import annotations

from collections.abc import Mapping

from relay.clients.cinx import Poco
from relay.clients.cinx import Submission as Taken
from relay.domain.failures import CallFailure
from relay.engine.writer.adapter import NotApplied, Pending, Result
from workers.cinx_submitter.calls.context import CallContext, Results
from workers.cinx_submitter.calls.jobs import SYNCHRONOUS_IMPORT
from workers.cinx_submitter.calls.take import confirm
from workers.cinx_submitter.document.content import held_lines
from workers.cinx_submitter.plan.new_poco import Submission
from workers.cinx_submitter.situation import LINES

_SOON = 1.0


def submit(calling: CallContext) -> Results:
    """Submits a new POCO, unless the purchase order has been looked at again since it was planned.

    Between the look and the submission another of ours may have been submitted; what was noted of the
    purchase order's POCOs would then be wrong, and so would be the search for what becomes of this one.
    """
    planned = calling.element
    if not isinstance(planned, Submission):
        raise TypeError("nothing is planned that could be submitted")
    memory = calling.cache
    if memory.views.get(calling.order, memory.ages.order) is not planned.view:
        calling.release_slot()
        return calling.same_for_all(NotApplied())
    memory.views.drop(calling.order)
    taken = calling.client.create_poco(planned.document, terms=calling.write_terms)
    return calling.same_for_all(_written(calling, taken))


def modify(calling: CallContext) -> Results:
    """Changes a POCO that is open."""
    document = calling.element
    if not isinstance(document, Mapping):
        raise TypeError("nothing is planned that could be changed")
    calling.cache.views.drop(calling.order)
    guid = str(document.get("cinx_guid"))
    calling.cache.pocos.drop((calling.command.account, guid))
    calling.cache.looks.drop((calling.command.command_id, guid))
    taken = calling.client.modify_poco(document, terms=calling.write_terms)
    return calling.same_for_all(_written(calling, taken) if taken.guid else _changed(calling, guid, taken))


def _changed(calling: CallContext, guid: str, taken: Taken) -> Result:
    """What was imported at once may show at once, although CINX does not name it."""
    if taken.job_id is None and taken.failure is None:
        parts = calling.batch.calls[0].parts
        poco = _read_back(calling, guid)
        if poco is not None and held_lines(poco) == parts.get(LINES):
            return confirm(calling, poco, parts)
    return followed(calling, taken)


def followed(calling: CallContext, taken: Taken) -> Pending:
    """What became of it is looked at: at its job, or at once where it was imported at once."""
    first = calling.timeouts.first_poll
    if taken.failure is not None:
        words = f"CINX says that the import has failed ({taken.failure}); whether it left a POCO is looked at."
        return Pending(seconds=first, job_id=SYNCHRONOUS_IMPORT, sentence=words)
    if taken.job_id is None:
        return Pending(seconds=_SOON, sentence="CINX has imported the POCO and does not show it yet.")
    words = f"CINX imports the POCO for purchase order {calling.order.number}."
    return Pending(seconds=first, job_id=taken.job_id, sentence=words)


def _written(calling: CallContext, taken: Taken) -> Result:
    """What was imported at once is read back at once."""
    poco = _read_back(calling, taken.guid) if taken.guid else None
    if poco is None:
        return followed(calling, taken)
    return confirm(calling, poco, calling.batch.calls[0].parts)


def _read_back(calling: CallContext, guid: str) -> Poco | None:
    try:
        return calling.read_poco(guid)
    except CallFailure:  # It is there all the same; nothing may say that it was not sent.
        return None
