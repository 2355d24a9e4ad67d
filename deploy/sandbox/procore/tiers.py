"""How the levels of a change order hang together with one, two and three tiers.

Sources: Procore support, "What are the different change order tier settings?"; the published endpoint reference
("visibility of Change Order Packages, Potential Change Orders & Change Order Requests depends on the number of
tiers"). With one tier each package has a hidden PCO; with two a silent request links a PCO to its package.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from deploy.sandbox.procore.company import Company
from deploy.sandbox.procore.errors import Invalid
from deploy.sandbox.procore.journal import Actor
from deploy.sandbox.procore.records import Package, Pco, Request

Values = dict[str, Any]

MIRRORED = ("title", "status", "description", "due_date", "schedule_impact_amount", "reviewed_at")
"""What the hidden PCO of a single tier shares with its package."""


def silent_request(company: Company, package: Package, actor: Actor) -> Request:
    """A request that nobody sees, as the link between a PCO and ``package``."""
    return company.requests.add(
        Request(
            **origin_of(company, package.contract_id, actor),
            number=company.requests.free_number(package.contract_id),
            position=company.requests.count(package.contract_id) + 1,
            title=package.title,
            parent_id=package.id,
        )
    )


def origin_of(company: Company, contract_id: int, actor: Actor) -> Values:
    """Id, place, times and creator of a new record of a contract."""
    now = company.now()
    return {
        "id": company.next_id(),
        "project_id": company.contracts[contract_id].project_id,
        "contract_id": contract_id,
        "created_at": now,
        "updated_at": now,
        "created_by": actor.user,
    }


def hidden_pco(company: Company, package: Package, actor: Actor) -> Pco:
    """The PCO that comes with a package where there is one tier; it holds the line items."""
    number = package.number
    if company.pcos.with_number(package.contract_id, number) is not None:
        number = company.pcos.free_number(package.contract_id)
    pco = Pco(
        **origin_of(company, package.contract_id, actor),
        number=number,
        position=company.pcos.count(package.contract_id) + 1,
        parent_id=silent_request(company, package, actor).id,
        **{name: getattr(package, name) for name in MIRRORED},
    )
    company.pcos.add(pco)
    company.journal.note(Actor("system", actor.user), "created", pco)
    return pco


def mirror(company: Company, package: Package, written: Iterable[str]) -> None:
    """With one tier, hands what was written to a package on to its hidden PCO."""
    names = {name for name in MIRRORED if name in written}
    if "status" in names:
        names.add("reviewed_at")
    for pco in company.pcos_of(package) if names and company.tier(package.contract_id) == 1 else ():
        company.pcos.change(pco, {name: getattr(package, name) for name in names} | {"updated_at": company.now()})


def link(company: Company, pco: Pco, package: Package | None, actor: Actor) -> int | None:
    """Puts a PCO under a package, or under none; returns the id of the silent request."""
    request = company.requests.get(pco.parent_id) if pco.parent_id is not None else None
    if package is None:
        if request is not None:
            company.requests.delete(request, company.now())
        return None
    if request is None:
        return silent_request(company, package, actor).id
    company.requests.change(request, {"parent_id": package.id})
    return request.id


def checked_package(company: Company, pco: Pco | None, contract_id: int, package_id: int | None) -> Package | None:
    """The package that a link names; raises Invalid if it is not there or locked by its approval."""
    package = None if package_id is None else company.packages.get(package_id)
    if package_id is not None and (package is None or package.contract_id != contract_id):
        raise Invalid({"change_order_request": ["change_order_package_id must exist in the contract"]})
    before = company.package_of(pco) if pco is not None else None
    if before is not package:
        for end in (before, package):
            if end is not None and end.status == "approved" and company.settings.locks:
                raise Invalid({"change_order_request": [f"change order package {end.number} is approved"]})
    return package


def lines_locked(company: Company, pco: Pco) -> bool:
    """Whether the schedule of values is closed, by approval of the PCO or of anything above it."""
    request = company.requests.get(pco.parent_id) if pco.parent_id is not None else None
    levels = (pco, request, company.package_of(pco))
    approved = any(level is not None and level.status == "approved" for level in levels)
    return company.settings.locks and (approved or pco.held_by == "erp")


def bury(company: Company, pco: Pco, actor: Actor) -> None:
    """Deletes the PCO itself; its lines go with it."""
    company.pcos.delete(pco, company.now())
    if not company.settings.deleted_keep_origin:
        company.lines.free_origins(pco.id)
    company.journal.note(actor, "deleted", pco)
