"""Line items of potential change orders.

Source: the published endpoint reference, "Potential Change Order Line Items" (a deletion answers 200 without body,
and 422 where a rule forbids it).
"""

from __future__ import annotations

from typing import Final

from deploy.sandbox.procore import lines, listing, sync
from deploy.sandbox.procore.attributes import Attributes
from deploy.sandbox.procore.endpoints.lists import paged
from deploy.sandbox.procore.errors import ApiError, Invalid
from deploy.sandbox.procore.incoming import NOT_FOUND, Incoming, reply
from deploy.sandbox.procore.records import Line, Pco
from deploy.sandbox.procore.views import line as views
from deploy.sandbox.shell import Answer

FILTERS: Final = {
    "id": listing.ids("id"),
    "created_at": listing.between("created_at"),
    "updated_at": listing.between("updated_at"),
    "cost_code_id": listing.ids("cost_code_id"),
    "line_item_type_id": listing.ids("line_item_type_id"),
}


def holder(incoming: Incoming) -> Pco:
    """The PCO of the path; raises ApiError."""
    return incoming.pco(incoming.project())


def both(incoming: Incoming) -> tuple[Pco, Line]:
    """The PCO and the line of the path; raises ApiError."""
    pco = holder(incoming)
    line = incoming.company.lines.get(pco.id, incoming.ids[1])
    if line is None:
        raise ApiError(404, NOT_FOUND)
    return pco, line


def listed(incoming: Incoming) -> Answer:
    """The PCO's line items."""
    return paged(incoming, incoming.company.lines.of(holder(incoming).id), FILTERS, views.alone)


def shown(incoming: Incoming) -> Answer:
    """One line item."""
    return reply(views.alone(incoming.company, both(incoming)[1]))


def created(incoming: Incoming) -> Answer:
    """A new line item."""
    line = lines.create(incoming.company, holder(incoming), incoming.attributes("line_item"), incoming.actor)
    return reply(views.alone(incoming.company, line), 201)


def changed(incoming: Incoming) -> Answer:
    """Some attributes of a line item."""
    pco, line = both(incoming)
    lines.change(incoming.company, pco, line, incoming.attributes("line_item"), incoming.actor)
    return reply(views.alone(incoming.company, line))


def deleted(incoming: Incoming) -> Answer:
    """A line item goes away: 200 and no body."""
    pco, line = both(incoming)
    try:
        lines.delete(incoming.company, pco, line, incoming.actor)
    except Invalid as invalid:
        raise ApiError(422, invalid.messages) from None
    return Answer(200)


def synced(incoming: Incoming) -> Answer:
    """A batch of one PCO's line items."""
    company, pco = incoming.company, holder(incoming)

    def own(line: Line | None) -> Line | None:
        return line if line is not None and line.pco_id == pco.id else None

    def change(line: Line, attributes: Attributes) -> Line:
        return lines.change(company, pco, line, attributes, incoming.actor)

    resource = sync.Resource(
        by_id=lambda record_id: company.lines.get(pco.id, record_id),
        by_origin=lambda origin: own(company.lines.with_origin(origin)),
        create=lambda attributes: lines.create(company, pco, attributes, incoming.actor),
        change=change,
        show=lambda line: views.alone(company, line),
    )
    return reply(sync.run(incoming.body.get("updates"), resource, company, incoming.random))
