"""What the POCO import makes of a valid payload: a new POCO, or changes of an open one.

Source: CINX API docs of 2019, "PO Change Orders" (Create PO CO, Modify PO CO) and "Introduction"
(NULL Values): a field that is absent stays, a submitted null overwrites.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from . import blanks, references, resolution
from .company import Company, NoSuchRecord, Poco
from .resolution import ImportRefused
from .validation import violations

Row = dict[str, Any]

NESTED = ("vendor", "project", "job_cost", "job_cost_defaults", "taxes", "purchase_order")
"""Blocks that are looked up, not copied."""


def run_import(company: Company, method: str, payload: Any, job_id: str | None) -> Poco:
    """Creates or changes a POCO; raises ImportRefused, and changes nothing, if it may not."""
    template = company.templates.rows["poco"]
    wrong = violations(payload, template, method, company.settings.unknown_fields)
    if wrong:
        raise ImportRefused("; ".join(wrong))
    if method == "PUT":
        return modify(company, payload)
    return create(company, payload, "import", job_id)


def create(company: Company, payload: Row, created_by: str, job_id: str | None = None) -> Poco:
    """A new POCO in process, numbered by the system; nothing tells a repeated payload."""
    po = resolution.purchase_order(company, payload.get("purchase_order") or {})
    if not payload.get("items"):
        raise ImportRefused("a POCO needs at least one item")
    content = blanks.header(company.new_guid(), company.today())
    for block in ("vendor", "customer", "project"):
        content[block] = deepcopy(po[block])
    content["purchase_order"] = {name: po[name] for name in ("cinx_guid", "number", "name")}
    user = company.users[0]
    content["submitter"] = {
        "cinx_guid": user["id"],
        "name": user["name"],
        "email": user["email"],
    }
    fill(company, content, payload, po)
    if not company.settings.keep_references and created_by == "import":
        content["external_references"] = []
    content["number"] = company.next_number(po)
    content["name"] = content["name"] or content["number"]
    return company.store(Poco(content, created_by, job_id))


def modify(company: Company, payload: Row) -> Poco:
    """Changes the POCO that ``cinx_guid`` names, if it is unlocked and in process."""
    try:
        poco = company.poco(payload["cinx_guid"])
    except NoSuchRecord as missing:
        raise ImportRefused(str(missing)) from None
    content = deepcopy(poco.content)
    if content["locked"] == "1" or content["workflow_status"] != "IN-PROCESS":
        raise ImportRefused(f"PO CO {content['number']} is locked or not IN-PROCESS")
    po = company.po(poco.po_guid)
    named = payload.get("purchase_order") or {}
    if named and resolution.purchase_order(company, named) is not po:
        raise ImportRefused("the purchase order of a POCO cannot be changed")
    kept = content["external_references"]
    fill(company, content, payload, po)
    if not company.settings.keep_references:
        content["external_references"] = kept
    content["dates"]["last_modified"] = company.today()
    poco.content = content
    return poco


def fill(company: Company, content: Row, payload: Row, po: Row) -> None:
    """Writes a payload's header and lines over ``content``."""
    overwrite(content, payload, except_for=("cinx_guid", "external_references", "links"))
    if not company.settings.keep_descriptions:
        content["description"] = po["description"]
    if isinstance(payload.get("allow_substitutes"), bool):
        content["allow_substitutes"] = "1" if payload["allow_substitutes"] else "0"
    look_up(company, content, payload)
    submitted = payload.get("external_references") or payload.get("links") or []
    stored = references.merged(content["external_references"], submitted)
    content["external_references"] = [references.complete(entry) for entry in stored]
    for name in ("charges", "credits"):
        fill_charges(company, content, name, payload.get(name) or [])
    fill_items(company, content, payload.get("items") or [], po)
    for name in content["counts"]:
        content["counts"][name] = len(content[name])


def overwrite(stored: Row, submitted: Row, except_for: tuple[str, ...] = ()) -> None:
    """Copies scalars that ``stored`` knows, also nulls, into it and its plain sub-objects."""
    for name, value in submitted.items():
        if name in except_for or name in NESTED or name not in stored:
            continue
        if isinstance(stored[name], dict):
            block = dict.fromkeys(stored[name]) if value is None else value
            overwrite(stored[name], block)
        elif not isinstance(stored[name], list):
            stored[name] = value


def look_up(company: Company, stored: Row, submitted: Row) -> None:
    """Resolves the blocks that name other records."""
    resolvers = {
        "vendor": resolution.vendor,
        "project": resolution.project,
        "job_cost": resolution.job_cost,
        "job_cost_defaults": resolution.job_cost,
        "taxes": resolution.taxes,
    }
    for name, resolve in resolvers.items():
        if name in stored and submitted.get(name):
            stored[name] = resolve(company, submitted[name], stored[name])
        elif name in stored and name in submitted and name.startswith("job_cost"):
            stored[name] = dict.fromkeys(stored[name])


def fill_charges(company: Company, content: Row, name: str, submitted: list[Row]) -> None:
    """Adds or changes charges or credits."""
    for entry in submitted:
        charge = line_to_change(content[name], entry, name)
        if charge is None:
            charge = blanks.charge(company.new_guid())
            content[name].append(charge)
        overwrite(charge, entry, except_for=("cinx_guid",))
        look_up(company, charge, entry)


def fill_items(company: Company, content: Row, submitted: list[Row], po: Row) -> None:
    """Adds or changes items; those that are not named stay or go (a setting)."""
    kept: list[Row] = []
    for entry in submitted:
        item = None
        if company.settings.line_reference != "cinx_guid":
            item = line_to_change(content["items"], entry, "items")
        if item is None:
            item = blanks.item(company.new_guid())
            item["project"] = deepcopy(content["project"])
            item["vendor"].update(content["vendor"])
            content["items"].append(item)
        fill_item(company, item, entry, po)
        kept.append(item)
    if company.settings.put_items == "replace" and kept:
        content["items"] = kept
    for sequence, item in enumerate(content["items"], 1):
        item["sequence"] = sequence


def line_to_change(lines: list[Row], entry: Row, what: str) -> Row | None:
    """The stored line that a payload's ``cinx_guid`` names; None for a new line."""
    guid = entry.get("cinx_guid")
    if not guid:
        return None
    for line in lines:
        if line["cinx_guid"] == guid:
            return line
    raise ImportRefused(f"{what} has no line {guid}")


def fill_item(company: Company, item: Row, entry: Row, po: Row) -> None:
    """Writes one line of the payload over an item."""
    overwrite(item, entry, except_for=("cinx_guid", "attributes"))
    look_up(company, item, entry)
    attributes = entry.get("attributes") or []
    item["attributes"] = references.merged(item["attributes"], attributes, key="name")
    reference = company.settings.line_reference
    if reference in entry or item["purchase_order"]["cinx_guid"] is None:
        item["purchase_order"] = blanks.changed_line(po, po_line(po, entry.get(reference)))


def po_line(po: Row, guid: str | None) -> Row | None:
    """The PO line of that guid, None for a line that is new."""
    if not guid:
        return None
    for line in po["items"]:
        if line["cinx_guid"] == guid:
            return dict(line)
    raise ImportRefused(f"PO {po['number']} has no line {guid}")
