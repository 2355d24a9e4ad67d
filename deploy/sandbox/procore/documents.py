"""What all levels of a change order check and store alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from deploy.sandbox.procore.attributes import Attributes, Reading, Shape, read
from deploy.sandbox.procore.company import Company
from deploy.sandbox.procore.errors import TAKEN, Invalid, Messages
from deploy.sandbox.procore.journal import Actor
from deploy.sandbox.procore.records import Document, Package, Pco, Request
from deploy.sandbox.procore.stores import Documents

D = TypeVar("D", Pco, Request, Package)
Values = dict[str, Any]

BLANK: Final = "can't be blank"
UNKNOWN: Final = "is not a known attribute"
WORKFLOW: Final = "is managed by a workflow"
ERP: Final = "The change order is synced with an ERP and cannot be changed"
DECIDED: Final = frozenset({"approved", "rejected"})


class Unknown(Invalid):
    """Attributes that no view of the record has."""


def submitted(company: Company, attributes: Attributes, shape: Shape) -> Reading:
    """The attributes as read; raises Unknown for names that do not exist."""
    reading = read(attributes, shape, company.settings)
    if reading.unknown:
        raise Unknown({name: [UNKNOWN] for name in reading.unknown})
    return reading


def refuse(messages: Messages) -> None:
    """Raises Invalid if there is a message."""
    if messages:
        raise Invalid(messages)


def faults(company: Company, store: Documents[D], contract_id: int, record: D | None, values: Values) -> Messages:
    """What forbids storing ``values`` in ``record``, or in a new one."""
    messages = held(record, values)
    if (record is None or "title" in values) and not (values.get("title") or "").strip():
        messages["title"] = [BLANK]
    if record is not None and "number" in values and not (values["number"] or "").strip():
        messages["number"] = [BLANK]
    if taken_number(company, store, contract_id, record, values.get("number")):
        messages["number"] = [TAKEN]
    if taken_origin(company, store, record, values.get("origin_id")):
        messages["origin_id"] = [TAKEN]
    return messages


def held(record: Document | None, values: Values) -> Messages:
    """What a workflow or an ERP forbids."""
    if record is None:
        return {}
    if record.held_by == "erp":
        return {"base": [ERP]}
    if record.held_by == "workflow" and values.get("status", record.status) != record.status:
        return {"status": [WORKFLOW]}
    return {}


def taken_number(company: Company, store: Documents[D], contract_id: int, record: D | None, number: str | None) -> bool:
    """Whether another record of the contract has that number."""
    if not number:
        return False
    other = store.with_number(contract_id, number)
    freed = company.settings.deleted_keep_origin and (contract_id, number) in store.freed_numbers
    return (other is not None and other is not record) or freed


def taken_origin(company: Company, store: Documents[D], record: D | None, origin_id: str | None) -> bool:
    """Whether another record of that type has that ``origin_id``, in whatever project of the company."""
    if not origin_id:
        return False
    other = store.with_origin(origin_id)
    freed = company.settings.deleted_keep_origin and origin_id in store.freed_origins
    return (other is not None and other is not record) or freed


def store_new(company: Company, store: Documents[D], record: D, actor: Actor) -> D:
    """Adds a record and notes it."""
    store.add(record)
    company.journal.note(actor, "created", record)
    return record


def store_change(company: Company, store: Documents[D], record: D, values: Mapping[str, Any], actor: Actor) -> D:
    """Sets what differs, moves ``updated_at`` as the settings say, and notes it."""
    changed = {name: value for name, value in values.items() if getattr(record, name) != value}
    stored: Values = dict(changed)
    if changed or company.settings.noop_moves_updated_at:
        stored["updated_at"] = company.now()
    if changed.get("status") in DECIDED:
        stored["reviewed_at"] = company.now()
    store.change(record, stored)
    company.journal.note(actor, "changed", record, changed)
    return record


def numbered(store: Documents[D], contract_id: int, values: Values) -> Values:
    """Number and position of a new record; the number is generated if none is stated."""
    number = values.pop("number", None) or store.free_number(contract_id)
    return {"number": number, "position": store.count(contract_id) + 1}


def without_blank_origin(values: Values) -> Values:
    """An empty ``origin_id`` is none."""
    if values.get("origin_id") == "":
        values["origin_id"] = None
    return values
