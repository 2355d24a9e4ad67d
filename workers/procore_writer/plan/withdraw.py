"""Taking back what was written, as the route's rules say."""

from __future__ import annotations

from relay.domain import identity
from relay.domain.ledger_facts import ProcorePart
from relay.domain.outcomes import OutcomeKind
from relay.engine.writer.adapter import Done, Plan, Reject
from workers.procore_writer.content import parts
from workers.procore_writer.plan import elements
from workers.procore_writer.plan.elements import Json
from workers.procore_writer.plan.existing_records import find_ours
from workers.procore_writer.plan.packages import find_package
from workers.procore_writer.plan.record_updates import PackageUpdate
from workers.procore_writer.plan.steps import Step, sync_call, update_call
from workers.procore_writer.situation import PlanContext

DELETED = "source.deleted"
"""The reason of a withdrawal because the source's record is gone."""

_VOID = parts.status_hash(parts.VOID)


def plan_withdraw(context: PlanContext) -> Plan:
    """Voids what is there, leaves it, or asks."""
    if context.pco_id is None and context.package_id is None:
        # What a lost ledger knew of, or a call in doubt has made, may be there all the same.
        found = find_ours(context) if context.is_rebuilt or context.doubted else None
        return found or _done("Nothing of it was ever written.")
    if context.package_id is None and ProcorePart.PACKAGE in context.doubted:
        return find_package(context)
    rule = context.command.rules.on_delete if is_deletion(context) else context.command.rules.on_withdraw
    if rule == "leave":
        return _done("The route leaves what was written in Procore as it is.")
    step = _void(context)
    if step is None:
        return _done("What was written is void in Procore.")
    return step if rule == "void" else _letter(context)


def deleted_at_source() -> Done:
    """The end of a withdrawal whose record a person has deleted in Procore: as good as void."""
    return _done("What was written has been deleted in Procore.")


def is_deletion(context: PlanContext) -> bool:
    """Whether the source's record is gone, and not merely no longer routed here."""
    return (context.command.reason or "").endswith("deleted")


def _done(sentence: str) -> Done:
    return Done(kind=OutcomeKind.WITHDRAWN, sentence=sentence)


def _void(context: PlanContext) -> Plan | None:
    """From the outside in: package, request, change order."""
    if context.package_id is not None and context.accepted(ProcorePart.PACKAGE_STATUS) != _VOID:
        update = PackageUpdate(context.package_id, {"status": parts.VOID})
        return update_call(context, Step.UPDATE_PACKAGE, update, {ProcorePart.PACKAGE_STATUS: _VOID})
    if context.request_id is not None and context.accepted(ProcorePart.REQUEST_STATUS) != _VOID:
        request: Json = {
            "id": context.request_id,
            "origin_id": identity.request_origin_id(context.command.origin_id),
            "status": parts.VOID,
        }
        return sync_call(context, Step.REQUEST, request, {ProcorePart.REQUEST_STATUS: _VOID})
    if context.tiers != 1 and context.pco_id is not None and context.accepted(ProcorePart.STATUS) != _VOID:
        order: Json = {
            "id": context.pco_id,
            "origin_id": context.command.origin_id,
            "status": parts.VOID,
            "origin_data": elements.mark_for(context, parts.VOID),
        }
        return sync_call(context, Step.HEADER, order, {ProcorePart.STATUS: _VOID})
    return None


def _letter(context: PlanContext) -> Reject:
    why = "was deleted in the source system" if is_deletion(context) else "is no longer to be carried"
    rule = "on_delete" if is_deletion(context) else "on_withdraw"
    return Reject(
        reason="procore.deleted_after_applied" if is_deletion(context) else "procore.withdrawn_after_applied",
        sentence=f"The change order {why}, but it is already in contract {context.command.destination.contract_id}. "
        f"Void it there by hand, or set {rule} on the route (void or leave) and send the letter again.",
    )
