"""The package that belongs to one change order alone.

A package cannot be synced (Procore docs, "Change Order Packages"): it is created once, and an
unknown outcome is settled by listing the packages of the contract, which show their origin ids.
"""

from __future__ import annotations

from relay.domain import identity
from relay.engine.writer.adapter import Plan, PlannedCall, Reject
from workers.procore_writer.cache.contracts import PackageRow
from workers.procore_writer.content import parts
from workers.procore_writer.plan import elements
from workers.procore_writer.plan.elements import Json
from workers.procore_writer.plan.ownership import is_foreign_mark, owned_by_other
from workers.procore_writer.plan.steps import Step, contract_call, read_call, single_call
from workers.procore_writer.situation import PlanContext


def package_step(s: PlanContext, status: str | None = None) -> Plan | None:
    """The package itself: found, made, or brought up to date. ``status``: what a new one starts with."""
    content = parts.package_hash(s.payload)
    if s.package_id is not None:
        if not s.differs(parts.PACKAGE, content):
            return None
        fields = {**elements.package_fields(s), "origin_data": elements.package_mark(s)}
        if s.accepted(parts.PACKAGE) is None:
            # Procore has made it for a change order of ours, or it was adopted.
            fields = {"origin_id": identity.package_origin_id(s.command.origin_id), **fields}
        return _update(s, fields, {parts.PACKAGE: content})
    if s.known.view is None:
        return read_call(s, Step.SURVEY, contract_call(s))
    origin_id = identity.package_origin_id(s.command.origin_id)
    known = s.known.view.package_of(origin_id)
    if known is not None:
        return _met(s, known)
    return _create(s, origin_id, status, content)


def _met(s: PlanContext, package: PackageRow) -> PlannedCall | Reject:
    """It is there already although the ledger does not know it."""
    if is_foreign_mark(s, package.origin_data):
        return owned_by_other(s, f"package {package.number or package.id}", package.origin_data)
    return find_package(s)


def find_package(s: PlanContext) -> PlannedCall:
    """Looks for our package among those of the contract."""
    return read_call(s, Step.FIND_PACKAGE, contract_call(s))


def _create(s: PlanContext, origin_id: str, status: str | None, content: str) -> PlannedCall:
    element: Json = {name: value for name, value in elements.package_fields(s).items() if value is not None}
    element |= {"origin_id": origin_id, "origin_data": elements.package_mark(s)}
    sent = {parts.PACKAGE: content}
    if status is not None:
        element["status"] = status
        sent[parts.PACKAGE_STATUS] = parts.status_hash(status)
    return single_call(s, Step.PACKAGE, element, sent)


def package_status_step(s: PlanContext, status: str | None = None) -> Plan | None:
    """The package's status: the wanted one, or ``status`` on the way to it."""
    if s.package_id is None:
        return None
    wanted = status or s.status
    if not s.differs(parts.PACKAGE_STATUS, parts.status_hash(wanted)):
        return None
    return _update(s, {"status": wanted}, {parts.PACKAGE_STATUS: parts.status_hash(wanted)})


def _update(s: PlanContext, fields: Json, sent: dict[str, str]) -> PlannedCall:
    return single_call(s, Step.UPDATE_PACKAGE, {"package_id": s.package_id, "fields": fields}, sent)
