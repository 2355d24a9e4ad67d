"""Change order requests: list row (without ``origin_id``, ``contract_id`` and description) and show view.

Source: the published endpoint reference, "Change Order Requests".
"""

from __future__ import annotations

from deploy.sandbox.procore import dates
from deploy.sandbox.procore.company import Company
from deploy.sandbox.procore.records import Request
from deploy.sandbox.procore.rendering import money
from deploy.sandbox.procore.views import contract as contracts
from deploy.sandbox.procore.views.parts import CURRENCY, Row, person, vendor

NOT_IN_ROW = frozenset({"origin_id", "origin_data", "contract_id", "description", "contract", "batch", "attachments"})


def show(company: Company, request: Request) -> Row:
    """Show, create, update and sync."""
    return {
        "id": request.id,
        "change_order_package_id": request.parent_id,
        "contract_id": request.contract_id,
        "contract": contract(company, request.contract_id),
        "batch": batch(company, request),
        "created_at": dates.stamp(request.created_at),
        "creator": person(company, request.created_by),
        "deleted_at": dates.stamp(request.deleted_at),
        "description": request.description,
        "due_date": dates.stamp(request.due_date),
        "grand_total": money(company.total(request)),
        "invoiced_date": dates.day(request.invoiced_date),
        "number": request.number,
        "origin_data": request.origin_data,
        "origin_id": request.origin_id,
        "paid_date": dates.day(request.paid_date),
        "position": request.position,
        "private": request.private,
        "reviewed_at": dates.stamp(request.reviewed_at),
        "revision": request.revision,
        "schedule_impact_amount": request.schedule_impact_amount,
        "status": request.status,
        "title": request.title,
        "updated_at": dates.stamp(request.updated_at),
        "attachments": [],
        "currency_configuration": CURRENCY,
    }


def row(company: Company, request: Request) -> Row:
    """One row of the list."""
    return {name: value for name, value in show(company, request).items() if name not in NOT_IN_ROW}


def contract(company: Company, contract_id: int) -> Row:
    """The contract inside a request."""
    one = company.contracts[contract_id]
    about = {"id": one.id, "number": one.number, "title": one.title, "type": contracts.TYPES[one.kind]}
    return {**about, "status": one.status, "vendor": vendor(company, contract_id)}


def batch(company: Company, request: Request) -> Row | None:
    """The package of a request under its newer name."""
    package = company.package_above(request)
    if package is None:
        return None
    return {"id": package.id, "title": package.title, "number": package.number, "status": package.status}
