"""The package that belongs to one change order alone.

A package cannot be synced (Procore docs, "Change Order Packages"): it is created once, and an
unknown outcome is settled by listing the packages of the contract, which show their origin ids.
"""

from __future__ import annotations

from dataclasses import replace

from relay.domain import identity
from relay.domain.ledger_facts import ProcorePart
from relay.engine.writer.adapter import Plan, PlannedCall, Reject
from workers.procore_writer.cache.contracts import PackageRow
from workers.procore_writer.content import parts
from workers.procore_writer.plan import elements
from workers.procore_writer.plan.elements import Json
from workers.procore_writer.plan.ownership import is_foreign_mark, owned_by_other
from workers.procore_writer.plan.record_updates import PackageUpdate
from workers.procore_writer.plan.steps import Step, contract_call, creation_call, read_call, update_call
from workers.procore_writer.situation import PlanContext


def package_step(context: PlanContext, status: str | None = None) -> Plan | None:
    """The package itself: found, made, or brought up to date. ``status``: what a new one starts with."""
    content = parts.package_hash(context.payload)
    if context.package_id is not None:
        if not context.differs(ProcorePart.PACKAGE, content):
            return None
        fields = {**elements.package_fields(context), "origin_data": elements.package_mark(context)}
        if context.accepted(ProcorePart.PACKAGE) is None:
            # Procore has made it for a change order of ours, or it was adopted.
            fields = {"origin_id": identity.package_origin_id(context.command.origin_id), **fields}
        return _update(context, context.package_id, fields, {ProcorePart.PACKAGE: content})
    if context.facts.view is None:
        return read_call(context, Step.SURVEY, contract_call(context))
    origin_id = identity.package_origin_id(context.command.origin_id)
    package = context.facts.view.package_of(origin_id)
    if package is not None:
        return _met(context, package)
    return _create(context, origin_id, status, content)


def _met(context: PlanContext, package: PackageRow) -> PlannedCall | Reject:
    """It is there already although the ledger does not know it."""
    if is_foreign_mark(context, package.origin_data):
        return owned_by_other(context, f"package {package.number or package.id}", package.origin_data)
    if context.tiers == 1 and context.intent is None and context.pco_id is None:
        return read_call(context, Step.RECOGNISE, context.command.origin_id, package.id)
    return find_package(context)


def find_package(context: PlanContext) -> PlannedCall:
    """Looks for our package among those of the contract; that tells what became of a creation in doubt."""
    in_doubt = context.intent is not None and context.intent.step == Step.PACKAGE.value
    return replace(read_call(context, Step.FIND_PACKAGE, contract_call(context)), resolves=in_doubt)


def _create(context: PlanContext, origin_id: str, status: str | None, content: str) -> PlannedCall:
    element: Json = {name: value for name, value in elements.package_fields(context).items() if value is not None}
    element |= {"origin_id": origin_id, "origin_data": elements.package_mark(context)}
    sent = {ProcorePart.PACKAGE: content}
    if status is not None:
        element["status"] = status
        sent[ProcorePart.PACKAGE_STATUS] = parts.status_hash(status)
    return creation_call(context, Step.PACKAGE, element, sent)


def package_status_step(context: PlanContext, status: str | None = None) -> Plan | None:
    """The package's status: the wanted one, or ``status`` on the way to it."""
    if context.package_id is None:
        return None
    wanted = status or context.status
    if not context.differs(ProcorePart.PACKAGE_STATUS, parts.status_hash(wanted)):
        return None
    return _update(
        context, context.package_id, {"status": wanted}, {ProcorePart.PACKAGE_STATUS: parts.status_hash(wanted)}
    )


def _update(context: PlanContext, package_id: int, fields: Json, sent: dict[str, str]) -> PlannedCall:
    return update_call(context, Step.UPDATE_PACKAGE, PackageUpdate(package_id, fields), sent)
