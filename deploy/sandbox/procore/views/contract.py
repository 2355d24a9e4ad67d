"""Contracts: the rows of the three lists, of commitments together, and the show view with change orders by tier.

Source: the published endpoint reference, "Work Order Contracts", "Purchase Order Contracts", "Prime Contracts",
"Commitments".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from deploy.sandbox.procore import dates
from deploy.sandbox.procore.company import Company
from deploy.sandbox.procore.records import ZERO, Contract, ContractKind, Document
from deploy.sandbox.procore.rendering import money
from deploy.sandbox.procore.views.parts import CURRENCY, Row

TYPES: Final[Mapping[ContractKind, str]] = {
    "work_order": "WorkOrderContract",
    "purchase_order": "PurchaseOrderContract",
    "prime": "PrimeContract",
}
COMPACT: Final = ("id", "number", "title", "status", "origin_id")


def row(company: Company, contract: Contract) -> Row:
    """One row of the list of its kind."""
    return {
        "id": contract.id,
        "accounting_method": contract.accounting_method,
        "created_at": dates.stamp(contract.created_at),
        "deleted_at": dates.stamp(contract.deleted_at),
        "description": contract.description,
        "executed": contract.executed,
        "grand_total": money(contract.grand_total),
        "number": contract.number,
        "origin_code": contract.origin_code,
        "origin_data": contract.origin_data,
        "origin_id": contract.origin_id,
        "private": False,
        "project": {"id": contract.project_id, "name": company.projects[contract.project_id].name},
        "status": contract.status,
        "title": contract.title,
        "updated_at": dates.stamp(contract.updated_at),
        "vendor": vendor(company, contract),
        "currency_configuration": CURRENCY,
        **amounts(company, contract),
    }


def amounts(company: Company, contract: Contract) -> Row:
    """What it comes to with its change orders; prime contracts say it in other words than commitments do."""
    totals = {
        status: sum((company.total(pco) for pco in company.pcos.of_contract(contract.id) if pco.status == status), ZERO)
        for status in ("approved", "pending")
    }
    revised = contract.grand_total + totals["approved"]
    if contract.kind == "prime":
        return {
            "approved_change_orders_amount": money(totals["approved"]),
            "pending_change_orders_amount": money(totals["pending"]),
            "revised_contract_amount": money(revised),
        }
    return {
        "approved_change_orders": money(totals["approved"]),
        "pending_change_orders": money(totals["pending"]),
        "revised_contract": money(revised),
    }


def vendor(company: Company, contract: Contract) -> Row | None:
    """The vendor as contracts show it: its name is under ``company``."""
    if contract.vendor_id is None:
        return None
    return {"id": contract.vendor_id, "company": company.catalog.vendors[contract.vendor_id]}


def commitment(company: Company, contract: Contract) -> Row:
    """One row of work orders and purchase orders together, without external ids."""
    full = row(company, contract)
    names = ("id", "title", "number", "status", "description", "executed", "created_at", "private", "vendor")
    return {**{name: full[name] for name in names}, "delivery_date": None}


def show(company: Company, contract: Contract) -> Row:
    """Show: packages with one tier, PCOs too with two, requests too with three."""
    tier = company.tier(contract.id)
    pcos = company.pcos.of_contract(contract.id) if tier > 1 else ()
    requests = company.requests.of_contract(contract.id) if tier > 2 else ()
    return {
        **row(company, contract),
        "line_items": [],
        "change_order_packages": briefly(company.packages.of_contract(contract.id)),
        "potential_change_orders": briefly(pcos),
        "change_order_requests": briefly(requests),
    }


def briefly(documents: Iterable[Document]) -> list[Row]:
    """Change orders inside a contract."""
    return [
        {
            "id": one.id,
            "created_at": dates.stamp(one.created_at),
            "deleted_at": None,
            "due_date": dates.day(one.due_date),
            "invoiced_date": dates.day(one.invoiced_date),
            "number": one.number,
            "paid_date": dates.day(one.paid_date),
            "reviewed_at": dates.stamp(one.reviewed_at),
            "status": one.status,
            "title": one.title,
            "updated_at": dates.stamp(one.updated_at),
            "currency_configuration": CURRENCY,
        }
        for one in documents
    ]
