"""Whether our own records are still there, and what follows where a person has deleted one.

A sync by ``origin_id`` alone would silently make a deleted record anew. So an element names the ``id`` too, which
goes before the ``origin_id`` (Procore docs, "Using Sync Actions": "Entity with this ID not found"). The reference of
this one sync does not list ``id``; where a company does not take it, the list of change orders is asked before.
"""

from __future__ import annotations

from collections.abc import Collection

from relay.domain.failures import Denied
from relay.domain.ledger_facts import ProcoreFact, ProcorePart, is_line
from relay.engine.writer.adapter import Accepted, NotApplied, ReadDone, Result
from workers.procore_writer.calls.context import CallContext, Results
from workers.procore_writer.calls.survey import listed_packages
from workers.procore_writer.plan.steps import Step
from workers.procore_writer.situation import PlanContext

_AT_ONCE = 50  # Ids in one address.

_OF_ORDER = frozenset({Step.LINES, Step.REMOVE_LINE, Step.LIST_LINES, Step.REASON})
_OF_PACKAGE = frozenset({Step.UPDATE_PACKAGE})


def existing_orders(call: CallContext, ids: Collection[int], *, admitted: bool = False) -> frozenset[int]:
    """Those of the potential change orders that the project's list shows."""
    where, found = call.destination, set[int]()
    ordered = sorted(ids)
    for at in range(0, len(ordered), _AT_ONCE):
        some = ordered[at : at + _AT_ONCE]
        rows = call.client.potential_change_orders.find(
            where.project_id, ids=some, terms=call.further(admitted=admitted)
        )
        found |= {row.id for row in rows if row.deleted_at is None}
        admitted = False
    return frozenset(found) & frozenset(ids)


def record_deletion(call: CallContext, command_id: str) -> Result:
    """The record of a command is not there: nothing was written, and planning says what follows."""
    call.cache.record_deleted.put(command_id, value=True)
    return NotApplied()


def after_denial(call: CallContext, denied: Denied) -> Results:
    """What a refused call about one record means: it was deleted, or (raised again) a right is missing."""
    (task, *others), step = call.batch.tasks, call.batch.step
    context = call.plan_context(task)
    if others or _is_there(call, context, step, admitted=False):
        raise denied
    return call.same_for_all(record_deletion(call, task.command.command_id))


def _is_there(call: CallContext, context: PlanContext, step: str, *, admitted: bool) -> bool:
    if step in _OF_ORDER and context.pco_id is not None:
        return context.pco_id in existing_orders(call, [context.pco_id], admitted=admitted)
    if step in _OF_PACKAGE and context.package_id is not None:
        return _package_is_there(call, context.package_id, admitted=admitted)
    return True


def _package_is_there(call: CallContext, package_id: int, *, admitted: bool) -> bool:
    packages = listed_packages(call, admitted=admitted)
    return any(one.id == package_id and one.deleted_at is None for one in packages)


def check_presence(call: CallContext) -> Results:
    """Before something is sent once more: what the ledger knows of records that are gone is struck from it."""
    (task,) = call.batch.tasks
    context = call.plan_context(task)
    call.cache.presence_checked.put(task.command.command_id, value=True)
    gone = _gone_orders(call, context) | _gone_packages(call, context) | _gone_requests(call, context)
    if not gone or context.entry is None:
        return call.same_for_all(ReadDone())
    facts = {fact: "" for fact in context.entry.remote if fact in gone or (ProcoreFact.PCO in gone and is_line(fact))}
    struck = frozenset(part for part in context.entry.parts if _belongs(part, gone))
    return call.same_for_all(Accepted(removed=struck, remote=facts))


def _gone_orders(call: CallContext, context: PlanContext) -> frozenset[str]:
    if context.pco_id is None or context.pco_id in existing_orders(call, [context.pco_id], admitted=True):
        return frozenset()
    return frozenset({ProcoreFact.PCO, ProcoreFact.NUMBER, ProcoreFact.URL, ProcoreFact.UNCLAIMED, ProcoreFact.FIELDS})


def _gone_packages(call: CallContext, context: PlanContext) -> frozenset[str]:
    if context.package_id is None or _package_is_there(call, context.package_id, admitted=False):
        return frozenset()
    return frozenset({ProcoreFact.PACKAGE, ProcoreFact.PACKAGE_NUMBER, ProcoreFact.PACKAGE_URL})


def _gone_requests(call: CallContext, context: PlanContext) -> frozenset[str]:
    if context.request_id is None:
        return frozenset()
    where = call.destination
    rows = call.client.requests.find(where.project_id, where.contract_id, terms=call.further(admitted=False))
    if any(row.id == context.request_id and row.deleted_at is None for row in rows):
        return frozenset()
    return frozenset({ProcoreFact.REQUEST, ProcoreFact.REQUEST_NUMBER})


_PACKAGE_PARTS = frozenset({ProcorePart.PACKAGE, ProcorePart.PACKAGE_STATUS})
_REQUEST_PARTS = frozenset({ProcorePart.REQUEST, ProcorePart.REQUEST_STATUS, ProcorePart.REQUEST_LINK})


def _belongs(part: str, gone: Collection[str]) -> bool:
    """Whether a part was of a record that is gone, or of its link to another."""
    if part in _PACKAGE_PARTS:
        return ProcoreFact.PACKAGE in gone
    if part in _REQUEST_PARTS:
        return ProcoreFact.REQUEST in gone or (part == ProcorePart.REQUEST_LINK and ProcoreFact.PACKAGE in gone)
    if part == ProcorePart.LINK:
        return True
    return ProcoreFact.PCO in gone
