"""Creating and changing change order requests, which exist where there are three tiers.

Source: the published endpoint reference, "Change Order Requests".
"""

from __future__ import annotations

from typing import Any, Final

from deploy.sandbox.procore import tiers
from deploy.sandbox.procore.attributes import Attributes
from deploy.sandbox.procore.company import Company
from deploy.sandbox.procore.documents import (
    faults,
    numbered,
    refuse,
    store_change,
    store_new,
    submitted,
    without_blank_origin,
)
from deploy.sandbox.procore.errors import Invalid, Messages
from deploy.sandbox.procore.journal import Actor
from deploy.sandbox.procore.records import Contract, Request
from deploy.sandbox.procore.shapes import REQUEST

Values = dict[str, Any]

PACKAGE_ID: Final = "change_order_package_id"
ONLY_THREE: Final = "Change order requests are only for projects with three tiers"


def create(company: Company, contract: Contract, attributes: Attributes, actor: Actor) -> Request:
    """A new request; raises Invalid."""
    values, messages = read(company, attributes)
    messages = faults(company, company.requests, contract.id, None, values) | messages
    messages |= parent_faults(company, contract.id, None, values)
    if company.tier(contract.id) != 3:
        messages["base"] = [ONLY_THREE]
    refuse(messages)
    named = numbered(company.requests, contract.id, values)
    request = Request(**tiers.origin_of(company, contract.id, actor), **named, **values)
    return store_new(company, company.requests, request, actor)


def change(company: Company, request: Request, attributes: Attributes, actor: Actor) -> Request:
    """Sets what was submitted and leaves the rest; raises Invalid."""
    values, messages = read(company, attributes)
    messages = faults(company, company.requests, request.contract_id, request, values) | messages
    messages |= parent_faults(company, request.contract_id, request, values)
    refuse(messages)
    return store_change(company, company.requests, request, values, actor)


def read(company: Company, attributes: Attributes) -> tuple[Values, Messages]:
    """The values under the names of the stored fields, and what is wrong with them."""
    reading = submitted(company, attributes, REQUEST)
    values = without_blank_origin(reading.values)
    if PACKAGE_ID in values:
        values["parent_id"] = values.pop(PACKAGE_ID)
    return values, reading.messages


def parent_faults(company: Company, contract_id: int, request: Request | None, values: Values) -> Messages:
    """The package must exist in the contract and neither it nor the one before be approved."""
    if "parent_id" not in values:
        return {}
    after = None if values["parent_id"] is None else company.packages.get(values["parent_id"])
    before = company.package_above(request)
    if values["parent_id"] is not None and (after is None or after.contract_id != contract_id):
        return {PACKAGE_ID: ["must exist"]}
    for end in (before, after) if before is not after and company.settings.locks else ():
        if end is not None and end.status == "approved":
            return {PACKAGE_ID: [f"change order package {end.number} is approved"]}
    return {}


def delete(company: Company, request: Request, actor: Actor) -> None:
    """Deletes a request; its PCOs stay. Raises Invalid if it is approved."""
    if request.status == "approved" and company.settings.locks:
        raise Invalid({"base": ["An approved change order cannot be deleted"]})
    for pco in company.pcos.below(request.id):
        company.pcos.change(pco, {"parent_id": None, "updated_at": company.now()})
    company.requests.delete(request, company.now())
    company.journal.note(actor, "deleted", request)
