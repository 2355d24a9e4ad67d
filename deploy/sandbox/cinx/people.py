"""What people do in CINX itself, and what a test arranges, as operations on the company.

Every operation takes the company and the JSON body of ``POST /_sandbox/people/NAME``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from deploy.sandbox.shell import Refused

from . import enumerations, importing, purchase_orders, samples
from .company import Company, NoSuchRecord, Poco

Row = dict[str, Any]
Body = Mapping[str, Any]
Operation = Callable[[Company, Body], Any]

STATUSES: Final = {
    "workflow_status": enumerations.WORKFLOW_STATUS,
    "procurement_status": enumerations.PROCUREMENT_STATUS,
    "erp_status": enumerations.ERP_STATUS,
}


def text(body: Body, name: str) -> str:
    """A required text of the body; raises Refused."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Refused(f"{name} is required")
    return value


def po_of(company: Company, body: Body) -> Row:
    """The PO that ``po`` names by guid or number."""
    name = text(body, "po")
    return company.pos[name] if name in company.pos else company.po_numbered(name)


def create_po(company: Company, body: Body) -> Row:
    """``number``; see ``purchase_orders.add_po`` for the rest."""
    number = text(body, "number")
    if any(po["number"] == number for po in company.pos.values()):
        raise Refused(f"a PO number must be unique, and {number} is taken")
    return purchase_orders.add_po(company, body)


def set_po(company: Company, body: Body) -> Row:
    """``po``, ``set`` of header fields (statuses, ``locked``, ``number`` ...)."""
    po = po_of(company, body)
    po.update(checked(body))
    return po


def checked(body: Body) -> Row:
    """``set`` of the body; raises Refused for a status that does not exist."""
    values = dict(body.get("set", {}))
    for name, allowed in STATUSES.items():
        if name in values and values[name] not in allowed:
            raise Refused(f"{values[name]!r} is no {name}")
    return values


def delete_po(company: Company, body: Body) -> Row:
    """``po``; its POCOs go with it."""
    po = po_of(company, body)
    for poco in list(company.pocos.values()):
        if poco.po_guid == po["cinx_guid"]:
            delete_poco(company, {"cinx_guid": poco.guid})
    return company.pos.pop(po["cinx_guid"])


def create_poco(company: Company, body: Body) -> Row:
    """``po``, ``items`` and other fields of the import payload; ``submitted`` (false)."""
    payload = {name: value for name, value in body.items() if name not in ("op", "po", "submitted")}
    payload["purchase_order"] = {"cinx_guid": po_of(company, body)["cinx_guid"]}
    poco = importing.create(company, payload, "person")
    if body.get("submitted"):
        purchase_orders.submit(company, poco.content)
    return poco.dump()


def edit_poco(company: Company, body: Body) -> Row:
    """``cinx_guid``, ``set`` of header fields, ``items`` as index to changed fields; unchecked."""
    poco = company.poco(text(body, "cinx_guid"))
    poco.content.update(checked(body))
    for index, values in body.get("items", {}).items():
        poco.content["items"][int(index)].update(values)
    poco.content["dates"]["last_modified"] = company.today()
    return poco.dump()


def delete_poco(company: Company, body: Body) -> Row:
    """``cinx_guid``; its number is not given out again."""
    poco = company.poco(text(body, "cinx_guid"))
    company.deleted_pocos.append(company.pocos.pop(poco.guid))
    return poco.dump()


def submit_poco(company: Company, body: Body) -> Row:
    """``cinx_guid``; needs an item, and locks."""
    poco = in_status(company, body, "IN-PROCESS")
    if not poco.content["items"]:
        raise Refused("a POCO needs at least one item before it can be submitted")
    purchase_orders.submit(company, poco.content)
    return poco.dump()


def in_status(company: Company, body: Body, *allowed: str) -> Poco:
    """The POCO that the body names; raises Refused in another workflow status."""
    poco = company.poco(text(body, "cinx_guid"))
    if poco.content["workflow_status"] not in allowed:
        raise Refused(f"{poco.content['number']} is {poco.content['workflow_status']}, not {allowed}")
    return poco


def step(to: str, *allowed: str) -> Operation:
    """An operation that moves a POCO on in its workflow."""

    def operation(company: Company, body: Body) -> Row:
        poco = in_status(company, body, *allowed)
        poco.content["workflow_status"] = to
        if to == "RECEIVED":
            poco.content["dates"]["received"] = company.today()
        return poco.dump()

    operation.__doc__ = f"``cinx_guid``; {to}, from {' or '.join(allowed)}."
    return operation


def lock(value: str) -> Operation:
    """An operation that locks or unlocks a POCO, whatever its status."""

    def operation(company: Company, body: Body) -> Row:
        poco = company.poco(text(body, "cinx_guid"))
        poco.content["locked"] = value
        return poco.dump()

    operation.__doc__ = f"``cinx_guid``; ``locked`` becomes {value}, whatever the status."
    return operation


def set_template(company: Company, body: Body) -> Row:
    """``name``, ``row`` with the keys to replace: ``template``, ``required_post`` ..."""
    return company.templates.replace(text(body, "name"), body.get("row", {}))


def template_gone(company: Company, body: Body) -> Row:
    """``name``, ``status`` that it answers with from now on; null serves it again."""
    company.templates.withdraw(text(body, "name"), body.get("status"))
    return dict(company.templates.gone)


def fail_jobs(company: Company, body: Body) -> int:
    """``count`` next jobs fail; with ``created`` the POCO is made all the same."""
    company.failures += [bool(body.get("created", False))] * int(body.get("count", 1))
    return len(company.failures)


def forget_jobs(company: Company, body: Body) -> list[str]:
    """All jobs that are done are no longer known; an optional ``job_id`` names one."""
    wanted = body.get("job_id")
    gone = [job.id for job in company.jobs.values() if job.done and wanted in (None, job.id)]
    company.forgotten_jobs += [company.jobs.pop(job_id) for job_id in gone]
    return gone


def add_row(company: Company, body: Body) -> Row:
    """``list`` (vendors, projects, currencies, phases, material-cost-codes ...), ``row``."""
    rows = reference_rows(company, text(body, "list"))
    row = {**rows[0], **body.get("row", {})}
    if "cinx_guid" in row and "cinx_guid" not in body.get("row", {}):
        row["cinx_guid"] = company.new_guid()
    rows.append(row)
    return row


def remove_row(company: Company, body: Body) -> Row:
    """``list``, ``name``."""
    rows = reference_rows(company, text(body, "list"))
    for row in rows:
        if row["name"] == text(body, "name"):
            rows.remove(row)
            return row
    raise NoSuchRecord(f"{body['list']} has no {body['name']}")


def reference_rows(company: Company, name: str) -> list[Row]:
    """The named list of reference data."""
    lists = {
        **company.job_costing,
        "vendors": company.vendors,
        "projects": company.projects,
        "currencies": company.currencies,
    }
    if name not in lists:
        raise Refused(f"no list {name!r}; there are {', '.join(lists)}")
    return lists[name]


def load_sample(company: Company, body: Body) -> Row:
    """Seeds the documentation's sample POCO."""
    return samples.load_sample(company).dump()


SENT = ("SUBMITTED", "RECEIVED")
OPERATIONS: Final[Mapping[str, Operation]] = {
    "create_po": create_po,
    "set_po": set_po,
    "delete_po": delete_po,
    "create_poco": create_poco,
    "edit_poco": edit_poco,
    "delete_poco": delete_poco,
    "submit_poco": submit_poco,
    "receive_poco": step("RECEIVED", "SUBMITTED"),
    "accept_poco": step("ACCEPTED", *SENT),
    "decline_poco": step("DECLINED", *SENT),
    "erp_pending": step("ERP PENDING", "ACCEPTED"),
    "erp_accepted": step("ERP ACCEPTED", "ERP PENDING"),
    "erp_failed": step("ERP FAILED", "ERP PENDING"),
    "lock_poco": lock("1"),
    "unlock_poco": lock("0"),
    "set_template": set_template,
    "template_gone": template_gone,
    "fail_jobs": fail_jobs,
    "forget_jobs": forget_jobs,
    "add_row": add_row,
    "remove_row": remove_row,
    "load_sample": load_sample,
}
