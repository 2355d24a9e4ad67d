"""Contracts: three lists with external ids, one of commitments without, and the show views.

Source: the published endpoint reference, "Work Order Contracts", "Purchase Order Contracts", "Prime Contracts",
"Commitments" (only the first two can be filtered by ``origin_id``).
"""

from __future__ import annotations

from typing import Final

from deploy.sandbox.procore import listing
from deploy.sandbox.procore.company import Company
from deploy.sandbox.procore.endpoints.lists import View, paged
from deploy.sandbox.procore.errors import ApiError
from deploy.sandbox.procore.incoming import NOT_FOUND, Handler, Incoming, reply
from deploy.sandbox.procore.listing import Filter
from deploy.sandbox.procore.records import Contract, ContractKind, Project
from deploy.sandbox.procore.views import contract as views
from deploy.sandbox.shell import Answer

COMMITMENT: Final = {
    "id": listing.ids("id"),
    "status": listing.texts("status"),
    "created_at": listing.between("created_at"),
    "updated_at": listing.between("updated_at"),
    "origin_id": Filter("equal", "origin_id"),
    "include_deleted": Filter("deleted", "deleted_at"),
}
PRIME: Final = {"id": listing.ids("id"), "updated_at": listing.between("updated_at")}


def of_kind(company: Company, project: Project, *kinds: ContractKind) -> list[Contract]:
    """The project's contracts of these kinds, deleted ones among them."""
    return [one for one in company.contracts.values() if one.project_id == project.id and one.kind in kinds]


def listed(kind: ContractKind) -> Handler:
    """The list of one kind."""

    def handler(incoming: Incoming) -> Answer:
        rows = of_kind(incoming.company, incoming.project(), kind)
        return paged(incoming, rows, PRIME if kind == "prime" else COMMITMENT, view_of(incoming))

    return handler


def view_of(incoming: Incoming) -> View[Contract]:
    """The row that ``view`` asks for."""
    if incoming.call.query.get("view") == "compact":
        return lambda company, one: {name: views.row(company, one)[name] for name in views.COMPACT}
    return views.row


def shown(kind: ContractKind) -> Handler:
    """The show view of one kind."""

    def handler(incoming: Incoming) -> Answer:
        project = incoming.project()
        return reply(views.show(incoming.company, incoming.contract_of(project, incoming.ids[0], kind)))

    return handler


def commitments(incoming: Incoming) -> Answer:
    """Work orders and purchase orders together."""
    rows = of_kind(incoming.company, incoming.project(), "work_order", "purchase_order")
    return paged(incoming, rows, {}, views.commitment)


def commitment(incoming: Incoming) -> Answer:
    """A work order or purchase order, with its external ids."""
    contract = incoming.contract_of(incoming.project(), incoming.ids[0])
    if contract.kind == "prime":
        raise ApiError(404, NOT_FOUND)
    return reply(views.row(incoming.company, contract))


def first_prime(incoming: Incoming) -> Answer:
    """The project's first prime contract."""
    living = [one for one in of_kind(incoming.company, incoming.project(), "prime") if one.deleted_at is None]
    if not living:
        raise ApiError(404, NOT_FOUND)
    return reply(views.show(incoming.company, living[0]))
