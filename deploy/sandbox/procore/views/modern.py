"""Commitment and prime change orders, and their batches: the same records under newer names, without external ids.

Source: the published endpoint reference, "Commitment Change Orders", "Prime Change Orders" and their batches.
"""

from __future__ import annotations

from deploy.sandbox.procore import dates
from deploy.sandbox.procore.company import Company
from deploy.sandbox.procore.records import Document, Package, Pco
from deploy.sandbox.procore.rendering import money
from deploy.sandbox.procore.views.parts import CURRENCY, Row, named_person


def shared(company: Company, record: Document) -> Row:
    """What change orders and batches have in common."""
    return {
        "id": record.id,
        "contract_id": record.contract_id,
        "title": record.title,
        "description": record.description,
        "status": record.status,
        "number": record.number,
        "revision": record.revision,
        "due_date": dates.day(record.due_date),
        "paid_date": dates.day(record.paid_date),
        "invoiced_date": dates.day(record.invoiced_date),
        "schedule_impact_amount": record.schedule_impact_amount,
        "executed": record.executed,
        "private": record.private,
        "grand_total": money(company.total(record)),
        "created_by": named_person(company, record.created_by),
        "reviewed_by": None,
        "created_at": dates.stamp(record.created_at),
        "updated_at": dates.stamp(record.updated_at),
        "reviewed_at": dates.stamp(record.reviewed_at),
        "custom_fields": {},
        "currency_configuration": CURRENCY,
    }


def change_order(company: Company, pco: Pco) -> Row:
    """A commitment or prime change order."""
    package, tier = company.package_of(pco), company.tier(pco.contract_id)
    reason_id = pco.change_order_change_reason_id
    reason = company.catalog.change_reasons.get(reason_id or 0)
    prime = company.contracts[pco.contract_id].side == "prime"
    return {
        **shared(company, pco),
        "batch_id": package.id if package and tier > 1 else None,
        "legacy_package_id": package.id if package else None,
        "legacy_request_id": pco.parent_id,
        "type": "PrimeChangeOrder" if prime else "CommitmentChangeOrder",
        "location_id": pco.location_id,
        "received_from": named_person(company, pco.received_from_id),
        "designated_reviewer": named_person(company, pco.designated_reviewer_id),
        "change_order_change_reason": {"id": reason_id, "change_reason": reason} if reason else None,
        "reference": pco.reference,
        "reason": pco.reason,
        "field_change": pco.field_change,
        "paid": pco.paid,
        "signature_required": pco.signature_required,
        "enable_ssov": pco.enable_ssov,
        "signed_change_order_received_date": dates.day(pco.signed_change_order_received_date),
    }


def extended(company: Company, pco: Pco) -> Row:
    """The same with its change events."""
    return {**change_order(company, pco), "change_events": []}


def batch(company: Company, package: Package) -> Row:
    """A batch."""
    requests = company.requests.below(package.id)
    tier = company.tier(package.contract_id)
    return {
        **shared(company, package),
        "change_order_ids": [pco.id for pco in company.pcos_of(package)] if tier == 2 else [],
        "legacy_request_ids": [request.id for request in requests] if tier == 3 else [],
        "signed_change_order_received_date": dates.day(package.signed_change_order_received_date),
    }
