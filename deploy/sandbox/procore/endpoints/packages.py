"""Change order packages: no deletion, no sync, no filter by ``origin_id``, but ``origin_id`` in the rows.

Source: the published endpoint reference, "Change Order Packages".
"""

from __future__ import annotations

from typing import Final

from deploy.sandbox.procore import listing, packages
from deploy.sandbox.procore.endpoints.lists import paged
from deploy.sandbox.procore.errors import ApiError
from deploy.sandbox.procore.incoming import NOT_FOUND, Incoming, reply, within
from deploy.sandbox.procore.listing import Filter
from deploy.sandbox.procore.records import Package
from deploy.sandbox.procore.views import package as views
from deploy.sandbox.shell import Answer

FILTERS: Final = {
    "id": listing.ids("id"),
    "created_at": listing.between("created_at"),
    "updated_at": listing.between("updated_at"),
    "reviewed_at": listing.between("reviewed_at"),
    "due_date": listing.between("due_date"),
    "invoiced_date": listing.between("invoiced_date"),
    "paid_date": listing.between("paid_date"),
    "signed_change_order_received_date": listing.between("signed_change_order_received_date"),
    "include_deleted": Filter("deleted", "deleted_at"),
}


def listed(incoming: Incoming) -> Answer:
    """The packages of a project or of one contract."""
    project, store = incoming.project(), incoming.company.packages
    if incoming.optional("contract_id") is None:
        rows = [one for one in store.rows.values() if one.project_id == project.id]
    else:
        rows = list(store.of_contract(incoming.contract(project).id, deleted=True))
    return paged(incoming, rows, FILTERS, views.row)


def one_of(incoming: Incoming) -> Package:
    """The package of the path; raises ApiError, also for a contract that is not its own."""
    project = incoming.project()
    package = within(project, incoming.company.packages, incoming.ids[0])
    if incoming.optional("contract_id") not in (None, package.contract_id):
        raise ApiError(404, NOT_FOUND)
    return package


def shown(incoming: Incoming) -> Answer:
    """One package."""
    return reply(views.show(incoming.company, one_of(incoming)))


def created(incoming: Incoming) -> Answer:
    """A new package."""
    contract = incoming.contract(incoming.project())
    package = packages.create(incoming.company, contract, incoming.attributes("change_order"), incoming.actor)
    return reply(views.show(incoming.company, package), 201)


def changed(incoming: Incoming) -> Answer:
    """Some attributes of a package."""
    attributes = incoming.attributes("change_order")
    package = packages.change(incoming.company, one_of(incoming), attributes, incoming.actor)
    return reply(views.show(incoming.company, package))
