"""Change order requests; without three tiers there are none to see.

Source: the published endpoint reference, "Change Order Requests".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from deploy.sandbox.procore import listing, requests, sync
from deploy.sandbox.procore.attributes import Attributes
from deploy.sandbox.procore.endpoints.lists import paged
from deploy.sandbox.procore.errors import ApiError
from deploy.sandbox.procore.incoming import NOT_FOUND, Incoming, reply
from deploy.sandbox.procore.listing import Filter
from deploy.sandbox.procore.records import Contract, Request
from deploy.sandbox.procore.views import request as views
from deploy.sandbox.shell import Answer

FILTERS: Final[Mapping[str, Filter]] = {
    "id": listing.ids("id"),
    "created_at": listing.between("created_at"),
    "updated_at": listing.between("updated_at"),
    "due_date": listing.between("due_date"),
    "invoiced_date": listing.between("invoiced_date"),
    "paid_date": listing.between("paid_date"),
    "change_order_package_id": listing.ids("parent_id"),
    "status": listing.texts("status"),
    "include_deleted": Filter("deleted", "deleted_at"),
}


def listed(incoming: Incoming) -> Answer:
    """The requests of one contract."""
    contract = incoming.contract(incoming.project())
    rows = list(incoming.company.requests.of_contract(contract.id, deleted=True))
    unwanted = set(incoming.call.values("filters[not_status][]"))
    visible = incoming.company.tier(contract.id) == 3
    return paged(incoming, [row for row in rows if visible and row.status not in unwanted], FILTERS, views.row)


def one_of(incoming: Incoming) -> Request:
    """The request of the path in project and contract of the parameters; raises ApiError."""
    contract = incoming.contract(incoming.project())
    request = incoming.company.requests.get(incoming.ids[0])
    if request is None or request.contract_id != contract.id or incoming.company.tier(contract.id) != 3:
        raise ApiError(404, NOT_FOUND)
    return request


def shown(incoming: Incoming) -> Answer:
    """One request."""
    return reply(views.show(incoming.company, one_of(incoming)))


def created(incoming: Incoming) -> Answer:
    """A new request."""
    contract = incoming.contract(incoming.project())
    request = requests.create(incoming.company, contract, incoming.attributes("change_order"), incoming.actor)
    return reply(views.show(incoming.company, request), 201)


def changed(incoming: Incoming) -> Answer:
    """Some attributes of a request."""
    attributes = incoming.attributes("change_order")
    request = requests.change(incoming.company, one_of(incoming), attributes, incoming.actor)
    return reply(views.show(incoming.company, request))


def synced(incoming: Incoming) -> Answer:
    """A batch of one contract's requests."""
    company = incoming.company
    contract = incoming.contract(incoming.project())

    def change(request: Request, attributes: Attributes) -> Request:
        return requests.change(company, request, attributes, incoming.actor)

    resource = sync.Resource(
        by_id=lambda record_id: in_contract(company.requests.get(record_id), contract),
        by_origin=lambda origin: in_scope(incoming, company.requests.with_origin(origin), contract),
        create=lambda attributes: requests.create(company, contract, attributes, incoming.actor),
        change=change,
        show=lambda request: views.show(company, request),
    )
    return reply(sync.run(incoming.body.get("updates"), resource, company, incoming.random))


def in_contract(request: Request | None, contract: Contract) -> Request | None:
    """The request if it belongs to the contract."""
    return request if request is not None and request.contract_id == contract.id else None


def in_scope(incoming: Incoming, request: Request | None, contract: Contract) -> Request | None:
    """The request if the sync looks that far."""
    return request if incoming.company.settings.origin_lookup == "company" else in_contract(request, contract)
