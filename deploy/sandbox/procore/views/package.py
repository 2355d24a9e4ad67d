"""Change order packages: list row and show view.

Source: the published endpoint reference, "Change Order Packages". Unlike the rows of PCOs and requests, these have
``origin_id``. The holder of a line item is the PCO below, not the package.
"""

from __future__ import annotations

from deploy.sandbox.procore import dates
from deploy.sandbox.procore.company import Company
from deploy.sandbox.procore.records import Package
from deploy.sandbox.procore.rendering import money
from deploy.sandbox.procore.views.line import in_package
from deploy.sandbox.procore.views.parts import CURRENCY, Row, person, vendor


def row(company: Company, package: Package) -> Row:
    """One row of the list."""
    return {
        "id": package.id,
        "contract_id": package.contract_id,
        "created_at": dates.stamp(package.created_at),
        "deleted_at": dates.stamp(package.deleted_at),
        "due_date": dates.day(package.due_date),
        "executed": package.executed,
        "invoiced_date": dates.day(package.invoiced_date),
        "number": package.number,
        "origin_code": package.origin_code,
        "origin_data": package.origin_data,
        "origin_id": package.origin_id,
        "paid_date": dates.day(package.paid_date),
        "reviewed_at": dates.stamp(package.reviewed_at),
        "signed_change_order_received_date": dates.day(package.signed_change_order_received_date),
        "status": package.status,
        "title": package.title,
        "updated_at": dates.stamp(package.updated_at),
        "revision": package.revision,
        "grand_total": money(company.total(package)),
        "designated_reviewer": None,
        "contract": {"vendor": vendor(company, package.contract_id)},
        "currency_configuration": CURRENCY,
        "custom_fields": {},
        "created_by_id": package.created_by,
    }


def show(company: Company, package: Package) -> Row:
    """Show, create and update."""
    prime = company.contracts[package.contract_id].side == "prime"
    lines = [line for pco in company.pcos_of(package) for line in company.lines.of(pco.id)]
    return {
        **row(company, package),
        "description": package.description,
        "position": package.position,
        "private": package.private,
        "review_notes": None,
        "revised_substantial_completion_date": None,
        "schedule_impact_amount": package.schedule_impact_amount,
        "type": "PrimeContractChangeOrder" if prime else "CommitmentContractChangeOrder",
        "creator": person(company, package.created_by),
        "reviewer": None,
        "attachments": [],
        "line_items": [in_package(company, line) for line in lines],
    }
