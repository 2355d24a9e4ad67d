"""The three systems as they are before the story begins: what an administrator has set up in each."""

from __future__ import annotations

from typing import Any

Seed = dict[str, Any]

MANY = 100_000
"""A rate limit that a demonstration does not reach; the real ones would stretch it over hours."""

CODES = {
    "26-500": "Lighting",
    "03-300": "Cast-in-Place Concrete",
    "05-120": "Structural Steel",
    "02-300": "Earthwork",
    "06-100": "Rough Carpentry",
    "09-250": "Gypsum Board",
}
"""The cost codes that the routes translate to."""

HOUSE, GUEST_HOUSE = 1321036, 1321099
OFFICE_PROJECTS = (2000001, 2000002, 2000003, 2000004, 2000005, 2000006)

PROCORE_PROJECTS = {318: "Guest house", 319: "Harbor Row", 320: "Pump Station 4", 321: "Ferry Terminal"}
PRIME_CONTRACTS = {44030: 318, 44031: 319, 44032: 320, 44033: 321}


def main_office() -> Seed:
    """The account ``acme`` with the documentation's sample change order and item."""
    return {"people": [*_rates(), {"operation": "load_samples"}]}


def second_office(change_orders: int) -> Seed:
    """The account ``harbor``: years of change orders over six projects."""
    load = {
        "operation": "load_company",
        "seed": 4,
        "change_orders": change_orders,
        "project_ids": list(OFFICE_PROJECTS),
        "max_items": 300,
    }
    return {"people": [*_rates(), load]}


def _rates() -> list[Seed]:
    windows = ("hour", "day", "week", "month")
    return [{"operation": "set_rate", "window": one, "limit": MANY} for one in windows]


def procore() -> Seed:
    """The company 4200: four projects more than it begins with, each with its prime contract and cost codes."""
    tiers = {"commitment": 2, "prime": 2}
    projects = [
        {"operation": "create_project", "id": one, "name": name, "tiers": tiers}
        for one, name in PROCORE_PROJECTS.items()
    ]
    contracts = [
        {"operation": "create_contract", "id": one, "project": project, "kind": "prime", "title": "Prime contract"}
        for one, project in PRIME_CONTRACTS.items()
    ]
    codes = [
        {"operation": "create_cost_code", "project": project, "code": code, "name": name}
        for project in PROCORE_PROJECTS
        for code, name in CODES.items()
    ]
    settings = {"hourly_limit": MANY, "spike_limit": 1_000}  # as the configuration has them
    return {"settings": settings, "people": [*projects, *contracts, *codes]}


def cinx() -> Seed:
    """The company with its purchase orders, and the cost codes that it does not begin with."""
    missing = ("02-300", "06-100", "09-250")
    rows = [{"operation": "add_row", "list": "material-cost-codes", "row": {"name": code}} for code in missing]
    return {"people": rows}
