"""Purchase orders: how one is made and submitted.

Source of the shape: CINX API docs, "Purchase Orders".
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from . import blanks, resolution
from .company import Company

Row = dict[str, Any]


def add_po(company: Company, body: Mapping[str, Any]) -> Row:
    """Stores a PO.

    ``number``; optional ``name``, ``cinx_guid``, ``vendor`` and ``project`` (numbers), ``items``
    (objects of item fields, ``quantity`` and ``cost_code`` among them), ``submitted`` (true) and
    ``set`` for header fields.
    """
    po = blanks.header(body.get("cinx_guid") or company.new_guid(), company.today())
    del po["purchase_order"]
    po.update(number=body["number"], name=body.get("name") or body["number"])
    po["vendor"] = resolution.vendor(
        company, {"number": body.get("vendor", company.vendors[0]["number"])}, po["vendor"]
    )
    po["project"] = resolution.project(
        company, {"number": body.get("project", company.projects[0]["number"])}, po["project"]
    )
    po["customer"]["cinx_commerce_guid"] = po["vendor"]["cinx_commerce_guid"]
    po["dates"].update(order_by="", need_by="", submitted="", received="")
    for line in body.get("items", []):
        po["items"].append(po_item(company, po, line))
    po["counts"]["items"] = len(po["items"])
    if body.get("submitted", True):
        submit(company, po)
    po.update(body.get("set", {}))
    company.pos[po["cinx_guid"]] = po
    return po


def submit(company: Company, document: Row) -> None:
    """Submits a PO or POCO to its vendor, which locks it."""
    document.update(locked="1", workflow_status="SUBMITTED", procurement_status="ORDERED")
    document["dates"]["submitted"] = company.today()


def po_item(company: Company, po: Row, line: Mapping[str, Any]) -> Row:
    """One PO line; what is ordered stands in ``quantities``."""
    item = blanks.item(line.get("cinx_guid") or company.new_guid())
    del item["purchase_order"], item["quantity"]
    item.update(price_source_type="USER", procurement_status="ORDERED")
    item["sequence"] = len(po["items"]) + 1
    item["quantities"] = {
        "ordered": line.get("quantity", 1),
        "received": 0,
        "invoiced": 0,
        "back-ordered": 0,
    }
    item["project"] = deepcopy(po["project"])
    item["vendor"].update(po["vendor"])
    item.update({name: line[name] for name in line if name in item})
    if "cost_code" in line:
        item["job_cost"] = resolution.job_cost(
            company, {"material_cost_code_name": line["cost_code"]}, item["job_cost"]
        )
    return item
