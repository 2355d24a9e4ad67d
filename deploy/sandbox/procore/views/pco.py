"""Potential change orders: show, list row and creation reply.

Source: the published endpoint reference, "Potential Change Orders". The row's ``due_date`` is a date, that of the
show view a date-time; only the row tells the tiers, and it has neither ``origin_id`` nor description nor lines.
"""

from __future__ import annotations

from typing import Final

from deploy.sandbox.procore import dates
from deploy.sandbox.procore.company import Company
from deploy.sandbox.procore.records import Pco
from deploy.sandbox.procore.rendering import money
from deploy.sandbox.procore.views.line import embedded
from deploy.sandbox.procore.views.parts import CURRENCY, Row, person, vendor

NOT_IN_CREATED: Final = frozenset(
    (
        *("change_order_change_reason_id", "deleted_at", "designated_reviewer", "attachments", "location_id"),
        *("reason", "received_from", "reference", "request_for_quote_id", "reviewed_at", "reviewer"),
    )
)


def show(company: Company, pco: Pco) -> Row:
    """Show, update and sync."""
    lines = company.lines.of(pco.id)
    lines_total = money(company.total(pco)) if lines else "0.0"
    return {
        "id": pco.id,
        "accounting_method": company.contracts[pco.contract_id].accounting_method,
        "change_order_change_reason_id": pco.change_order_change_reason_id,
        "change_order_request_id": pco.parent_id,
        "commitment_change_event_id": pco.commitment_change_event_id,
        "contract_id": pco.contract_id,
        "created_at": dates.stamp(pco.created_at),
        "creator": person(company, pco.created_by),
        "deleted_at": dates.stamp(pco.deleted_at),
        "description": pco.description,
        "designated_reviewer": person(company, pco.designated_reviewer_id),
        "due_date": dates.stamp(pco.due_date),
        "field_change": pco.field_change,
        "grand_total": money(company.total(pco)),
        "invoiced_date": dates.day(pco.invoiced_date),
        "attachments": [],
        "line_items": [embedded(company, line) for line in lines],
        "line_items_extended_total": lines_total,
        "line_items_total": lines_total,
        "location_id": pco.location_id,
        "number": pco.number,
        "origin_data": pco.origin_data,
        "origin_id": pco.origin_id,
        "paid": pco.paid,
        "paid_date": dates.day(pco.paid_date),
        "position": pco.position,
        "prime_change_event_id": pco.prime_change_event_id,
        "private": pco.private,
        "reason": pco.reason,
        "received_from": person(company, pco.received_from_id),
        "reference": pco.reference,
        "request_for_quote_id": None,
        "reviewed_at": dates.stamp(pco.reviewed_at),
        "reviewer": None,
        "revision": pco.revision,
        "schedule_impact_amount": pco.schedule_impact_amount,
        "status": pco.status,
        "title": pco.title,
        "updated_at": dates.stamp(pco.updated_at),
        "vendor": vendor(company, pco.contract_id),
        "void": pco.status == "void",
        "currency_configuration": CURRENCY,
        "custom_fields": {},
    }


def created(company: Company, pco: Pco) -> Row:
    """The reply to a creation."""
    full = {**show(company, pco), "line_items": []}
    return {name: value for name, value in full.items() if name not in NOT_IN_CREATED}


def row(company: Company, pco: Pco) -> Row:
    """One row of the list."""
    request = company.requests.get(pco.parent_id) if pco.parent_id is not None else None
    package, tier = company.package_of(pco), company.tier(pco.contract_id)
    reason = company.catalog.change_reasons.get(pco.change_order_change_reason_id or 0)
    prefix = "PCCO" if company.contracts[pco.contract_id].side == "prime" else "CCO"
    return {
        "id": pco.id,
        "contract_id": pco.contract_id,
        "created_at": dates.stamp(pco.created_at),
        "created_by_id": pco.created_by,
        "deleted_at": dates.stamp(pco.deleted_at),
        "due_date": dates.day(pco.due_date),
        "invoiced_date": dates.day(pco.invoiced_date),
        "number": pco.number,
        "paid_date": dates.day(pco.paid_date),
        "reviewed_at": dates.stamp(pco.reviewed_at),
        "status": pco.status,
        "title": pco.title,
        "updated_at": dates.stamp(pco.updated_at),
        "revision": pco.revision,
        "change_reason": reason,
        "schedule_impact_amount": pco.schedule_impact_amount,
        "change_order_request_id": pco.parent_id,
        "executed": pco.executed,
        "grand_total": money(company.total(pco)),
        "change_order_request_title": request.title if request and tier == 3 else None,
        "change_order_package_title": package.title if package else None,
        "potential_change_order_acronym_number": f"PCO {pco.number}" if tier > 1 else "",
        "change_order_request_acronym_number": f"COR {request.number}" if request and tier == 3 else "",
        "change_order_package_acronym_number": f"{prefix} {package.number}" if package else "",
        "change_order_tiers": tier,
        "currency_configuration": CURRENCY,
        "custom_fields": {},
    }
