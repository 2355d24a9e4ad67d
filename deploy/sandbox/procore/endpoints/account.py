"""The account, its projects, and the lists that line items and change orders refer to.

Source: the published endpoint reference, "Users" (me), "Companies", "Projects", "Line Item Types", "Cost Codes",
"Units of Measure", "Change Order Change Reasons", "Change Order Statuses".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from deploy.sandbox.procore import dates, listing
from deploy.sandbox.procore.company import Company
from deploy.sandbox.procore.endpoints.lists import paged
from deploy.sandbox.procore.errors import ApiError
from deploy.sandbox.procore.incoming import NOT_FOUND, Incoming, reply
from deploy.sandbox.procore.listing import Filter, Page
from deploy.sandbox.procore.records import STATUSES, CostCode, LineItemType, Project
from deploy.sandbox.procore.views.line import cost_code
from deploy.sandbox.procore.views.parts import Row, line_item_type, person
from deploy.sandbox.shell import Answer

PROJECTS: Final = {"id": listing.ids("id"), "updated_at": listing.between("updated_at")}
COST_CODES: Final = {"id": listing.ids("id"), "origin_id": Filter("equal", "origin_id")}
TYPES: Final = {"origin_id": Filter("equal", "origin_id")}


@dataclass(frozen=True)
class Entry:
    """A row of a plain list of the company."""

    id: int
    row: Row


def me(incoming: Incoming) -> Answer:
    """As whom the token acts."""
    about = person(incoming.company, incoming.token.user)
    return reply(about or {"id": incoming.token.user, "login": None, "name": None})


def companies(incoming: Incoming) -> Answer:
    """The companies that the app is connected to."""
    company = incoming.company
    row = {"id": company.id, "name": company.name, "is_active": True, "pcn_business_experience": None}
    return paged(incoming, [Entry(company.id, row)], {}, lambda _, entry: entry.row)


def projects(incoming: Incoming) -> Answer:
    """The permitted projects of a company."""
    own_company(incoming, incoming.required("company_id"))
    rows = [project for project in incoming.company.projects.values() if project.permitted]
    return paged(incoming, rows, PROJECTS, project_row)


def project(incoming: Incoming) -> Answer:
    """One permitted project."""
    own_company(incoming, incoming.required("company_id"))
    return reply(project_row(incoming.company, incoming.project(incoming.ids[0])))


def project_row(company: Company, one: Project) -> Row:
    """A project in list and show."""
    return {
        "id": one.id,
        "name": one.name,
        "display_name": f"{one.number} - {one.name}",
        "project_number": one.number,
        "active": one.active,
        "company": {"id": company.id, "name": company.name},
        "created_at": dates.stamp(one.created_at),
        "updated_at": dates.stamp(one.updated_at),
        "time_zone": "US/Pacific",
    }


def own_company(incoming: Incoming, company_id: int) -> None:
    """Raises ApiError for another company."""
    if company_id != incoming.company.id:
        raise ApiError(404, NOT_FOUND)


def company_or_project(incoming: Incoming) -> None:
    """Some lists need one of the two; raises ApiError."""
    company_id, project_id = incoming.optional("company_id"), incoming.optional("project_id")
    if company_id is None and project_id is None:
        raise ApiError(400, {"company_id": ["or project_id is required"]})
    if company_id is not None:
        own_company(incoming, company_id)
    if project_id is not None:
        incoming.project(project_id)


def line_item_types(incoming: Incoming) -> Answer:
    """The cost types of the company."""
    company_or_project(incoming)
    return paged(incoming, incoming.company.catalog.line_item_types.values(), TYPES, type_row)


def type_row(company: Company, one: LineItemType) -> Row:
    """A line item type."""
    return line_item_type(company, one.id) or {}


def cost_codes(incoming: Incoming) -> Answer:
    """The cost codes of one project."""
    wanted = incoming.project()
    rows: list[CostCode] = [code for code in incoming.company.cost_codes.values() if code.project_id == wanted.id]
    return paged(incoming, rows, COST_CODES, cost_code)


def uoms(incoming: Incoming) -> Answer:
    """The company's units of measure."""
    own_company(incoming, incoming.ids[0])
    rows = [
        Entry(uom, {"id": uom, "name": name, "description": name, "is_standard": True, "uom_category": None})
        for uom, name in incoming.company.catalog.uoms.items()
    ]
    return paged(incoming, rows, {}, lambda _, entry: entry.row)


def change_reasons(incoming: Incoming) -> Answer:
    """The company's change reasons, the first way to ask for them."""
    company_or_project(incoming)
    rows = [Entry(one, reason_row(incoming.company, one, text)) for one, text in reasons(incoming.company)]
    return paged(incoming, rows, {}, lambda _, entry: entry.row)


def change_reasons_v2(incoming: Incoming) -> Answer:
    """The same in the newer version: an envelope, ids as strings, at most 100 a page."""
    own_company(incoming, incoming.ids[0])
    rows = [
        {**reason_row(incoming.company, one, text), "id": str(one), "company_id": str(incoming.company.id)}
        for one, text in reasons(incoming.company)
    ]
    query = incoming.call.query
    size = min(100, listing.number("per_page", query.get("per_page", "10")))
    page = Page(listing.number("page", query.get("page", "1")), size)
    return reply({"data": page.cut(rows)}, headers=page.headers(incoming.call, len(rows)))


def reasons(company: Company) -> list[tuple[int, str]]:
    """Ids and texts."""
    return list(company.catalog.change_reasons.items())


def reason_row(company: Company, reason_id: int, text: str) -> Row:
    """One change reason."""
    return {"id": reason_id, "company_id": company.id, "change_reason": text, "show_in_select": True}


def statuses(incoming: Incoming) -> Answer:
    """The display statuses, each mapped to one of the eleven."""
    own_company(incoming, incoming.required("company_id"))
    own = incoming.company.catalog.display_statuses
    standard = [
        {"id": number, "name": name.replace("_", " ").title(), "mapped_to_status": name, "show_in_select": True}
        for number, name in enumerate(STATUSES, 1)
    ]
    return reply([*standard, *own])
