"""Creating and changing change orders and batches through the newer endpoints.

Source: the published endpoint reference, "Commitment Change Orders", "Commitment Change Order Batches" and their
prime counterparts. They carry no external id; ``change_order_ids`` groups where there are two tiers,
``legacy_request_ids`` where there are three.
"""

from __future__ import annotations

from typing import Any, Final

from deploy.sandbox.procore import packages, tiers
from deploy.sandbox.procore.attributes import Attributes, Shape
from deploy.sandbox.procore.company import Company
from deploy.sandbox.procore.documents import faults, numbered, refuse, store_change, store_new, submitted
from deploy.sandbox.procore.errors import Invalid, Messages
from deploy.sandbox.procore.journal import Actor
from deploy.sandbox.procore.records import Contract, Package, Pco
from deploy.sandbox.procore.shapes import BATCH, MODERN

Values = dict[str, Any]

SHARED: Final[tuple[str, ...]] = ("title", "status", "description", "due_date", "schedule_impact_amount")
CHILDREN: Final[tuple[str, ...]] = ("change_order_ids", "legacy_request_ids")


def read(company: Company, attributes: Attributes, shape: Shape, contract_id: int) -> tuple[Values, Messages]:
    """The values without the contract, which is fixed, and what is wrong with them."""
    reading = submitted(company, attributes, shape)
    values = {name: value for name, value in reading.values.items() if name != "contract_id"}
    return values, reading.messages | packages.status_faults(company, contract_id, values)


def create(company: Company, contract: Contract, attributes: Attributes, actor: Actor) -> Pco:
    """A new change order; with one tier its package comes with it. Raises Invalid."""
    values, messages = read(company, attributes, MODERN, contract.id)
    batch_id = values.pop("batch_id", None)
    refuse(faults(company, company.pcos, contract.id, None, values) | messages)
    if company.tier(contract.id) == 1:
        above = {name: attributes[name] for name in SHARED if name in attributes}
        pco = company.pcos_of(packages.create(company, contract, above, actor))[0]
        return store_change(company, company.pcos, pco, values, actor)
    package = tiers.checked_package(company, None, contract.id, batch_id)
    named = numbered(company.pcos, contract.id, values)
    pco = Pco(**tiers.origin_of(company, contract.id, actor), **named, **values)
    pco.parent_id = tiers.link(company, pco, package, actor)
    return store_new(company, company.pcos, pco, actor)


def change(company: Company, pco: Pco, attributes: Attributes, actor: Actor) -> Pco:
    """Sets what was submitted and leaves the rest; raises Invalid."""
    values, messages = read(company, attributes, MODERN, pco.contract_id)
    linked, batch_id = "batch_id" in values, values.pop("batch_id", None)
    refuse(faults(company, company.pcos, pco.contract_id, pco, values) | messages)
    package, tier = company.package_of(pco), company.tier(pco.contract_id)
    if tier == 2 and linked:
        wanted = tiers.checked_package(company, pco, pco.contract_id, batch_id)
        values["parent_id"] = tiers.link(company, pco, wanted, actor)
    store_change(company, company.pcos, pco, values, actor)
    if tier == 1 and package is not None:
        above = {name: values[name] for name in SHARED if name in values}
        store_change(company, company.packages, package, above, actor)
    return pco


def create_batch(company: Company, contract: Contract, attributes: Attributes, actor: Actor) -> Package:
    """A new package with its children; raises Invalid."""
    values, messages = read(company, attributes, BATCH, contract.id)
    children = {name: values.pop(name) for name in CHILDREN if name in values}
    messages |= child_faults(company, contract.id, children)
    refuse(faults(company, company.packages, contract.id, None, values) | messages)
    named = numbered(company.packages, contract.id, values)
    package = Package(**tiers.origin_of(company, contract.id, actor), **named, **values)
    store_new(company, company.packages, package, actor)
    if company.tier(contract.id) == 1:
        tiers.hidden_pco(company, package, actor)
    gather(company, package, children, actor)
    return package


def change_batch(company: Company, package: Package, attributes: Attributes, actor: Actor) -> Package:
    """Sets what was submitted, children as a whole; raises Invalid."""
    values, messages = read(company, attributes, BATCH, package.contract_id)
    children = {name: values.pop(name) for name in CHILDREN if name in values}
    messages |= child_faults(company, package.contract_id, children)
    if children and package.status == "approved" and company.settings.locks:
        messages["base"] = [f"change order package {package.number} is approved"]
    refuse(faults(company, company.packages, package.contract_id, package, values) | messages)
    store_change(company, company.packages, package, values, actor)
    tiers.mirror(company, package, values)
    gather(company, package, children, actor)
    return package


def child_faults(company: Company, contract_id: int, children: Values) -> Messages:
    """Children must exist in the contract, and be of the kind that the tier has."""
    stores: dict[str, tuple[int, Any]] = {CHILDREN[0]: (2, company.pcos), CHILDREN[1]: (3, company.requests)}
    messages: Messages = {}
    for name, ids in children.items():
        tier, store = stores[name]
        if ids and company.tier(contract_id) != tier:
            messages[name] = [f"is only for projects with {tier} tiers"]
        elif any(store.get(one) is None or store.get(one).contract_id != contract_id for one in ids):
            messages[name] = ["must exist"]
    return messages


def gather(company: Company, package: Package, children: Values, actor: Actor) -> None:
    """Puts exactly these children under the package."""
    if children.get(CHILDREN[0]) is not None and company.tier(package.contract_id) == 2:
        gather_pcos(company, package, children[CHILDREN[0]], actor)
    if children.get(CHILDREN[1]) is not None and company.tier(package.contract_id) == 3:
        wanted = children[CHILDREN[1]]
        for request in company.requests.below(package.id):
            if request.id not in wanted:
                store_change(company, company.requests, request, {"parent_id": None}, actor)
        for one in wanted:
            store_change(company, company.requests, company.requests.rows[one], {"parent_id": package.id}, actor)


def gather_pcos(company: Company, package: Package, wanted: list[int], actor: Actor) -> None:
    """The two-tier form of gathering; raises Invalid if a PCO is in a package that is approved."""
    for pco in company.pcos_of(package):
        if pco.id not in wanted:
            parent = tiers.link(company, pco, None, actor)
            store_change(company, company.pcos, pco, {"parent_id": parent}, actor)
    for one in wanted:
        pco = company.pcos.rows[one]
        before = company.package_of(pco)
        if before is not None and before is not package and before.status == "approved" and company.settings.locks:
            raise Invalid({CHILDREN[0]: [f"change order package {before.number} is approved"]})
        parent = tiers.link(company, pco, package, actor)
        store_change(company, company.pcos, pco, {"parent_id": parent}, actor)
