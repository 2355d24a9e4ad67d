"""Projects, contracts and the company's lists, as an administrator sets them up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from deploy.sandbox.procore.attributes import money
from deploy.sandbox.procore.company import Company
from deploy.sandbox.procore.journal import as_row
from deploy.sandbox.procore.people.office import Body, Office, Operation, text, whole
from deploy.sandbox.procore.records import ZERO, Contract, ContractKind, CostCode, LineItemType, Project
from deploy.sandbox.shell import Refused

Row = dict[str, Any]

KINDS: Final[Mapping[str, ContractKind]] = {
    "work_order": "work_order",
    "purchase_order": "purchase_order",
    "prime": "prime",
}
STATUSES: Final[Mapping[ContractKind, tuple[str, ...]]] = {
    "work_order": ("Draft", "Out For Bid", "Out For Signature", "Approved", "Complete", "Terminated", "Void"),
    "purchase_order": ("Draft", "Processing", "Submitted", "Partially Received", "Received", "Approved", "Closed"),
    "prime": ("Draft", "Out For Bid", "Out For Signature", "Approved", "Complete", "Terminated"),
}
EDITABLE: Final = (
    *("number", "title", "status", "description", "executed", "accounting_method"),
    *("origin_id", "origin_code", "origin_data"),
)


def create_project(office: Office, body: Body) -> Row:
    """``name``, optional ``id``, ``number``, ``tiers`` (commitment 1, prime 2), ``permitted`` (true)."""
    company = office.company
    project_id, now = body.get("id") or company.next_id(), company.now()
    if project_id in company.projects:
        raise Refused(f"there is a project {project_id} already")
    company.projects[project_id] = Project(
        id=project_id,
        name=text(body, "name"),
        number=text(body, "number", f"P-{len(company.projects) + 1:03}"),
        tiers={"commitment": 1, "prime": 2, **body.get("tiers", {})},
        permitted=bool(body.get("permitted", True)),
        created_at=now,
        updated_at=now,
    )
    return as_row(company.projects[project_id])


def create_contract(office: Office, body: Body) -> Row:
    """``project``, ``kind`` (work_order, purchase_order, prime), ``title``; ``id``, ``number``, ``vendor`` (name) …"""
    company = office.company
    project, kind = company.project(whole(body, "project")), KINDS[text(body, "kind")]
    contract_id, now = body.get("id") or company.next_id(), company.now()
    if contract_id in company.contracts:
        raise Refused(f"there is a contract {contract_id} already")
    company.contracts[contract_id] = Contract(
        id=contract_id,
        project_id=project.id,
        kind=kind,
        number=text(body, "number", f"{kind[:2].upper()}-{len(company.contracts) + 1:03}"),
        title=text(body, "title"),
        vendor_id=vendor(company, body.get("vendor")),
        grand_total=money(body.get("grand_total", "0"), company.settings) or ZERO,
        created_at=now,
        updated_at=now,
    )
    return edited(company, company.contracts[contract_id], {name: body[name] for name in EDITABLE if name in body})


def vendor(company: Company, name: str | None) -> int | None:
    """The vendor of that name, entered if there is none."""
    if name is None:
        return None
    for vendor_id, known in company.catalog.vendors.items():
        if known == name:
            return vendor_id
    vendor_id = company.next_id()
    company.catalog.vendors[vendor_id] = name
    return vendor_id


def edit_contract(office: Office, body: Body) -> Row:
    """``contract``, ``set`` of its attributes; contract statuses are in title case."""
    return edited(office.company, office.contract(body), body.get("set", {}))


def edited(company: Company, contract: Contract, values: Body) -> Row:
    """The contract with these values; raises Refused."""
    unknown = sorted(set(values) - set(EDITABLE))
    if unknown:
        raise Refused(f"a contract has no {', '.join(unknown)} to set")
    if values.get("status", contract.status) not in STATUSES[contract.kind]:
        raise Refused(f"status of a {contract.kind} is one of {STATUSES[contract.kind]}")
    for name, value in values.items():
        setattr(contract, name, value)
    contract.updated_at = company.now()
    return as_row(contract)


def delete_contract(office: Office, body: Body) -> Row:
    """``contract``; it is not found from now on."""
    contract = office.contract(body)
    contract.deleted_at = contract.updated_at = office.company.now()
    return as_row(contract)


def create_cost_code(office: Office, body: Body) -> Row:
    """``project``, ``code`` (such as ``03-300``), ``name``; ``budgeted`` (false)."""
    company, project = office.company, office.company.project(whole(body, "project"))
    full = text(body, "code")
    parent = next((one.id for one in codes_of(company, project.id) if one.full_code == full.rpartition("-")[0]), None)
    code = CostCode(
        id=body.get("id") or company.next_id(),
        project_id=project.id,
        full_code=full,
        name=text(body, "name", full),
        parent_id=parent,
        created_at=company.now(),
        origin_id=body.get("origin_id"),
    )
    company.cost_codes[code.id] = code
    if body.get("budgeted"):
        company.budget_lines[project.id, code.id, None] = company.now()
    return as_row(code)


def codes_of(company: Company, project_id: int) -> list[CostCode]:
    """The cost codes of a project."""
    return [one for one in company.cost_codes.values() if one.project_id == project_id]


def delete_cost_code(office: Office, body: Body) -> Row:
    """``project``, ``code``."""
    found = {one.full_code: one for one in codes_of(office.company, whole(body, "project"))}
    return as_row(office.company.cost_codes.pop(found[text(body, "code")].id))


def create_line_item_type(office: Office, body: Body) -> Row:
    """``name``, ``code``, ``base_type`` (other)."""
    catalog = office.company.catalog
    type_id = body.get("id") or office.company.next_id()
    base = text(body, "base_type", "other")
    catalog.line_item_types[type_id] = LineItemType(
        id=type_id, name=text(body, "name"), code=text(body, "code"), base_type=base
    )
    return as_row(catalog.line_item_types[type_id])


def delete_line_item_type(office: Office, body: Body) -> Row:
    """``code``."""
    types = office.company.catalog.line_item_types
    found = {one.code: one.id for one in types.values()}
    return as_row(types.pop(found[text(body, "code")]))


def create_uom(office: Office, body: Body) -> Row:
    """``name`` of a unit of measure."""
    uoms = office.company.catalog.uoms
    uoms[office.company.next_id()] = text(body, "name")
    return {"uoms": list(uoms.values())}


def delete_uom(office: Office, body: Body) -> Row:
    """``name`` of a unit of measure."""
    uoms = office.company.catalog.uoms
    found = {name: one for one, name in uoms.items()}
    del uoms[found[text(body, "name")]]
    return {"uoms": list(uoms.values())}


def create_change_reason(office: Office, body: Body) -> Row:
    """``change_reason`` of the company's list."""
    reasons = office.company.catalog.change_reasons
    reasons[office.company.next_id()] = text(body, "change_reason")
    return {"change_reasons": list(reasons.values())}


OPERATIONS: Final[Mapping[str, Operation]] = {
    "create_project": create_project,
    "create_contract": create_contract,
    "edit_contract": edit_contract,
    "delete_contract": delete_contract,
    "create_cost_code": create_cost_code,
    "delete_cost_code": delete_cost_code,
    "create_line_item_type": create_line_item_type,
    "delete_line_item_type": delete_line_item_type,
    "create_uom": create_uom,
    "delete_uom": delete_uom,
    "create_change_reason": create_change_reason,
}
