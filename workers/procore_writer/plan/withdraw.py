"""Taking back what was written, as the route's rules say."""

from __future__ import annotations

from relay.domain import identity
from relay.domain.outcomes import OutcomeKind
from relay.engine.writer.adapter import Done, Plan, Reject
from workers.procore_writer.content import parts
from workers.procore_writer.plan import elements
from workers.procore_writer.plan.elements import Json
from workers.procore_writer.plan.steps import Step, single_call, sync_call
from workers.procore_writer.situation import PlanContext

DELETED = "source.deleted"
"""The reason of a withdrawal because the source's record is gone."""

_VOID = parts.status_hash(parts.VOID)


def plan_withdraw(s: PlanContext) -> Plan:
    """Voids what is there, leaves it, or asks."""
    if s.pco_id is None and s.package_id is None:
        return _done("Nothing of it was ever written.")
    rule = s.command.rules.on_delete if is_deletion(s) else s.command.rules.on_withdraw
    if rule == "leave":
        return _done("The route leaves what was written in Procore as it is.")
    step = _void(s)
    if step is None:
        return _done("What was written is void in Procore.")
    return step if rule == "void" else _letter(s)


def deleted_at_source() -> Done:
    """It was deleted in Procore by somebody: as good as void."""
    return _done("What was written has been deleted in Procore.")


def is_deletion(s: PlanContext) -> bool:
    """Whether the source's record is gone, and not merely no longer routed here."""
    return (s.command.reason or "").endswith("deleted")


def _done(sentence: str) -> Done:
    return Done(kind=OutcomeKind.WITHDRAWN, sentence=sentence)


def _void(s: PlanContext) -> Plan | None:
    """From the outside in: package, request, change order."""
    if s.package_id is not None and s.accepted(parts.PACKAGE_STATUS) != _VOID:
        element: Json = {"package_id": s.package_id, "fields": {"status": parts.VOID}}
        return single_call(s, Step.UPDATE_PACKAGE, element, {parts.PACKAGE_STATUS: _VOID})
    if s.request_id is not None and s.accepted(parts.REQUEST_STATUS) != _VOID:
        request: Json = {
            "id": s.request_id,
            "origin_id": identity.request_origin_id(s.command.origin_id),
            "status": parts.VOID,
        }
        return sync_call(s, Step.REQUEST, request, {parts.REQUEST_STATUS: _VOID})
    if s.tiers != 1 and s.pco_id is not None and s.accepted(parts.STATUS) != _VOID:
        order: Json = {
            "id": s.pco_id,
            "origin_id": s.command.origin_id,
            "status": parts.VOID,
            "origin_data": elements.mark_for(s, parts.VOID),
        }
        return sync_call(s, Step.HEADER, order, {parts.STATUS: _VOID})
    return None


def _letter(s: PlanContext) -> Reject:
    why = "was deleted in the source system" if is_deletion(s) else "is no longer to be carried"
    rule = "on_delete" if is_deletion(s) else "on_withdraw"
    return Reject(
        reason="procore.deleted_after_applied" if is_deletion(s) else "procore.withdrawn_after_applied",
        sentence=f"The change order {why}, but it is already in contract {s.command.destination.contract_id}. Void it "
        f"there by hand, or set {rule} on the route (void or leave) and send the letter again.",
    )
