"""The small objects that other views contain."""

from __future__ import annotations

from typing import Any, Final

from deploy.sandbox.procore.company import Company

Row = dict[str, Any]

CURRENCY: Final = {"currency_iso_code": "USD"}


def person(company: Company, user: int | None) -> Row | None:
    """``{id, login, name}`` of somebody."""
    known = company.catalog.people.get(user) if user is not None else None
    return None if known is None else {"id": known.id, "login": known.login, "name": known.name}


def named_person(company: Company, user: int | None) -> Row | None:
    """``{id, name}`` of somebody, as the newer endpoints have it."""
    known = company.catalog.people.get(user) if user is not None else None
    return None if known is None else {"id": known.id, "name": known.name}


def vendor(company: Company, contract_id: int) -> Row | None:
    """``{id, name}`` of the contract's vendor."""
    vendor_id = company.contracts[contract_id].vendor_id
    return None if vendor_id is None else {"id": vendor_id, "name": company.catalog.vendors[vendor_id]}


def line_item_type(company: Company, type_id: int | None) -> Row | None:
    """A line item type inside something else."""
    known = company.catalog.line_item_types.get(type_id) if type_id is not None else None
    if known is None:
        return None
    row = {"id": known.id, "name": known.name, "code": known.code, "base_type": known.base_type}
    return {**row, "origin_data": None, "origin_id": known.origin_id}


def wbs_code(company: Company, cost_code_id: int | None, type_id: int | None) -> Row | None:
    """The work breakdown code of cost code and type."""
    code = company.cost_codes.get(cost_code_id) if cost_code_id is not None else None
    if code is None:
        return None
    kind = company.catalog.line_item_types.get(type_id) if type_id is not None else None
    names = (f"{code.full_code}.{kind.code}", f"{code.name}.{kind.name}") if kind else (code.full_code, code.name)
    return {"id": company.wbs_code(code.id, type_id), "flat_code": names[0], "description": names[1]}
