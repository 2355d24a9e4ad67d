"""Names and guids of a payload looked up in the company's reference data.

Every lookup raises ImportRefused where the company has no such record, or where guid and name of
one block mean different ones.
"""

from __future__ import annotations

from typing import Any

from .company import Company, NoSuchRecord

Row = dict[str, Any]


class ImportRefused(ValueError):
    """The job fails for this reason, which no answer tells."""


def pick(rows: list[Row], guid_key: str, guid: Any, name_key: str, name: Any, what: str) -> Row:
    """The one row that has the guid, the name, or both."""
    for row in rows:
        if guid not in (None, "", row[guid_key]) or name not in (None, "", row[name_key]):
            continue
        return row
    raise ImportRefused(" ".join(filter(None, ("there is no", what, guid, name))))


def purchase_order(company: Company, link: Row) -> Row:
    """The PO that the payload names, if its state allows a POCO."""
    guid, number = link.get("cinx_guid"), link.get("number")
    try:
        po = company.po(guid) if guid else company.po_numbered(str(number))
    except NoSuchRecord as missing:
        raise ImportRefused(str(missing)) from None
    if number and po["number"] != number:
        raise ImportRefused(f"PO {guid} has the number {po['number']}, not {number}")
    if po["workflow_status"] == "IN-PROCESS" and not company.settings.unsubmitted_po_allowed:
        raise ImportRefused(f"PO {po['number']} has not been submitted")
    if po["procurement_status"] in ("CLOSED", "CANCELLED"):
        raise ImportRefused(f"PO {po['number']} is {po['procurement_status']}")
    return po


COSTING = (
    ("phases", "cinx_phase_guid", "phase_name", "phase_name"),
    (
        "material-cost-codes",
        "cinx_material_cost_code_guid",
        "material_cost_code_name",
        "material_cost_code",
    ),
    ("categories", "cinx_category_guid", "category_name", "category_name"),
)
"""List, guid field, name field of the payload, name field of the answer."""


def job_cost(company: Company, block: Row, stored: Row) -> Row:
    """The six keys of an answer, from those of a payload over what is stored."""
    result = dict(stored)
    for rows, guid_key, name_in, name_out in COSTING:
        if guid_key not in block and name_in not in block:
            continue
        guid, name = block.get(guid_key), block.get(name_in)
        if guid or name:
            row = pick(company.job_costing[rows], "cinx_guid", guid, "name", name, rows)
            result.update({guid_key: row["cinx_guid"], name_out: row["name"]})
        else:
            result.update({guid_key: None, name_out: None})
    if "gl_account" in block:
        result["gl_account"] = block["gl_account"]
    return result


def taxes(company: Company, block: Row, stored: Row) -> Row:
    """Taxes of an answer; a tax group brings its type and rate."""
    result = {**stored, **{name: block[name] for name in stored if name in block}}
    guid, name = block.get("cinx_guid"), block.get("tax_group_name")
    if guid or name:
        group = pick(company.job_costing["tax-groups"], "cinx_guid", guid, "name", name, "tax group")
        result.update(
            cinx_guid=group["cinx_guid"],
            tax_group_name=group["name"],
            tax_type=group["tax_type"],
            tax_rate=group["rate"],
        )
    return result


def vendor(company: Company, block: Row, stored: Row) -> Row:
    """The vendor of an answer; its other members stay."""
    guid, number = block.get("cinx_commerce_guid"), block.get("number")
    if not guid and not number:
        return stored
    row = pick(company.vendors, "cinx_commerce_guid", guid, "number", number, "vendor")
    named = {name: row[name] for name in ("cinx_commerce_guid", "number", "name")}
    return {**stored, **named}


def project(company: Company, block: Row, stored: Row) -> Row:
    """The project of an answer."""
    guid, number = block.get("cinx_guid"), block.get("number")
    if not guid and not number:
        return stored
    row = pick(company.projects, "cinx_guid", guid, "number", number, "project")
    return {name: row[name] for name in ("cinx_guid", "number", "name")}
