"""Creating and changing change order packages.

Source: the published endpoint reference, "Change Order Packages" (the number is generated per contract and not
writable; ``pending_billable`` only where there is one tier; ``draft`` when no status is stated).
"""

from __future__ import annotations

from typing import Any

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
from deploy.sandbox.procore.records import PENDING_BILLABLE, Contract, Package
from deploy.sandbox.procore.shapes import PACKAGE

Values = dict[str, Any]


def create(company: Company, contract: Contract, attributes: Attributes, actor: Actor) -> Package:
    """A new package, with its hidden PCO where there is one tier; raises Invalid."""
    reading = submitted(company, attributes, PACKAGE)
    values = without_blank_origin(reading.values)
    refuse(
        faults(company, company.packages, contract.id, None, values)
        | status_faults(company, contract.id, values)
        | reading.messages
    )
    package = Package(
        **tiers.origin_of(company, contract.id, actor), **numbered(company.packages, contract.id, values), **values
    )
    store_new(company, company.packages, package, actor)
    if company.tier(contract.id) == 1:
        tiers.hidden_pco(company, package, actor)
    return package


def change(company: Company, package: Package, attributes: Attributes, actor: Actor) -> Package:
    """Sets what was submitted and leaves the rest; raises Invalid."""
    reading = submitted(company, attributes, PACKAGE)
    values = without_blank_origin(reading.values)
    refuse(
        faults(company, company.packages, package.contract_id, package, values)
        | status_faults(company, package.contract_id, values)
        | reading.messages
    )
    store_change(company, company.packages, package, values, actor)
    tiers.mirror(company, package, values)
    return package


def status_faults(company: Company, contract_id: int, values: Values) -> Messages:
    """``pending_billable`` is a status of single-tier projects."""
    if values.get("status") == PENDING_BILLABLE and company.tier(contract_id) != 1:
        return {"status": ["is not included in the list"]}
    return {}


def delete(company: Company, package: Package, actor: Actor) -> None:
    """Deletes a package; its PCOs stay, except where there is one tier. Raises Invalid if it is approved."""
    if package.status == "approved" and company.settings.locks:
        raise Invalid({"base": ["An approved change order cannot be deleted"]})
    now, tier = company.now(), company.tier(package.contract_id)
    for request in company.requests.below(package.id):
        for pco in company.pcos.below(request.id) if tier < 3 else ():
            release(company, pco.id, tier, actor)
        if tier < 3:
            company.requests.delete(request, now)
        else:
            company.requests.change(request, {"parent_id": None, "updated_at": now})
    company.packages.delete(package, now)
    company.journal.note(actor, "deleted", package)


def release(company: Company, pco_id: int, tier: int, actor: Actor) -> None:
    """Lets go a PCO of a package that goes away, or takes the hidden one along."""
    pco, now = company.pcos.rows[pco_id], company.now()
    if tier == 1:
        tiers.bury(company, pco, actor)
    else:
        company.pcos.change(pco, {"parent_id": None, "updated_at": now})
