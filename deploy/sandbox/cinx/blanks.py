"""Empty blocks of a purchase order and of a POCO, in the order and types of the sample answers.

Source: CINX API docs, "Purchase Orders" (Get PO) and "PO Change Orders" (Get a PO Change Order).
"""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]

DELIVERY = (
    "address1",
    "address2",
    "address3",
    "city",
    "state",
    "postal_code",
    "country",
    "ship_via",
    "fob_type",
    "ship_from",
    "attention",
    "location_type",
    "location_name",
    "instructions",
)
ITEM_DELIVERY = (
    "ship_via",
    "deliver_to",
    "location_type",
    "location_name",
    "instructions",
    "labeling_instructions",
    "packaging_instructions",
)
WORK_BREAKDOWN = (
    "work_order_id",
    "work_order_name",
    "spool_id",
    "spool_name",
    "building_name",
    "level",
    "space",
    "sub_space",
    "system",
    "arch_symbol",
    "tag",
)
JOB_COST = (
    "cinx_phase_guid",
    "phase_name",
    "cinx_material_cost_code_guid",
    "material_cost_code",
    "cinx_category_guid",
    "category_name",
)
DESIGN = ("model_item_guid", "model_name", "model_file", "drawing_number", "drawing_name")


def nulls(names: tuple[str, ...]) -> Row:
    """An object whose every member is null."""
    return dict.fromkeys(names)


def link(guid: str | None, number: str | None, name: str | None) -> Row:
    """How one document names another."""
    return {"cinx_guid": guid, "number": number, "name": name}


def taxes() -> Row:
    """Header taxes."""
    return {
        "taxable": True,
        "cinx_guid": None,
        "tax_group_name": None,
        "tax_type": None,
        "tax_rate": 0,
    }


def header(guid: str, today: str) -> Row:
    """What a PO and a POCO have in common, before items."""
    return {
        "cinx_guid": guid,
        "locked": "0",
        "number": "",
        "name": "",
        "description": None,
        "terms": None,
        "user_comment": None,
        "procurement_status": "NOT ORDERED",
        "workflow_status": "IN-PROCESS",
        "erp_status": "NOT SUBMITTED",
        "allow_substitutes": "1",
        "submitter": {"cinx_guid": None, "name": None, "email": None},
        "dates": {
            "created": today,
            "last_modified": today,
            "order_by": None,
            "need_by": None,
            "submitted": None,
            "received": None,
        },
        "customer": {
            "cinx_commerce_guid": None,
            "number": "C101",
            "name": "WTS Mechanical",
        },
        "vendor": {"cinx_commerce_guid": None, "number": None, "name": None},
        "purchase_order": link(None, None, None),
        "project": link(None, None, None),
        "delivery": nulls(DELIVERY),
        "job_cost_defaults": nulls(JOB_COST),
        "taxes": taxes(),
        "external_references": [],
        "counts": {"credits": 0, "charges": 0, "items": 0},
        "credits": [],
        "charges": [],
        "items": [],
    }


def item(guid: str) -> Row:
    """One line of a PO or a POCO."""
    return {
        "cinx_guid": guid,
        "sequence": 0,
        "quantity": 1,
        "unit_price": None,
        "price_uom": "E",
        "currency": "USD",
        "date_need_by": None,
        "allow_substitutes": True,
        "hph_code": None,
        "org_item_id": None,
        "org_system_id": None,
        "mfr_part_number": None,
        "upc": None,
        "size": None,
        "description": None,
        "mfr_name": None,
        "item_type": None,
        "vendor": {
            "cinx_commerce_guid": None,
            "number": None,
            "name": None,
            "item_id": None,
            "system_id": None,
            "cinx_quote_guid": None,
            "quote_number": None,
        },
        "requisition": link(None, None, None),
        "purchase_order": changed_line(link(None, None, None), None),
        "project": link(None, None, None),
        "delivery": nulls(ITEM_DELIVERY),
        "work_breakdown": nulls(WORK_BREAKDOWN),
        "job_cost": nulls(JOB_COST),
        "taxes": {**taxes(), "tax_amount": 0},
        "design": nulls(DESIGN),
        "attributes": [],
    }


def charge(guid: str) -> Row:
    """One charge or credit."""
    return {
        "cinx_guid": guid,
        "type": None,
        "description": None,
        "unit_price": None,
        "job_cost": {**nulls(JOB_COST), "gl_account": None},
        "taxes": {**taxes(), "tax_amount": 0},
        "project": link(None, None, None),
    }


def changed_line(po: Row, line: Row | None) -> Row:
    """A POCO item's view of the PO line that it changes; of a new line only the PO."""
    quantities = (line or {}).get("quantities", {})
    return {
        "cinx_guid": po["cinx_guid"],
        "number": po["number"],
        "name": po["name"],
        "procurement_status": line["procurement_status"] if line else None,
        "unit_price": line["unit_price"] if line else None,
        "price_source_type": line["price_source_type"] if line else None,
        "price_uom": line["price_uom"] if line else None,
        "currency": line["currency"] if line else None,
        "quantities": {
            "ordered": quantities.get("ordered", 0),
            "received": quantities.get("received", 0),
            "invoiced": quantities.get("invoiced", 0),
            "back_ordered": quantities.get("back-ordered", 0),
        },
    }
