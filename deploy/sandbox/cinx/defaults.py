"""The purchase orders that a simulated company begins with.

PO-123 is the one of the documentation's sample POCO. PO-124 to PO-201 take change orders; PO-300 was
never submitted, PO-400 is closed, PO-401 cancelled, and PO-500 is in Canadian dollars.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from . import resolution
from .company import Company
from .guids import named
from .purchase_orders import add_po

Row = dict[str, Any]

SAMPLE_GUID: Final = "80e6d9c8-d2e4-5aaa-9bd3-3957430741dd"


def line(description: str, quantity: int, price: str, cost_code: str, **more: Any) -> Row:
    """One PO line."""
    priced = {"quantity": quantity, "unit_price": Decimal(price), "cost_code": cost_code}
    return {"description": description, "item_type": "MATERIAL", **priced, **more}


ORDERS: Final[tuple[Row, ...]] = (
    {
        "number": "PO-123",
        "name": "PO123",
        "cinx_guid": SAMPLE_GUID,
        "items": [
            line("Floor, Z1400 Adjustable, 4", 1, "270.05", "101-1025", hph_code="326ZU6542", upc="67024006745"),
            line("#5 rebar, 20 ft", 40, "18.4", "03-300"),
        ],
    },
    {
        "number": "PO-124",
        "name": "PO124",
        "vendor": "V103",
        "items": [
            line("Chandelier", 2, "850", "26-500"),
            line("Conduit, EMT 3/4", 500, "1.12", "26-500"),
        ],
    },
    {
        "number": "PO-200",
        "name": "PO200",
        "vendor": "V102",
        "project": "WTS-2019-11",
        "items": [line("Rebar, epoxy", 100, "22.1", "05-120")],
    },
    {
        "number": "PO-201",
        "name": "PO201",
        "vendor": "V102",
        "project": "WTS-2019-11",
        "items": [
            line("Ready-mix 4000 psi, yd", 60, "142.5", "03-300"),
            line("Structural fill, t", 300, "19.75", "31-230"),
        ],
    },
    {
        "number": "PO-300",
        "name": "PO300",
        "submitted": False,
        "items": [line("Floor drain, 4 in", 6, "96.4", "101-1025")],
    },
    {
        "number": "PO-400",
        "name": "PO400",
        "set": {"procurement_status": "CLOSED"},
        "items": [line("Anchor bolts, 3/4 in", 200, "3.15", "05-120")],
    },
    {
        "number": "PO-401",
        "name": "PO401",
        "set": {"procurement_status": "CANCELLED"},
        "items": [line("Louver, 24 in", 4, "310", "101-1025")],
    },
    {
        "number": "PO-500",
        "name": "PO500",
        "vendor": "V102",
        "items": [line("Rebar, 10M, 6 m", 80, "14.2", "03-300", currency="CAD")],
    },
)


def add_defaults(company: Company) -> None:
    """Adds them all; their guids are the same in every run."""
    for order in ORDERS:
        guid = order.get("cinx_guid", named(order["number"]))
        items = [
            {**item, "cinx_guid": named(f"{order['number']} line {place}")}
            for place, item in enumerate(order["items"], 1)
        ]
        add_po(company, {**order, "cinx_guid": guid, "items": items})
    sample = company.pos[SAMPLE_GUID]
    costing = {"phase_name": "First Floor", "material_cost_code_name": "101-1025"}
    sample["job_cost_defaults"] = resolution.job_cost(company, costing, sample["job_cost_defaults"])
