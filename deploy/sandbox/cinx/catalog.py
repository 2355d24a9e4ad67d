"""Reference data of the company: job costing, vendors, projects, users, currencies.

Row shapes: CINX API docs, "Job Costing Setup", "Vendors", "Projects", "Org / Company". The names
and guids that occur in the sample POCO are those of the sample.
"""

from __future__ import annotations

from typing import Any, Final

from .guids import named

Row = dict[str, Any]

PHASE: Final = "3b61f993-69b5-5db3-a367-2d204321c857"
COST_CODE: Final = "314f6a13-56b3-5c3f-b14e-10d159e4c5c0"
TAX_GROUP: Final = "9a962b97-145c-522f-bf1a-e1ad4be4b5a8"
HILTI: Final = "7880c854-017f-5359-96de-fdef626c33cf"
PROJECT: Final = "bb613aff-4256-5359-b7cd-391505d19e01"
USER: Final = "185aabe1-3487-5f59-9ad5-c577a76bd392"
ORG: Final = "org-0001-4030"


def job_costing() -> dict[str, list[Row]]:
    """The lists of ``org/job-costing`` by their name in the URL."""
    categories = [costing_row(name) for name in ("MATERIAL", "SUBCONTRACT")]
    codes = [
        {**costing_row(name, guid), "category_guid": None, "category_name": None}
        for name, guid in (
            ("101-1025", COST_CODE),
            ("03-300", named("cost code 03-300")),
            ("05-120", named("cost code 05-120")),
            ("26-500", named("cost code 26-500")),
            ("31-230", named("cost code 31-230")),
        )
    ]
    phases = [
        {
            **costing_row(name, guid),
            "material_cost_code_guid": None,
            "material_cost_code_name": None,
        }
        for name, guid in (("First Floor", PHASE), ("124", named("phase 124")))
    ]
    labor = [{**costing_row("L-100"), "category_guid": None, "category_name": None}]
    taxes = [
        {**costing_row(name, guid), "rate": rate, "tax_type": kind}
        for name, guid, rate, kind in (
            ("TAX-03", TAX_GROUP, 5, "Use"),
            ("TAX-00", named("tax group TAX-00"), 0, "Sales"),
        )
    ]
    return {
        "phases": phases,
        "material-cost-codes": codes,
        "labor-cost-codes": labor,
        "categories": categories,
        "tax-groups": taxes,
    }


def costing_row(name: str, guid: str | None = None) -> Row:
    """What all job-costing rows have; ``reference_id`` is meant for another system's code."""
    return {
        "cinx_guid": guid or named(f"job costing {name}"),
        "name": name,
        "description": None,
        "reference_id": None,
        "modified_by": "Will Stone",
        "date_modified": "2019-06-01",
        "status": "A",
    }


def vendors() -> list[Row]:
    """Rows of ``vendors``; the number is the company's own."""
    return [
        vendor(HILTI, "V101", "Hilti"),
        vendor(named("vendor V102"), "V102", "Ferrum Rebar"),
        vendor(named("vendor V103"), "V103", "Lumen Electrical Supply"),
    ]


def vendor(guid: str, number: str, name: str) -> Row:
    """One vendor; the guid names the relationship, not the vendor."""
    return {
        "cinx_commerce_guid": guid,
        "name": name,
        "number": number,
        "status": "A",
        "type": "SUPPLIER",
        "counts": {"pos": 0},
        "address": {"address1": "995 Industrial Park Rd", "city": "Littleton", "state": "NH"},
    }


def projects() -> list[Row]:
    """Rows of ``projects``."""
    return [
        project(PROJECT, "WTS-2017-03", "HPH HQ Renovation"),
        project(named("project WTS-2019-11"), "WTS-2019-11", "Lakeside Clinic"),
    ]


def project(guid: str, number: str, name: str) -> Row:
    """One project under construction."""
    return {
        "cinx_guid": guid,
        "number": number,
        "name": name,
        "description": None,
        "project_manager": None,
        "status": "CONSTRUCTION",
        "customer": {
            "cinx_commerce_guid": None,
            "customer_name": None,
            "cinx_building_guid": None,
            "building_name": None,
            "project_number": None,
        },
        "external_references": [],
        "item_count": 0,
    }


def users(email: str) -> list[Row]:
    """Rows of ``users``; the first one is who logs in."""
    return [
        {
            "id": USER,
            "name": "Will Stone",
            "last_first": "Stone, Will",
            "email": email,
            "cinx_role": "Administrator",
        }
    ]


def currencies() -> list[Row]:
    """Rows of ``currencies``."""
    return [
        {"currency_abv": abbreviation, "name": name}
        for abbreviation, name in (("USD", "US Dollar"), ("CAD", "Canadian Dollar"))
    ]
