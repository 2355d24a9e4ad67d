"""Potential change orders.

Source: the published endpoint reference, "Potential Change Orders".
"""

from __future__ import annotations

from typing import Final

from deploy.sandbox.procore import listing, pcos, sync
from deploy.sandbox.procore.attributes import Attributes
from deploy.sandbox.procore.endpoints.lists import paged
from deploy.sandbox.procore.errors import ApiError
from deploy.sandbox.procore.incoming import NOT_FOUND, Incoming, reply
from deploy.sandbox.procore.listing import Filter
from deploy.sandbox.procore.records import Contract, Pco
from deploy.sandbox.procore.shapes import PCO_CREATE, PCO_PATCH, PCO_SYNC
from deploy.sandbox.procore.views import pco as views
from deploy.sandbox.shell import Answer

FILTERS: Final = {
    "id": listing.ids("id"),
    "origin_id": Filter("equal", "origin_id"),
    "contract_id": listing.ids("contract_id"),
    "created_at": listing.between("created_at"),
    "updated_at": listing.between("updated_at"),
    "due_date": listing.between("due_date"),
    "invoiced_date": listing.between("invoiced_date"),
    "paid_date": listing.between("paid_date"),
    "reviewed_at": listing.between("reviewed_at"),
    "include_deleted": Filter("deleted", "deleted_at"),
}


def listed(incoming: Incoming) -> Answer:
    """The project's PCOs as rows."""
    project, company = incoming.project(), incoming.company
    rows = [pco for pco in company.pcos.rows.values() if pco.project_id == project.id]
    return paged(incoming, rows, FILTERS, views.row)


def shown(incoming: Incoming) -> Answer:
    """One PCO; it is found only with its own contract."""
    return reply(views.show(incoming.company, of_contract(incoming)))


def of_contract(incoming: Incoming) -> Pco:
    """The PCO of the path in project and contract of the parameters; raises ApiError."""
    project = incoming.project()
    contract = incoming.contract(project)
    pco = incoming.pco(project)
    if pco.contract_id != contract.id:
        raise ApiError(404, NOT_FOUND)
    return pco


def created(incoming: Incoming) -> Answer:
    """A new PCO."""
    contract = incoming.contract(incoming.project())
    attributes = incoming.attributes("change_order")
    pco = pcos.create(incoming.company, contract, attributes, PCO_CREATE, incoming.actor)
    return reply(views.created(incoming.company, pco), 201)


def changed(incoming: Incoming) -> Answer:
    """Some attributes of a PCO."""
    attributes = incoming.attributes("change_order")
    pco = pcos.change(incoming.company, of_contract(incoming), attributes, PCO_PATCH, incoming.actor)
    return reply(views.show(incoming.company, pco))


def synced(incoming: Incoming) -> Answer:
    """A batch of one contract's PCOs."""
    company = incoming.company
    contract = incoming.contract(incoming.project())

    def create(attributes: Attributes) -> Pco:
        return pcos.create(company, contract, attributes, PCO_SYNC, incoming.actor)

    def change(pco: Pco, attributes: Attributes) -> Pco:
        return pcos.change(company, pco, attributes, PCO_SYNC, incoming.actor)

    resource = sync.Resource(
        by_id=lambda record_id: in_contract(company.pcos.get(record_id), contract),
        by_origin=lambda origin: in_scope(incoming, company.pcos.with_origin(origin), contract),
        create=create,
        change=change,
        show=lambda pco: views.show(company, pco),
        ids=company.settings.sync_id_in_pco,
    )
    return reply(sync.run(incoming.body.get("updates"), resource, company, incoming.random))


def in_contract(pco: Pco | None, contract: Contract) -> Pco | None:
    """The PCO if it belongs to the contract."""
    return pco if pco is not None and pco.contract_id == contract.id else None


def in_scope(incoming: Incoming, pco: Pco | None, contract: Contract) -> Pco | None:
    """The PCO if the sync looks that far."""
    return pco if incoming.company.settings.origin_lookup == "company" else in_contract(pco, contract)
