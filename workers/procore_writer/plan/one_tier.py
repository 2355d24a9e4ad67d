"""The order of the calls where only packages are visible: one tier.

::

    leave approval ─► package ─► its hidden change order ─► our origin id on it ─► lines
                   ─► removed lines ─► package's status

Procore makes one hidden potential change order for each package, which holds the lines; its own
status is ignored (Procore support, "Change Order Tier Settings").
"""

from __future__ import annotations

from relay.domain.ledger_facts import ProcorePart
from relay.engine.writer.adapter import Plan, Reject
from workers.procore_writer.cache.contracts import Owner
from workers.procore_writer.content import parts
from workers.procore_writer.plan import elements
from workers.procore_writer.plan.change_reason import reason_differs, reason_step
from workers.procore_writer.plan.elements import Json
from workers.procore_writer.plan.lines import lines_step, removal_step
from workers.procore_writer.plan.ownership import is_foreign_mark, owned_by_other, owned_by_stranger
from workers.procore_writer.plan.packages import package_status_step, package_step
from workers.procore_writer.plan.record_updates import OrderUpdate
from workers.procore_writer.plan.steps import Step, contract_call, read_call, update_call
from workers.procore_writer.situation import PlanContext


def next_step(context: PlanContext) -> Plan | None:
    """The next call, or ``None`` when everything is as the command says."""
    return (
        _leave_approval(context)
        or _package_above(context)
        or package_step(context, context.status if context.status not in parts.LAST else None)
        or _hidden(context)
        or _claim(context)
        or lines_step(context)
        or removal_step(context)
        or reason_step(context)
        or package_status_step(context)
    )


def content_differs(context: PlanContext) -> bool:
    """Whether something differs that an approved package locks."""
    content = context.differs(ProcorePart.PACKAGE, parts.package_hash(context.payload))
    return content or bool(context.line_changes or context.removals) or reason_differs(context)


def _leave_approval(context: PlanContext) -> Plan | None:
    if not (context.is_locked(ProcorePart.PACKAGE_STATUS) and content_differs(context)):
        return None
    return package_status_step(context, parts.INTERIM if context.status in parts.LAST else context.status)


def _package_above(context: PlanContext) -> Plan | None:
    """The change order was written where the contract did not show yet that it has one tier: a package that Procore
    has made for it is ours; a second one would be the same change order twice.
    """
    if context.pco_id is None or context.package_id is not None:
        return None
    return read_call(context, Step.FIND_ABOVE, f"{contract_call(context)}/{context.pco_id}", context.pco_id)


def _hidden(context: PlanContext) -> Plan | None:
    if context.pco_id is not None:
        return None
    return read_call(context, Step.FIND_HIDDEN, f"{contract_call(context)}/{context.package_id}", context.package_id)


def _claim(context: PlanContext) -> Plan | None:
    """Our origin id on the hidden change order, so that it is known again. The call itself looks whose it is."""
    wanted = parts.link_hash("pco", str(context.pco_id))
    if context.pco_id is None or context.accepted(ProcorePart.CLAIM) == wanted:
        return None
    if context.facts.view is None:
        return read_call(context, Step.SURVEY, contract_call(context))
    owner = context.facts.view.owners.get(context.pco_id)
    refusal = refusal_of_hidden(context, owner) if owner is not None else None
    if refusal is not None:
        return refusal
    fields: Json = {"origin_id": context.command.origin_id, "origin_data": elements.package_mark(context)}
    return update_call(context, Step.CLAIM, OrderUpdate(context.pco_id, fields), {ProcorePart.CLAIM: wanted})


def refusal_of_hidden(context: PlanContext, owner: Owner) -> Reject | None:
    """Why the hidden change order does not get our origin id; ``None``: nobody else has put one there."""
    if owner.origin_id in {None, context.command.origin_id}:
        foreign = owner.origin_id is not None and is_foreign_mark(context, owner.origin_data)
        return owned_by_other(context, f"change order {context.pco_id}", owner.origin_data) if foreign else None
    return owned_by_stranger(context, f"change order {context.pco_id}", owner.origin_id or "")
