"""List rows, made from the documents: shorter, with names instead of guids.

Source: CINX API docs, "Purchase Orders" and "PO Change Orders" (lists). The list under one PO
shows older names for the same things.
"""

from __future__ import annotations

from typing import Any, Final

from .company import Poco
from .settings import Settings

Row = dict[str, Any]

OLDER_NAMES: Final = {
    "workflow_status": "status",
    "date_need_by": "date_deliver_by",
    "material_cost_code": "cost_code",
    "submitter": "submitted_by",
    "external_references": "links",
}


def poco_row(poco: Poco, settings: Settings) -> Row:
    """A row of ``pocos``."""
    content = poco.content
    number = content["number"]
    row = {
        "cinx_guid": content["cinx_guid"],
        "number": suffix(number) if settings.list_number == "suffix" else number,
        "name": content["name"],
        "description": content["description"],
        "workflow_status": content["workflow_status"],
        "procurement_status": content["procurement_status"],
        "po_number": content["purchase_order"]["number"],
        "po_name": content["purchase_order"]["name"],
        **shared(content),
        "erp_status": content["erp_status"],
        "external_references": references(content, settings),
        "item_count": content["counts"]["items"],
    }
    row.update(poco.list_row)
    return respelled(row, settings, "external_references")


def poco_row_of_po(poco: Poco, settings: Settings) -> Row:
    """A row of ``po/{guid}/pocos``, in the older spelling."""
    row = poco_row(poco, settings)
    references_key = "links" if "links" in row else "external_references"
    renamed = {OLDER_NAMES.get(name, name): value for name, value in row.items()}
    renamed["links"] = row[references_key]
    renamed["tx_type"] = "CHANGE ORDER"
    if settings.reference_spelling == "external_references":
        renamed["external_references"] = renamed.pop("links")
    return renamed


def po_row(po: Row, settings: Settings) -> Row:
    """A row of ``pos``."""
    row = {
        "cinx_guid": po["cinx_guid"],
        "number": po["number"],
        "name": po["name"],
        "description": po["description"],
        "workflow_status": po["workflow_status"],
        "procurement_status": po["procurement_status"],
        **shared(po),
        "date_order_by": po["dates"]["order_by"],
        "date_received": po["dates"]["received"],
        "quote_number": None,
        "quote_name": None,
        "erp_status": po["erp_status"],
        "external_references": references(po, settings),
        "item_count": po["counts"]["items"],
    }
    return respelled(row, settings, "external_references")


def shared(document: Row) -> Row:
    """What the rows of POs and POCOs have in common."""
    return {
        "project_number": document["project"]["number"],
        "project_name": document["project"]["name"],
        "vendor_number": document["vendor"]["number"],
        "vendor_name": document["vendor"]["name"],
        "ship_via": document["delivery"]["ship_via"],
        "delivery_location_type": document["delivery"]["location_type"],
        "delivery_location_name": document["delivery"]["location_name"],
        "date_submitted": document["dates"]["submitted"],
        "submitter": document["submitter"]["name"],
        "date_need_by": document["dates"]["need_by"],
        "phase": document["job_cost_defaults"]["phase_name"],
        "material_cost_code": document["job_cost_defaults"]["material_cost_code"],
        "category": document["job_cost_defaults"]["category_name"],
        "tax_group": document["taxes"]["tax_group_name"],
        "terms": document["terms"],
    }


def suffix(number: str) -> str:
    """``-01`` of ``PO123-01``."""
    return "-" + number.rpartition("-")[2]


def references(document: Row, settings: Settings) -> list[Row]:
    """External references as far as list rows carry them."""
    return document["external_references"] if settings.references_in_lists else []


def respelled(row: Row, settings: Settings, key: str) -> Row:
    """``row`` with its external references under the name that the setting states."""
    if settings.reference_spelling != "links" or key not in row:
        return row
    return {("links" if name == key else name): value for name, value in row.items()}
