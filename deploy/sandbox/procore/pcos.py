"""Creating and changing potential change orders.

Source: the published endpoint reference, "Potential Change Orders" (``status`` is ignored on single-tier
projects; ``number`` is unique within the contract; parents by tier).
"""

from __future__ import annotations

from typing import Any, Final

from deploy.sandbox.procore import packages, tiers
from deploy.sandbox.procore.attributes import Attributes, Reading, Shape
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
from deploy.sandbox.procore.records import Contract, Package, Pco

Values = dict[str, Any]

REQUEST_ID: Final = "change_order_request_id"
LINK: Final = "change_order_request"
EVENTS: Final = ("prime_change_event_id", "commitment_change_event_id")
SINGLE: Final = "Potential change orders come with their change order package where there is a single tier"


def create(company: Company, contract: Contract, attributes: Attributes, shape: Shape, actor: Actor) -> Pco:
    """A new PCO; raises Invalid."""
    reading = submitted(company, attributes, shape)
    values, messages = stored_names(reading), reading.messages
    if company.tier(contract.id) == 1 and company.settings.single_tier_pco == "refuse":
        raise Invalid({**messages, "base": [SINGLE]})
    parents = parent_values(values)
    messages = event_faults(company, contract, values) | messages
    messages = faults(company, company.pcos, contract.id, None, values) | messages
    package, messages = checked_parents(company, contract, None, parents, messages)
    refuse(messages)
    if company.tier(contract.id) == 1:
        values.pop("status", None)
        if company.settings.single_tier_pco == "create_package":
            return with_package(company, contract, values, actor)
    named = numbered(company.pcos, contract.id, values)
    pco = Pco(**tiers.origin_of(company, contract.id, actor), **named, **without_blank_origin(values))
    pco.parent_id = new_parent(company, pco, package, parents, actor)
    return store_new(company, company.pcos, pco, actor)


def with_package(company: Company, contract: Contract, values: Values, actor: Actor) -> Pco:
    """The PCO below a package of the same title, which a single tier needs."""
    package = packages.create(company, contract, {"title": values["title"]}, actor)
    pco = company.pcos_of(package)[0]
    return store_change(company, company.pcos, pco, without_blank_origin(values), actor)


def change(company: Company, pco: Pco, attributes: Attributes, shape: Shape, actor: Actor) -> Pco:
    """Sets what was submitted and leaves the rest; raises Invalid."""
    contract = company.contracts[pco.contract_id]
    reading = submitted(company, attributes, shape)
    values, messages = stored_names(reading), reading.messages
    if company.tier(contract.id) == 1:
        values.pop("status", None)
        messages.pop("status", None)
    parents = parent_values(values)
    messages = event_faults(company, contract, values) | messages
    messages = faults(company, company.pcos, contract.id, pco, values) | messages
    package, messages = checked_parents(company, contract, pco, parents, messages)
    refuse(messages)
    if parents:
        values["parent_id"] = new_parent(company, pco, package, parents, actor)
    return store_change(company, company.pcos, pco, without_blank_origin(values), actor)


def stored_names(reading: Reading) -> Values:
    """The values under the names of the stored fields."""
    values = reading.values
    if "grand_total" in values:
        values["stated_total"] = values.pop("grand_total")
    return values


def parent_values(values: Values) -> Values:
    """Takes what names a parent out of ``values``."""
    return {name: values.pop(name) for name in (REQUEST_ID, LINK) if name in values}


def event_faults(company: Company, contract: Contract, values: Values) -> Messages:
    """A change event must exist, and belong to the contract's side."""
    messages: Messages = {}
    for name in EVENTS:
        event = values.get(name)
        if event is not None and (event not in company.change_events or not name.startswith(contract.side)):
            messages[name] = ["must exist"]
    return messages


def checked_parents(
    company: Company, contract: Contract, pco: Pco | None, parents: Values, messages: Messages
) -> tuple[Package | None, Messages]:
    """The package of a two-tier link, and all messages with those about parents."""
    tier, found = company.tier(contract.id), dict(messages)
    request_id, package_id = parents.get(REQUEST_ID), parents.get(LINK)
    if request_id is not None:
        found |= request_faults(company, contract, tier, request_id)
    if package_id is not None and tier != 2:
        found[LINK] = ["is only for projects with two tiers"]
    if LINK not in parents or tier != 2:
        return None, found
    try:
        return tiers.checked_package(company, pco, contract.id, package_id), found
    except Invalid as invalid:
        return None, found | invalid.messages


def request_faults(company: Company, contract: Contract, tier: int, request_id: int) -> Messages:
    """What forbids that parent in three tiers."""
    request = company.requests.get(request_id)
    if tier != 3:
        return {REQUEST_ID: ["is only for projects with three tiers"]}
    if request is None or request.contract_id != contract.id:
        return {REQUEST_ID: ["must exist"]}
    if request.status == "approved" and company.settings.locks:
        return {REQUEST_ID: [f"change order request {request.number} is approved"]}
    return {}


def new_parent(company: Company, pco: Pco, package: Package | None, parents: Values, actor: Actor) -> int | None:
    """The request that the PCO belongs under from now on."""
    tier = company.tier(pco.contract_id)
    if tier == 2 and LINK in parents:
        return tiers.link(company, pco, package, actor)
    if tier == 3 and REQUEST_ID in parents:
        parent: int | None = parents[REQUEST_ID]
        return parent
    return pco.parent_id


def delete(company: Company, pco: Pco, actor: Actor) -> None:
    """Deletes a PCO; raises Invalid if approval locks it. A single tier's package goes with it."""
    if tiers.lines_locked(company, pco):
        raise Invalid({"base": ["An approved change order cannot be deleted"]})
    request = company.requests.get(pco.parent_id) if pco.parent_id is not None else None
    package, tier = company.package_of(pco), company.tier(pco.contract_id)
    tiers.bury(company, pco, actor)
    if request is not None and tier < 3:
        company.requests.delete(request, company.now())
    if package is not None and tier == 1:
        company.packages.delete(package, company.now())
        company.journal.note(actor, "deleted", package)


def restore(company: Company, pco: Pco, actor: Actor) -> None:
    """Undoes a deletion, without the links that it had."""
    pco.parent_id = None
    company.pcos.restore(pco, company.now())
    company.lines.claim_origins(pco.id)
    company.journal.note(actor, "restored", pco)
