"""Whether our own records are still there, and what follows where a person has deleted one.

A sync by ``origin_id`` alone would silently make a deleted record anew. So an element names the ``id`` too, which
goes before the ``origin_id`` (Procore docs, "Using Sync Actions": "Entity with this ID not found"). The reference of
this one sync does not list ``id``; where a company does not take it, the list of change orders is asked before.
"""

from __future__ import annotations

from collections.abc import Collection

from relay.domain.commands import Operation
from relay.domain.failures import Denied
from relay.domain.ledger_facts import ProcoreFact, ProcorePart, is_line
from relay.engine.writer.adapter import Accepted, NotApplied, ReadDone, Result
from workers.procore_writer.calls.context import CallContext, Results
from workers.procore_writer.calls.survey import listed_packages
from workers.procore_writer.plan.steps import Step
from workers.procore_writer.situation import PlanContext

_IDS_AT_ONCE = 50
"""Ids of a filter in one address, which with 19 digits each stays far below the usual 8 KB."""

_OF_ORDER = frozenset({Step.LINES, Step.REMOVE_LINE, Step.LIST_LINES, Step.REASON})
_OF_PACKAGE = frozenset({Step.UPDATE_PACKAGE})
_PACKAGE_PARTS = frozenset({ProcorePart.PACKAGE, ProcorePart.PACKAGE_STATUS})
_PACKAGE_FACTS = frozenset({ProcoreFact.PACKAGE, ProcoreFact.PACKAGE_NUMBER, ProcoreFact.PACKAGE_URL})
_REQUEST_FACTS = frozenset({ProcoreFact.REQUEST, ProcoreFact.REQUEST_NUMBER})
_REQUEST_PARTS = frozenset({ProcorePart.REQUEST, ProcorePart.REQUEST_STATUS, ProcorePart.REQUEST_LINK})


def existing_orders(call: CallContext, ids: Collection[int]) -> frozenset[int]:
    """Those of ``ids`` whose potential change orders the list of the project shows."""
    where, existing = call.destination, set[int]()
    ordered = sorted(ids)
    for at in range(0, len(ordered), _IDS_AT_ONCE):
        some = ordered[at : at + _IDS_AT_ONCE]
        rows = call.client.potential_change_orders.find(where.project_id, ids=some, terms=call.read_terms())
        existing |= {row.id for row in rows if row.deleted_at is None}
    return frozenset(existing) & frozenset(ids)


def record_deletion(call: CallContext, command_id: str, gone: str = ProcoreFact.PCO) -> Result:
    """A record of a command is not there: nothing was written, and planning says what follows.

    ``gone``: the fact of the ledger that names the record.
    """
    call.cache.record_deleted.put(command_id, value=gone)
    return NotApplied()


def record_group_deletion(call: CallContext, context: PlanContext, gone: str) -> Result:
    """The package or request of a change order that is a record of its own is not there.

    A withdrawal goes on with what is there; anything else asks a person.
    """
    command = context.command
    if command.operation is not Operation.WITHDRAW:
        return record_deletion(call, command.command_id, gone)
    return _struck(context, _PACKAGE_FACTS if gone == ProcoreFact.PACKAGE else _REQUEST_FACTS)


def after_denial(call: CallContext, denied: Denied) -> Results:
    """What a refused call about one record means: it was deleted, or (raised again) a right is missing."""
    (task, *others), step = call.batch.tasks, call.batch.step
    context = call.plan_context(task)
    if others or _is_there(call, context, step):
        raise denied
    if step in _OF_PACKAGE and context.tiers != 1:
        return call.same_for_all(record_group_deletion(call, context, ProcoreFact.PACKAGE))
    return call.same_for_all(record_deletion(call, task.command.command_id))


def _is_there(call: CallContext, context: PlanContext, step: str) -> bool:
    if step in _OF_ORDER and context.pco_id is not None:
        return context.pco_id in existing_orders(call, [context.pco_id])
    if step in _OF_PACKAGE and context.package_id is not None:
        return _package_is_there(call, context.package_id)
    return True


def _package_is_there(call: CallContext, package_id: int) -> bool:
    packages = listed_packages(call)
    return any(package.id == package_id and package.deleted_at is None for package in packages)


def check_presence(call: CallContext) -> Results:
    """Before something is sent once more: what the ledger knows of records that are gone is struck from it."""
    (task,) = call.batch.tasks
    context = call.plan_context(task)
    call.cache.presence_checked.put(task.command.command_id, value=True)
    gone = _gone_orders(call, context) | _gone_packages(call, context) | _gone_requests(call, context)
    return call.same_for_all(_struck(context, gone) if gone else ReadDone())


def _struck(context: PlanContext, gone: Collection[str]) -> Result:
    """Strikes what the ledger knows of records that are gone, named by their facts; nothing was written."""
    if context.entry is None:
        return ReadDone()
    facts = {fact: "" for fact in context.entry.remote if fact in gone or (ProcoreFact.PCO in gone and is_line(fact))}
    struck = frozenset(part for part in context.entry.parts if _belongs(part, gone))
    return Accepted(removed=struck, remote=facts, written=False)


def _gone_orders(call: CallContext, context: PlanContext) -> frozenset[str]:
    if context.pco_id is None or context.pco_id in existing_orders(call, [context.pco_id]):
        return frozenset()
    return frozenset({ProcoreFact.PCO, ProcoreFact.NUMBER, ProcoreFact.URL, ProcoreFact.UNCLAIMED, ProcoreFact.FIELDS})


def _gone_packages(call: CallContext, context: PlanContext) -> frozenset[str]:
    if context.package_id is None or _package_is_there(call, context.package_id):
        return frozenset()
    return _PACKAGE_FACTS


def _gone_requests(call: CallContext, context: PlanContext) -> frozenset[str]:
    if context.request_id is None:
        return frozenset()
    where = call.destination
    rows = call.client.requests.find(where.project_id, where.contract_id, terms=call.read_terms())
    if any(row.id == context.request_id and row.deleted_at is None for row in rows):
        return frozenset()
    return _REQUEST_FACTS


def _belongs(part: str, gone: Collection[str]) -> bool:
    """Whether a part was of a record that is gone, or of its link to another."""
    if part in _PACKAGE_PARTS:
        return ProcoreFact.PACKAGE in gone
    if part in _REQUEST_PARTS:
        return ProcoreFact.REQUEST in gone or (part == ProcorePart.REQUEST_LINK and ProcoreFact.PACKAGE in gone)
    if part == ProcorePart.LINK:
        return True
    return ProcoreFact.PCO in gone
