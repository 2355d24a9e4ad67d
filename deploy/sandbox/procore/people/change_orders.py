"""Change orders as people type them in, edit, decide on, hold and delete them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from deploy.sandbox.procore import packages, pcos, requests, tiers
from deploy.sandbox.procore.attributes import Kind, Shape, read
from deploy.sandbox.procore.company import Company
from deploy.sandbox.procore.documents import faults, refuse
from deploy.sandbox.procore.journal import Actor, as_row
from deploy.sandbox.procore.people.line_items import type_in
from deploy.sandbox.procore.people.office import Body, Office, Operation, text, whole
from deploy.sandbox.procore.records import Package, Pco, Request
from deploy.sandbox.procore.shapes import MODERN, PACKAGE, PCO_CHANGED, PCO_PATCH, REQUEST
from deploy.sandbox.shell import Refused

Row = dict[str, Any]

OWN: Final = frozenset({"contract", "by", "lines", "kind"})
WHOLE_PCO: Final = Shape({**MODERN.writable, **PCO_CHANGED}, frozenset())
WHOLE_REQUEST: Final = Shape({**REQUEST.writable, "private": Kind.BOOLEAN}, frozenset())
WHOLE_PACKAGE: Final = Shape(
    {**PACKAGE.writable, "number": Kind.SHORT, "revision": Kind.INTEGER, "private": Kind.BOOLEAN}, frozenset()
)
PARENTS: Final = frozenset({"batch_id", "contract_id", "change_order_request", "change_order_request_id"})


def create_pco(office: Office, body: Body) -> Row:
    """``contract``, ``title``, and other attributes of a PCO; ``lines`` as attributes of line items."""
    company, actor = office.company, office.actor(body)
    contract = office.contract(body)
    attributes = {name: value for name, value in body.items() if name not in OWN}
    if company.tier(contract.id) == 1:
        package = packages.create(company, contract, {"title": text(body, "title")}, actor)
        pco = company.pcos_of(package)[0]
        store(company, pco, attributes, actor)
    else:
        pco = pcos.create(company, contract, {**attributes, "status": "draft"}, PCO_PATCH, actor)
    for line in body.get("lines", ()):
        type_in(company, pco, line, actor)
    if "status" in attributes:
        decide(company, pco, attributes["status"], actor)
    return as_row(pco)


def create_request(office: Office, body: Body) -> Row:
    """``contract``, ``title``, and other attributes of a request; three tiers only."""
    attributes = {name: value for name, value in body.items() if name not in OWN}
    return as_row(requests.create(office.company, office.contract(body), attributes, office.actor(body)))


def create_package(office: Office, body: Body) -> Row:
    """``contract``, ``title``, and other attributes of a package, ``number`` among them."""
    company, actor = office.company, office.actor(body)
    attributes = {name: value for name, value in body.items() if name not in OWN | {"number"}}
    package = packages.create(company, office.contract(body), attributes, actor)
    if "number" in body:
        store(company, package, {"number": text(body, "number")}, actor)
    return as_row(package)


def edit(office: Office, body: Body) -> Row:
    """``kind``, the change order, ``set`` of its attributes, also of those that the API does not let write."""
    record = office.document(body)
    store(office.company, record, body.get("set", {}), office.actor(body))
    return as_row(record)


def store(company: Company, record: Pco | Request | Package, values: Body, actor: Actor) -> None:
    """A person's edit: parents by the API's rules, the rest as it is; raises Refused or Invalid."""
    own = {name: value for name, value in values.items() if name not in PARENTS}
    if isinstance(record, Pco) and len(own) < len(values):
        pcos.change(company, record, {name: values[name] for name in values if name not in own}, PCO_PATCH, actor)
    reading = read(own, whole_shape(record), replace(company.settings, strict_types=False))
    if reading.unknown:
        raise Refused(f"a change order has no {', '.join(reading.unknown)}")
    stored = {("parent_id" if name == "change_order_package_id" else name): v for name, v in reading.values.items()}
    refuse(uniqueness(company, record, stored) | reading.messages)
    changed = [name for name, value in stored.items() if getattr(record, name) != value]
    keep(company, record, {**stored, "updated_at": company.now()})
    company.journal.note(actor, "changed", record, changed)
    if isinstance(record, Package):
        tiers.mirror(company, record, stored)


def whole_shape(record: Pco | Request | Package) -> Shape:
    """Everything a person can fill in."""
    if isinstance(record, Pco):
        return WHOLE_PCO
    return WHOLE_REQUEST if isinstance(record, Request) else WHOLE_PACKAGE


def uniqueness(company: Company, record: Pco | Request | Package, values: Row) -> dict[str, list[str]]:
    """What forbids the values even for a person."""
    person = {name: value for name, value in values.items() if name != "status"}
    if isinstance(record, Pco):
        return faults(company, company.pcos, record.contract_id, record, person)
    if isinstance(record, Request):
        return faults(company, company.requests, record.contract_id, record, person)
    return faults(company, company.packages, record.contract_id, record, person)


def keep(company: Company, record: Pco | Request | Package, values: Row) -> None:
    """Stores values with the look-ups in step."""
    if isinstance(record, Pco):
        company.pcos.change(record, values)
    elif isinstance(record, Request):
        company.requests.change(record, values)
    else:
        company.packages.change(record, values)


def decide(company: Company, record: Pco | Request | Package, status: str, actor: Actor) -> None:
    """Sets a status where people see it: with one tier, on the package."""
    package = company.package_of(record) if isinstance(record, Pco) else None
    if package is not None and company.tier(record.contract_id) == 1:
        record = package
    store(company, record, {"status": status}, actor)
    if status in ("approved", "rejected"):
        keep(company, record, {"reviewed_at": company.now()})


def set_status(office: Office, body: Body) -> Row:
    """``kind``, the change order, ``status``."""
    record = office.document(body)
    decide(office.company, record, text(body, "status"), office.actor(body))
    return as_row(record)


def deciding(status: str, sentence: str) -> Operation:
    """An operation that sets one status."""

    def operation(office: Office, body: Body) -> Row:
        return set_status(office, {**body, "status": status})

    operation.__doc__ = sentence
    return operation


def hold(office: Office, body: Body) -> Row:
    """``kind``, the change order, ``holder``: ``workflow`` (only its status) or ``erp`` (all of it)."""
    record, holder = office.document(body), body.get("holder", "workflow")
    if holder not in ("workflow", "erp"):
        raise Refused(f"holder is workflow or erp, not {holder!r}")
    record.held_by = holder
    return as_row(record)


def release(office: Office, body: Body) -> Row:
    """``kind``, the change order; nothing holds it any more."""
    record = office.document(body)
    record.held_by = ""
    return as_row(record)


def delete(office: Office, body: Body) -> Row:
    """``kind``, the change order; an approved one cannot be deleted."""
    record, company, actor = office.document(body), office.company, office.actor(body)
    deletions: dict[type, Callable[[Company, Any, Actor], None]] = {
        Pco: pcos.delete,
        Request: requests.delete,
        Package: packages.delete,
    }
    deletions[type(record)](company, record, actor)
    return as_row(record)


def restore(office: Office, body: Body) -> Row:
    """``id`` of a deleted PCO, whose origin id and number nobody has taken since."""
    pco = office.company.pcos.rows.get(whole(body, "id"))
    if pco is None or pco.deleted_at is None:
        raise Refused("no deleted PCO has this id")
    pcos.restore(office.company, pco, office.actor(body))
    return as_row(pco)


OPERATIONS: Final[Mapping[str, Operation]] = {
    "create_pco": create_pco,
    "create_request": create_request,
    "create_package": create_package,
    "edit": edit,
    "set_status": set_status,
    "approve": deciding("approved", "``kind``, the change order; approval locks its lines."),
    "reject": deciding("rejected", "``kind``, the change order."),
    "void": deciding("void", "``kind``, the change order."),
    "lock": hold,
    "unlock": release,
    "delete": delete,
    "restore": restore,
}
