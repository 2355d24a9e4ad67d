"""The order of the calls where potential change orders are visible: two and three tiers.

::

    groups leave approval ─► reopen ─► header ─► lines ─► removed lines
                           ─► package ─► request ─► link and status ─► request's status ─► package's

Lines come before the approving status, which locks them; status is set from the inside out, and
taken back from the outside in. Two tiers have no request of their own.
"""

from __future__ import annotations

from relay.domain import identity
from relay.engine.writer.adapter import Plan, PlannedCall
from workers.procore_writer.content import parts
from workers.procore_writer.plan import elements
from workers.procore_writer.plan.change_reason import reason_differs, reason_step
from workers.procore_writer.plan.elements import Json
from workers.procore_writer.plan.lines import lines_step, removal_step
from workers.procore_writer.plan.packages import package_status_step, package_step
from workers.procore_writer.plan.steps import Step, sync_call
from workers.procore_writer.situation import PlanContext


def next_step(s: PlanContext) -> Plan | None:
    """The next call, or ``None`` when everything is as the command says."""
    return (
        _groups_leave_approval(s)
        or _reopen(s)
        or _ahead(s)
        or lines_step(s)
        or removal_step(s)
        or reason_step(s)
        or (package_step(s) if s.has_package_of_its_own else None)
        or _request(s)
        or _rest(s)
        or _request_status(s)
        or (package_status_step(s) if s.has_package_of_its_own else None)
    )


def content_differs(s: PlanContext) -> bool:
    """Whether something differs that an approved change order locks."""
    return s.header_differs or s.number_differs or bool(s.line_changes or s.removals) or reason_differs(s)


# -- leaving approval


def _interim(s: PlanContext) -> str:
    """The status to take a group back to: the wanted one, unless that is what it has to leave."""
    return parts.INTERIM if s.status == parts.APPROVED else s.status


def _must_leave(s: PlanContext, part: str) -> bool:
    return s.is_locked(part) and (content_differs(s) or s.status != parts.APPROVED)


def _groups_leave_approval(s: PlanContext) -> Plan | None:
    if s.package_id is not None and s.has_package_of_its_own and _must_leave(s, parts.PACKAGE_STATUS):
        return package_status_step(s, _interim(s))
    if s.request_id is not None and _must_leave(s, parts.REQUEST_STATUS):
        return _request_send(s, {"status": _interim(s)}, {parts.REQUEST_STATUS: parts.status_hash(_interim(s))})
    return None


def _reopen(s: PlanContext) -> Plan | None:
    """An approved one is opened before anything that its lock covers is sent."""
    if not (s.is_locked() and content_differs(s)):
        return None
    interim = parts.INTERIM if s.status in parts.LAST else s.status
    return _pco_send(s, {}, {}, status=interim)


# -- the potential change order


def _ahead(s: PlanContext) -> Plan | None:
    """What need not wait for the lines."""
    early = s.status_differs() and s.status not in parts.LAST
    if not (s.pco_id is None or s.header_differs or s.number_differs or early):
        return None
    return _pco_step(s)


def _rest(s: PlanContext) -> Plan | None:
    """What had to wait for lines and groups."""
    if not (s.status_differs() or _link_differs(s)):
        return None
    return _pco_step(s)


def _pco_step(s: PlanContext) -> PlannedCall:
    """Everything of the potential change order that differs and may be said now."""
    fields: Json = {}
    sent: dict[str, str] = {}
    if s.header_differs or s.pco_id is None:
        fields |= elements.header_fields(s, midnight=True)
        sent[parts.HEADER] = parts.header_content(s.payload).hash
    if s.number_differs:
        sent[parts.NUMBER] = parts.number_hash(parts.wanted_number(s.payload) or "")
        if (number := elements.number_to_send(s)) is not None:
            fields["number"] = number
    if _link_is_known(s) and _link_differs(s):
        fields |= _link_fields(s)
        sent[parts.LINK] = _link_hash(s)
    return _pco_send(s, fields, sent, status=_status_now(s))


def _status_now(s: PlanContext) -> str | None:
    """The status that this call may set; one that has to come last waits for everything before it."""
    if not s.status_differs():
        return None
    if s.status not in parts.LAST or _is_complete(s):
        return s.status
    return parts.INTERIM if s.accepted(parts.STATUS) is None else None


def _is_complete(s: PlanContext) -> bool:
    lines_done = not (s.line_changes or s.removals or reason_differs(s))
    return lines_done and (not _wants_link(s) or _link_is_known(s))


def _pco_send(s: PlanContext, fields: Json, sent: dict[str, str], *, status: str | None) -> PlannedCall:
    known: Json = {} if s.pco_id is None else {"id": s.pco_id}
    element: Json = {**known, "origin_id": s.command.origin_id, **fields}
    if status is not None:
        element["status"] = status
        sent = {**sent, parts.STATUS: parts.status_hash(status)}
    if parts.HEADER in sent or not s.header_differs:
        # Without the header the mark would speak of words that are not there yet.
        element["origin_data"] = elements.header_mark(s, status or s.accepted_status)
    return sync_call(s, Step.HEADER, element, sent)


# -- the link to what groups it


def _wants_link(s: PlanContext) -> bool:
    return s.wants_group


def _link_is_known(s: PlanContext) -> bool:
    return (s.request_id if s.tiers == 3 else s.group_package) is not None


def _link_differs(s: PlanContext) -> bool:
    return _wants_link(s) and (not _link_is_known(s) or s.differs(parts.LINK, _link_hash(s)))


def _link_hash(s: PlanContext) -> str:
    if s.tiers == 3:
        return parts.link_hash("request", str(s.request_id))
    return parts.link_hash("package", str(s.group_package))


def _link_fields(s: PlanContext) -> Json:
    if s.tiers == 3:
        return {"change_order_request_id": s.request_id}
    return {"change_order_request": {"change_order_package_id": s.group_package}}


# -- the change order request (three tiers)


def _request(s: PlanContext) -> Plan | None:
    """The request, linked to its package as soon as it is made."""
    if s.tiers != 3 or not s.wants_group:
        return None
    sent: dict[str, str] = {}
    fields: Json = {}
    content = parts.request_hash(s.payload)
    if s.request_id is None or s.differs(parts.REQUEST, content):
        fields |= elements.header_fields(s, midnight=False)
        sent[parts.REQUEST] = content
    link = parts.link_hash("package", str(s.group_package))
    if s.group_package is not None and s.differs(parts.REQUEST_LINK, link):
        fields["change_order_package_id"] = s.group_package
        sent[parts.REQUEST_LINK] = link
    return _request_send(s, fields, sent) if sent else None


def _request_status(s: PlanContext) -> Plan | None:
    if s.request_id is None or s.tiers != 3 or not s.status_differs(parts.REQUEST_STATUS):
        return None
    return _request_send(s, {"status": s.status}, {parts.REQUEST_STATUS: parts.status_hash(s.status)})


def _request_send(s: PlanContext, fields: Json, sent: dict[str, str]) -> PlannedCall:
    known: Json = {} if s.request_id is None else {"id": s.request_id}
    element: Json = {
        **known,
        "origin_id": identity.request_origin_id(s.command.origin_id),
        **fields,
        "origin_data": elements.request_mark(s),
    }
    return sync_call(s, Step.REQUEST, element, sent)
