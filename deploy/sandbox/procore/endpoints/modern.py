"""Commitment and prime change orders and their batches; the lists have no pages.

Source: the published endpoint reference, "Commitment Change Orders" ("currently only supports projects using 1 and
2 tier change order configurations"), "Prime Change Orders", and their batches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from deploy.sandbox.procore import listing, modern, packages, pcos
from deploy.sandbox.procore.company import Company
from deploy.sandbox.procore.endpoints.lists import found
from deploy.sandbox.procore.errors import ApiError
from deploy.sandbox.procore.incoming import NOT_FOUND, Handler, Incoming, reply, within
from deploy.sandbox.procore.records import Contract, Document, Package, Pco, Project, Side
from deploy.sandbox.procore.views import modern as views
from deploy.sandbox.shell import Answer

FILTERS: Final = {
    "id": listing.ids("id"),
    "batch_id": listing.ids("batch_id"),
    "legacy_package_id": listing.ids("legacy_package_id"),
    "contract_id": listing.ids("contract_id"),
    "vendor_id": listing.ids("vendor_id"),
    "signature_required": listing.flag("signature_required"),
    "executed": listing.flag("executed"),
    "status": listing.texts("status"),
    "updated_at": listing.between("updated_at"),
}
BATCH_FILTERS: Final = {
    "id": listing.ids("id"),
    "contract_id": listing.ids("contract_id"),
    "updated_at": listing.between("updated_at"),
    "status": listing.texts("status"),
}
THREE_TIERS: Final = "This endpoint currently only supports projects using 1 and 2 tier change order configurations"


@dataclass(frozen=True)
class Filterable:
    """A PCO with what it can be filtered by besides its own attributes."""

    pco: Pco
    batch_id: int | None
    legacy_package_id: int | None
    vendor_id: int | None

    @classmethod
    def of(cls, company: Company, pco: Pco) -> Filterable:
        """With the package of the moment."""
        package = company.package_of(pco)
        package_id = package.id if package else None
        batch_id = package_id if company.tier(pco.contract_id) > 1 else None
        return cls(pco, batch_id, package_id, company.contracts[pco.contract_id].vendor_id)

    def __getattr__(self, name: str) -> object:
        return getattr(self.pco, name)


def side_of(company: Company, record: Document) -> Side:
    """The tool that a record belongs to."""
    return company.contracts[record.contract_id].side


def supported(project: Project, side: Side) -> None:
    """Raises ApiError with three tiers."""
    if project.tiers[side] == 3:
        raise ApiError(422, {"base": [THREE_TIERS]})


def own_pco(incoming: Incoming, side: Side) -> Pco:
    """The change order of the path; raises ApiError."""
    project = incoming.project(incoming.ids[0])
    supported(project, side)
    pco = within(project, incoming.company.pcos, incoming.ids[1])
    if side_of(incoming.company, pco) != side:
        raise ApiError(404, NOT_FOUND)
    return pco


def own_batch(incoming: Incoming, side: Side) -> Package:
    """The batch of the path; raises ApiError."""
    package = within(incoming.project(incoming.ids[0]), incoming.company.packages, incoming.ids[1])
    if side_of(incoming.company, package) != side:
        raise ApiError(404, NOT_FOUND)
    return package


def own_contract(incoming: Incoming, side: Side, root: str) -> Contract:
    """The contract that the body names; raises ApiError."""
    contract_id = incoming.attributes(root).get("contract_id")
    if not isinstance(contract_id, int) or isinstance(contract_id, bool):
        raise ApiError(400, {"contract_id": ["is required"]})
    contract = incoming.contract_of(incoming.project(incoming.ids[0]), contract_id)
    if contract.side != side:
        raise ApiError(404, NOT_FOUND)
    return contract


def listed(side: Side) -> Handler:
    """All change orders of a project, in one answer."""

    def handler(incoming: Incoming) -> Answer:
        project, company = incoming.project(incoming.ids[0]), incoming.company
        supported(project, side)
        own = [one for one in company.pcos.rows.values() if one.project_id == project.id and one.deleted_at is None]
        rows = [Filterable.of(company, one) for one in own if side_of(company, one) == side]
        kept = sorted_as_asked(incoming, [row.pco for row in found(incoming, rows, FILTERS)])
        view = views.extended if incoming.call.query.get("view") == "extended" else views.change_order
        return reply([view(company, pco) for pco in kept])

    return handler


def sorted_as_asked(incoming: Incoming, rows: list[Pco]) -> list[Pco]:
    """``sort`` is ``id`` or ``created_at``, with a minus to turn it round; raises ApiError."""
    wanted = incoming.call.query.get("sort", "")
    name = wanted.removeprefix("-")
    if name not in ("", "id", "created_at"):
        raise ApiError(400, {"sort": ["is not included in the list"]})
    return sorted(rows, key=lambda pco: getattr(pco, name), reverse=wanted.startswith("-")) if name else rows


def shown(side: Side) -> Handler:
    """One change order."""
    return lambda incoming: reply(views.change_order(incoming.company, own_pco(incoming, side)))


def created(side: Side) -> Handler:
    """A new change order."""

    def handler(incoming: Incoming) -> Answer:
        supported(incoming.project(incoming.ids[0]), side)
        contract = own_contract(incoming, side, "change_order")
        pco = modern.create(incoming.company, contract, incoming.attributes("change_order"), incoming.actor)
        return reply(views.change_order(incoming.company, pco), 201)

    return handler


def changed(side: Side) -> Handler:
    """Some attributes of a change order."""

    def handler(incoming: Incoming) -> Answer:
        attributes = incoming.attributes("change_order")
        pco = modern.change(incoming.company, own_pco(incoming, side), attributes, incoming.actor)
        return reply(views.change_order(incoming.company, pco))

    return handler


def deleted(side: Side) -> Handler:
    """A change order goes away: 204."""

    def handler(incoming: Incoming) -> Answer:
        pcos.delete(incoming.company, own_pco(incoming, side), incoming.actor)
        return Answer(204)

    return handler


def batches_listed(side: Side) -> Handler:
    """All batches of a project, in one answer."""

    def handler(incoming: Incoming) -> Answer:
        project, company = incoming.project(incoming.ids[0]), incoming.company
        own = [one for one in company.packages.rows.values() if one.project_id == project.id]
        rows = found(incoming, [one for one in own if side_of(company, one) == side], BATCH_FILTERS)
        unwanted = set(incoming.call.values("filters[status][not]"))
        wanted = [int(text) for text in incoming.call.values("filters[change_order_id]") if text.isdecimal()]
        kept = [one for one in rows if one.status not in unwanted and holds(company, one, wanted)]
        return reply([views.batch(company, one) for one in kept])

    return handler


def holds(company: Company, package: Package, wanted: list[int]) -> bool:
    """Whether one of these change orders is in the package, or none is asked for."""
    return not wanted or any(pco.id in wanted for pco in company.pcos_of(package))


def batch_shown(side: Side) -> Handler:
    """One batch."""
    return lambda incoming: reply(views.batch(incoming.company, own_batch(incoming, side)))


def batch_created(side: Side) -> Handler:
    """A new batch."""

    def handler(incoming: Incoming) -> Answer:
        contract = own_contract(incoming, side, "change_order_batch")
        attributes = incoming.attributes("change_order_batch")
        package = modern.create_batch(incoming.company, contract, attributes, incoming.actor)
        return reply(views.batch(incoming.company, package), 201)

    return handler


def batch_changed(side: Side) -> Handler:
    """Some attributes of a batch, or its children."""

    def handler(incoming: Incoming) -> Answer:
        attributes = incoming.attributes("change_order_batch")
        package = modern.change_batch(incoming.company, own_batch(incoming, side), attributes, incoming.actor)
        return reply(views.batch(incoming.company, package))

    return handler


def batch_deleted(side: Side) -> Handler:
    """A batch goes away: 204."""

    def handler(incoming: Incoming) -> Answer:
        packages.delete(incoming.company, own_batch(incoming, side), incoming.actor)
        return Answer(204)

    return handler
