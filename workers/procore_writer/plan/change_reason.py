"""The change reason, which only the newer endpoints of one and two tiers can write.

Source: Procore docs, "Commitment Change Orders", "Prime Change Orders" (``change_order_change_reason_id``).
"""

from __future__ import annotations

from relay.domain.ledger_facts import ProcorePart
from relay.engine.writer.adapter import Plan, PlannedCall, Reject
from workers.procore_writer.cache.lookups import Found, Value
from workers.procore_writer.content import parts
from workers.procore_writer.plan.record_updates import OrderUpdate
from workers.procore_writer.plan.steps import Step, read_call, update_call
from workers.procore_writer.situation import PlanContext


def reason_differs(context: PlanContext) -> bool:
    """Whether the change reason has to be sent; a source without one leaves it alone."""
    wanted = context.payload.change_reason
    return wanted is not None and context.differs(ProcorePart.REASON, parts.reason_hash(wanted))


def reason_step(context: PlanContext) -> Plan | None:
    """Writes the change reason, looked up in the company's list."""
    wanted = context.payload.change_reason
    if wanted is None or context.pco_id is None or not reason_differs(context):
        return None
    reason_id = _reason_id(context, wanted)
    if isinstance(reason_id, PlannedCall | Reject):
        return reason_id
    update = OrderUpdate(context.pco_id, {"change_order_change_reason_id": reason_id})
    return update_call(context, Step.REASON, update, {ProcorePart.REASON: parts.reason_hash(wanted)})


def unresolved_reason(context: PlanContext) -> Plan | None:
    """Why the change reason could not be written, or the list that has to be read to know."""
    wanted = context.payload.change_reason
    found = _reason_id(context, wanted) if wanted is not None and reason_differs(context) else None
    return found if isinstance(found, PlannedCall | Reject) else None


def _reason_id(context: PlanContext, wanted: str) -> Value | PlannedCall | Reject:
    if context.tiers == 3:
        return Reject(
            reason="procore.change_reason_unsupported",
            sentence=f"The change reason {wanted!r} cannot be written in a project of three tiers: Procore offers no "
            "call for it. Take it out of the mapping of this route.",
        )
    lookup = context.facts.reasons
    if lookup is None:
        return read_call(context, Step.REASONS, "company")
    reason_id = lookup.find(wanted)
    if isinstance(reason_id, Found):
        return _unknown(wanted) if lookup.fresh else read_call(context, Step.REASONS, "company")
    return reason_id


def _unknown(wanted: str) -> Reject:
    return Reject(
        reason="procore.change_reason_unknown",
        sentence=f"Procore's company list has no single change reason {wanted!r}: add it there, or correct it in the "
        "source system.",
    )
