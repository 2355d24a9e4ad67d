"""Line items: on their own with decimals as strings; inside a PCO with numbers and without ``origin_id``.

Source: the published endpoint reference, "Potential Change Order Line Items", "Potential Change Orders".
"""

from __future__ import annotations

from deploy.sandbox.procore import dates
from deploy.sandbox.procore.company import Company
from deploy.sandbox.procore.records import CostCode, Line
from deploy.sandbox.procore.rendering import money
from deploy.sandbox.procore.views.parts import CURRENCY, Row, line_item_type, wbs_code

HOLDER = "PotentialChangeOrder"


def alone(company: Company, line: Line) -> Row:
    """List, show, create, update and sync of line items."""
    project = company.projects[company.pcos.rows[line.pco_id].project_id]
    code = company.cost_codes.get(line.cost_code_id) if line.cost_code_id is not None else None
    return {
        "id": line.id,
        "amount": money(line.amount),
        "company": {"id": company.id, "name": company.name},
        "cost_code": None if code is None else cost_code(company, code),
        "created_at": dates.stamp(line.created_at),
        "description": line.description,
        "extended_type": line.extended_type,
        "holder": {"id": line.pco_id, "holder_type": HOLDER},
        "line_item_type": line_item_type(company, line.line_item_type_id),
        "origin_data": line.origin_data,
        "origin_id": line.origin_id,
        "position": line.position,
        "project": {"id": project.id, "name": project.name},
        "quantity": money(line.quantity),
        "tax_code_id": line.tax_code_id,
        "total_amount": money(line.amount),
        "extended_amount": money(line.amount),
        "unit_cost": money(line.unit_cost),
        "uom": line.uom,
        "wbs_code": wbs_code(company, line.cost_code_id, line.line_item_type_id),
        "updated_at": dates.stamp(line.updated_at),
        "change_event_line_item": None,
        "currency_configuration": CURRENCY,
    }


def embedded(company: Company, line: Line) -> Row:
    """Inside a PCO's show view."""
    code = company.cost_codes.get(line.cost_code_id) if line.cost_code_id is not None else None
    return {
        "id": line.id,
        "position": line.position,
        "description": line.description,
        "quantity": line.quantity,
        "uom": line.uom,
        "total_amount": money(line.amount),
        "extended_amount": money(line.amount),
        "cost_code_id": line.cost_code_id,
        "tax_code_id": line.tax_code_id,
        "unit_cost": line.unit_cost,
        "cost_code": None if code is None else {"id": code.id, "name": code.name},
        "line_item_type": line_item_type(company, line.line_item_type_id),
        "markup_line_items": [],
        "currency_configuration": CURRENCY,
    }


def in_package(company: Company, line: Line) -> Row:
    """Inside a package's show view: strings, with the PCO as holder."""
    row = alone(company, line)
    return {name: value for name, value in row.items() if name not in ("company", "project", "extended_type")}


def cost_code(company: Company, code: CostCode) -> Row:
    """A cost code of a project."""
    project = company.projects[code.project_id]
    types = company.catalog.line_item_types
    return {
        "id": code.id,
        "biller": project.name,
        "biller_id": project.id,
        "biller_type": "Project",
        "budgeted": any(key[:2] == (project.id, code.id) for key in company.budget_lines),
        "code": code.code,
        "created_at": dates.stamp(code.created_at),
        "deleted_at": None,
        "full_code": code.full_code,
        "name": code.name,
        "origin_data": None,
        "origin_id": code.origin_id,
        "parent": {"id": code.parent_id},
        "position": 1,
        "sortable_code": code.full_code,
        "standard_cost_code_id": None,
        "standard_cost_code_list_id": None,
        "updated_at": dates.stamp(code.created_at),
        "line_item_types": [line_item_type(company, type_id) for type_id in types],
    }
