"""The order of the calls where only packages are visible: one tier.

::

    leave approval ─► package ─► its hidden change order ─► our origin id on it ─► lines
                   ─► removed lines ─► package's status

Procore makes one hidden potential change order for each package, which holds the lines; its own
status is ignored (Procore support, "Change Order Tier Settings").
"""

from __future__ import annotations

from relay.engine.writer.adapter import Plan, Reject
from workers.procore_writer.cache.contracts import Owner
from workers.procore_writer.content import parts
from workers.procore_writer.plan import elements
from workers.procore_writer.plan.change_reason import reason_differs, reason_step
from workers.procore_writer.plan.lines import lines_step, removal_step
from workers.procore_writer.plan.ownership import is_foreign_mark, owned_by_other, owned_by_stranger
from workers.procore_writer.plan.packages import package_status_step, package_step
from workers.procore_writer.plan.steps import Step, contract_call, read_call, single_call
from workers.procore_writer.situation import PlanContext


def next_step(s: PlanContext) -> Plan | None:
    """The next call, or ``None`` when everything is as the command says."""
    return (
        _leave_approval(s)
        or _package_above(s)
        or package_step(s, s.status if s.status not in parts.LAST else None)
        or _hidden(s)
        or _claim(s)
        or lines_step(s)
        or removal_step(s)
        or reason_step(s)
        or package_status_step(s)
    )


def content_differs(s: PlanContext) -> bool:
    """Whether something differs that an approved package locks."""
    content = s.differs(parts.PACKAGE, parts.package_hash(s.payload))
    return content or bool(s.line_changes or s.removals) or reason_differs(s)


def _leave_approval(s: PlanContext) -> Plan | None:
    if not (s.is_locked(parts.PACKAGE_STATUS) and content_differs(s)):
        return None
    return package_status_step(s, parts.INTERIM if s.status in parts.LAST else s.status)


def _package_above(s: PlanContext) -> Plan | None:
    """The change order was written where the contract did not show yet that it has one tier: a package that Procore
    has made for it is ours; a second one would be the same change order twice.
    """
    if s.pco_id is None or s.package_id is not None:
        return None
    return read_call(s, Step.FIND_ABOVE, f"{contract_call(s)}/{s.pco_id}", s.pco_id)


def _hidden(s: PlanContext) -> Plan | None:
    if s.pco_id is not None:
        return None
    return read_call(s, Step.FIND_HIDDEN, f"{contract_call(s)}/{s.package_id}", s.package_id)


def _claim(s: PlanContext) -> Plan | None:
    """Our origin id on the hidden change order, so that it is known again."""
    wanted = parts.link_hash("pco", str(s.pco_id))
    if s.pco_id is None or s.accepted(parts.CLAIM) == wanted:
        return None
    owner = s.known.view.owners.get(s.pco_id) if s.known.view else None
    if owner is None:
        return look_at_owner(s, s.pco_id)
    refusal = _not_ours(s, owner)
    if refusal is not None:
        return refusal
    fields = {"origin_id": s.command.origin_id, "origin_data": elements.package_mark(s)}
    return single_call(s, Step.CLAIM, {"pco_id": s.pco_id, "fields": fields}, {parts.CLAIM: wanted})


def look_at_owner(s: PlanContext, pco_id: int) -> Plan:
    """Reads whose a record is; before that, what is in the contract."""
    if s.known.view is None:
        return read_call(s, Step.SURVEY, contract_call(s))
    return read_call(s, Step.OWNER, f"{contract_call(s)}/{pco_id}", pco_id)


def _not_ours(s: PlanContext, owner: Owner) -> Reject | None:
    if owner.origin_id in {None, s.command.origin_id}:
        foreign = owner.origin_id is not None and is_foreign_mark(s, owner.origin_data)
        return owned_by_other(s, f"change order {s.pco_id}", owner.origin_data) if foreign else None
    return owned_by_stranger(s, f"change order {s.pco_id}", owner.origin_id or "")
