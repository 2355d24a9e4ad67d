"""The company that a simulator starts with, and change orders as people have typed them in for years."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any, Final

from deploy.sandbox.procore.company import Company
from deploy.sandbox.procore.oauth import Desk
from deploy.sandbox.procore.people import change_orders, setup
from deploy.sandbox.procore.people.office import Body, Office, Operation, whole
from deploy.sandbox.procore.rates import Budget
from deploy.sandbox.procore.records import LineItemType, Person

Row = dict[str, Any]

SERVICE: Final = Person(9000, "change-orders@harbor-build.example", "Change Orders (service account)")
MANAGER: Final = Person(9001, "pm@harbor-build.example", "Project Manager")
TYPES: Final = (
    LineItemType(id=301, name="Subcontract", code="S", base_type="commitment"),
    LineItemType(id=302, name="Materials", code="M", base_type="materials"),
    LineItemType(id=303, name="Labor", code="L", base_type="labor"),
    LineItemType(id=304, name="Equipment", code="E", base_type="equipment"),
    LineItemType(id=305, name="Other", code="O", base_type="other"),
    LineItemType(id=306, name="Owner Cost", code="OC", base_type="owner_cost"),
    LineItemType(id=307, name="Professional Services", code="SVC", base_type="professional_services"),
)
UOMS: Final = ("ea", "ls", "hr", "day", "wk", "mo", "lf", "sf", "sy", "cy", "ton", "lb", "gal", "m", "m2", "m3", "kg")
REASONS: Final = ("Design Development", "Owner Request", "Unforeseen Condition", "Error or Omission", "Allowance")
COST_CODES: Final[Mapping[str, str]] = {
    "01-000": "General Requirements",
    "01-500": "Temporary Facilities",
    "02-300": "Earthwork",
    "03-210": "Reinforcing Steel",
    "03-300": "Cast-in-Place Concrete",
    "04-200": "Masonry",
    "05-120": "Structural Steel",
    "06-100": "Rough Carpentry",
    "06-400": "Architectural Woodwork",
    "07-500": "Roofing",
    "08-500": "Windows",
    "09-250": "Gypsum Board",
    "09-650": "Flooring",
    "09-900": "Painting",
    "15-400": "Plumbing",
    "15-700": "HVAC",
    "26-500": "Lighting",
}
PROJECTS: Final = (
    (315, "Pier 9", "2026-009"),
    (316, "Mill Street Lofts", "2026-014"),
    (317, "Lakeside Clinic", "2026-021"),
)
CONTRACTS: Final[tuple[tuple[int, int, str, str, str, str | None], ...]] = (
    (44021, 315, "work_order", "SC-001", "Concrete and reinforcing", "Granite Foundations LLC"),
    (44022, 315, "purchase_order", "PO-001", "Lighting fixtures", "Bright Supply Co."),
    (44023, 315, "prime", "PC-001", "Prime contract", None),
    (44024, 316, "work_order", "SC-101", "Windows", "Clearview Glass Inc."),
    (44025, 316, "purchase_order", "PO-101", "Structural steel", "Northern Steel Supply"),
    (44026, 316, "prime", "PC-101", "Prime contract", None),
    (44027, 317, "work_order", "SC-201", "Mechanical", "Harbor Mechanical"),
    (44028, 317, "prime", "PC-201", "Prime contract", None),
)
SUBJECTS: Final = (
    "Footing rebar C4",
    "Relocate RTU-3 curb",
    "Küchenfenster versetzen",
    "Añadir drenaje perimetral",
    "Rock removal ≥ 2 yd³",
    "Owner's alternate flooring",
    "Credit: delete millwork at lobby",
)
STATUSES: Final = ("draft", "pending", "proceeding", "approved", "approved", "rejected", "void")


def furnish(company: Company) -> Company:
    """The company at start: three projects with two tiers, their contracts, codes and lists."""
    catalog = company.catalog
    catalog.people = {one.id: one for one in (SERVICE, MANAGER)}
    catalog.line_item_types = {one.id: one for one in TYPES}
    catalog.uoms = dict(enumerate(UOMS, 701))
    catalog.change_reasons = dict(enumerate(REASONS, 17))
    catalog.tax_codes = {41, 42}
    office = Office(company, Desk(company.now, company.settings), Budget(company.settings))
    tiers = {"commitment": 2, "prime": 2}
    for project_id, name, number in PROJECTS:
        setup.create_project(office, {"id": project_id, "name": name, "number": number, "tiers": tiers})
        add_cost_codes(office, project_id)
    for contract_id, project_id, kind, number, title, vendor in CONTRACTS:
        about = {"id": contract_id, "project": project_id, "kind": kind, "number": number}
        setup.create_contract(office, {**about, "title": title, "vendor": vendor})
    return company


def add_cost_codes(office: Office, project_id: int) -> None:
    """The usual cost codes of a project, with ids that tell the project; most are budgeted."""
    for place, (code, name) in enumerate(COST_CODES.items()):
        about = {"project": project_id, "code": code, "name": name, "budgeted": place % 5 != 4}
        setup.create_cost_code(office, {**about, "id": project_id * 1000 + place + 1})


def load_typed_in(office: Office, body: Body) -> Row:
    """``contract``, ``count`` (20), ``seed`` (1): typed in by a person, in all statuses, no external ids."""
    contract, count = office.contract(body), whole(body, "count", 20)
    random = Random(whole(body, "seed", 1))
    made = [change_orders.create_pco(office, typed_in(random, contract.id, place)) for place in range(count)]
    return {"potential_change_orders": len(made), "numbers": [row["number"] for row in made]}


def drawn_amount(random: Random) -> str:
    """An amount of whole cents; one in six is a deduction."""
    sign = "-" if random.random() < 1 / 6 else ""
    return f"{sign}{random.randint(1, 9_000)}.{random.randrange(100):02}"


def typed_in(random: Random, contract_id: int, place: int) -> Row:
    """One of them: the title with its place, so that titles differ; a few lines."""
    lines = [
        {
            "description": random.choice(SUBJECTS),
            "amount": drawn_amount(random),
            "cost_code": random.choice(list(COST_CODES)),
            "line_item_type": random.choice(TYPES).code,
        }
        for _ in range(random.choice((0, 1, 1, 2, 4)))
    ]
    title = f"{random.choice(SUBJECTS)} ({place + 1})"
    return {"contract": contract_id, "title": title, "status": random.choice(STATUSES), "lines": lines}


OPERATIONS: Final[Mapping[str, Operation]] = {"load_typed_in": load_typed_in}
