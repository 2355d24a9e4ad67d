"""The order of the calls where potential change orders are visible: two and three tiers.

::

    groups leave approval ─► reopen ─► header ─► lines ─► removed lines
                           ─► package ─► request ─► link and status ─► request's status ─► package's

Lines come before the approving status, which locks them; status is set from the inside out, and
taken back from the outside in. Two tiers have no request of their own.
"""

from __future__ import annotations

from relay.domain import identity
from relay.domain.ledger_facts import ProcorePart
from relay.engine.writer.adapter import Plan, PlannedCall
from workers.procore_writer.content import parts
from workers.procore_writer.plan import elements
from workers.procore_writer.plan.change_reason import reason_differs, reason_step
from workers.procore_writer.plan.elements import Json
from workers.procore_writer.plan.lines import lines_step, removal_step
from workers.procore_writer.plan.packages import package_status_step, package_step
from workers.procore_writer.plan.steps import Step, sync_call
from workers.procore_writer.situation import PlanContext


def next_step(context: PlanContext) -> Plan | None:
    """The next call, or ``None`` when everything is as the command says."""
    return (
        _groups_leave_approval(context)
        or _reopen(context)
        or _ahead(context)
        or lines_step(context)
        or removal_step(context)
        or reason_step(context)
        or (package_step(context) if context.has_package_of_its_own else None)
        or _request(context)
        or _rest(context)
        or _request_status(context)
        or (package_status_step(context) if context.has_package_of_its_own else None)
    )


def content_differs(context: PlanContext) -> bool:
    """Whether something differs that an approved change order locks."""
    return (
        context.header_differs
        or context.number_differs
        or bool(context.line_changes or context.removals)
        or reason_differs(context)
    )


# -- leaving approval


def _interim(context: PlanContext) -> str:
    """The status to take a group back to: the wanted one, unless that is what it has to leave."""
    return parts.INTERIM if context.status == parts.APPROVED else context.status


def _must_leave(context: PlanContext, part: str) -> bool:
    return context.is_locked(part) and (content_differs(context) or context.status != parts.APPROVED)


def _groups_leave_approval(context: PlanContext) -> Plan | None:
    if (
        context.package_id is not None
        and context.has_package_of_its_own
        and _must_leave(context, ProcorePart.PACKAGE_STATUS)
    ):
        return package_status_step(context, _interim(context))
    if context.request_id is not None and _must_leave(context, ProcorePart.REQUEST_STATUS):
        return _request_send(
            context, {"status": _interim(context)}, {ProcorePart.REQUEST_STATUS: parts.status_hash(_interim(context))}
        )
    return None


def _reopen(context: PlanContext) -> Plan | None:
    """An approved one is opened before anything that its lock covers is sent."""
    if not (context.is_locked() and content_differs(context)):
        return None
    interim = parts.INTERIM if context.status in parts.LAST else context.status
    return _pco_send(context, {}, {}, status=interim)


# -- the potential change order


def _ahead(context: PlanContext) -> Plan | None:
    """What need not wait for the lines."""
    early = context.status_differs() and context.status not in parts.LAST
    if not (context.pco_id is None or context.header_differs or context.number_differs or early):
        return None
    return _pco_step(context)


def _rest(context: PlanContext) -> Plan | None:
    """What had to wait for lines and groups."""
    if not (context.status_differs() or _link_differs(context)):
        return None
    return _pco_step(context)


def _pco_step(context: PlanContext) -> PlannedCall:
    """Everything of the potential change order that differs and may be said now."""
    fields: Json = {}
    sent: dict[str, str] = {}
    if context.header_differs or context.pco_id is None:
        fields |= elements.header_fields(context, midnight=True)
        sent[ProcorePart.HEADER] = parts.header_content(context.payload).hash
    if context.number_differs:
        sent[ProcorePart.NUMBER] = parts.number_hash(parts.wanted_number(context.payload) or "")
        if (number := elements.number_to_send(context)) is not None:
            fields["number"] = number
    if _link_is_known(context) and _link_differs(context):
        fields |= _link_fields(context)
        sent[ProcorePart.LINK] = _link_hash(context)
    return _pco_send(context, fields, sent, status=_status_now(context))


def _status_now(context: PlanContext) -> str | None:
    """The status that this call may set; one that has to come last waits for everything before it."""
    if not context.status_differs():
        return None
    if context.status not in parts.LAST or _is_complete(context):
        return context.status
    return parts.INTERIM if context.accepted(ProcorePart.STATUS) is None else None


def _is_complete(context: PlanContext) -> bool:
    lines_done = not (context.line_changes or context.removals or reason_differs(context))
    return lines_done and (not _wants_link(context) or _link_is_known(context))


def _pco_send(context: PlanContext, fields: Json, sent: dict[str, str], *, status: str | None) -> PlannedCall:
    known: Json = {} if context.pco_id is None else {"id": context.pco_id}
    element: Json = {**known, "origin_id": context.command.origin_id, **fields}
    if status is not None:
        element["status"] = status
        sent = {**sent, ProcorePart.STATUS: parts.status_hash(status)}
    if ProcorePart.HEADER in sent or not context.header_differs:
        # Without the header the mark would speak of words that are not there yet.
        element["origin_data"] = elements.header_mark(context, status or context.accepted_status)
    return sync_call(context, Step.HEADER, element, sent)


# -- the link to what groups it


def _wants_link(context: PlanContext) -> bool:
    return context.wants_group


def _link_is_known(context: PlanContext) -> bool:
    return (context.request_id if context.tiers == 3 else context.group_package) is not None


def _link_differs(context: PlanContext) -> bool:
    return _wants_link(context) and (
        not _link_is_known(context) or context.differs(ProcorePart.LINK, _link_hash(context))
    )


def _link_hash(context: PlanContext) -> str:
    if context.tiers == 3:
        return parts.link_hash("request", str(context.request_id))
    return parts.link_hash("package", str(context.group_package))


def _link_fields(context: PlanContext) -> Json:
    if context.tiers == 3:
        return {"change_order_request_id": context.request_id}
    return {"change_order_request": {"change_order_package_id": context.group_package}}


# -- the change order request (three tiers)


def _request(context: PlanContext) -> Plan | None:
    """The request, linked to its package as soon as it is made."""
    if context.tiers != 3 or not context.wants_group:
        return None
    sent: dict[str, str] = {}
    fields: Json = {}
    content = parts.request_hash(context.payload)
    if context.request_id is None or context.differs(ProcorePart.REQUEST, content):
        fields |= elements.header_fields(context, midnight=False)
        sent[ProcorePart.REQUEST] = content
    link = parts.link_hash("package", str(context.group_package))
    if context.group_package is not None and context.differs(ProcorePart.REQUEST_LINK, link):
        fields["change_order_package_id"] = context.group_package
        sent[ProcorePart.REQUEST_LINK] = link
    return _request_send(context, fields, sent) if sent else None


def _request_status(context: PlanContext) -> Plan | None:
    if context.request_id is None or context.tiers != 3 or not context.status_differs(ProcorePart.REQUEST_STATUS):
        return None
    return _request_send(
        context, {"status": context.status}, {ProcorePart.REQUEST_STATUS: parts.status_hash(context.status)}
    )


def _request_send(context: PlanContext, fields: Json, sent: dict[str, str]) -> PlannedCall:
    known: Json = {} if context.request_id is None else {"id": context.request_id}
    element: Json = {
        **known,
        "origin_id": identity.request_origin_id(context.command.origin_id),
        **fields,
        "origin_data": elements.request_mark(context),
    }
    return sync_call(context, Step.REQUEST, element, sent)
