"""The calls that fill the memory."""

from __future__ import annotations

from relay.clients.cinx import CostList
from relay.engine.writer.adapter import ReadDone
from workers.cinx_submitter.cache.cache import OrderView
from workers.cinx_submitter.cache.lookups import CostLookup
from workers.cinx_submitter.calls.context import CallContext, Results


def order(calling: CallContext) -> Results:
    """The purchase order of exactly the number, with its lines and its POCOs."""
    number, client = calling.order.number, calling.client
    rows = client.purchase_orders(number, terms=calling.first)
    view = OrderView(matches=len(rows))
    found = client.purchase_order(rows[0].guid, terms=calling.further) if len(rows) == 1 else None
    if found is not None:
        pocos = client.pocos_of(found.guid, number=number, terms=calling.further)
        view = OrderView(matches=1, order=found, pocos=tuple(pocos.rows), whole=pocos.whole)
    calling.cache.views.put(calling.order, view)
    return calling.same_for_all(ReadDone())


def references(calling: CallContext) -> Results:
    """One of the job costing lists."""
    which = calling.element
    if not isinstance(which, CostList):
        raise TypeError("no list is named")
    found = calling.client.cost_list(which, terms=calling.first)
    calling.cache.lists.put((calling.command.account, which), CostLookup.of(found))
    return calling.same_for_all(ReadDone())


def pocos(calling: CallContext) -> Results:
    """POCOs with their lines."""
    guids, terms = calling.element, calling.first
    for guid in guids if isinstance(guids, tuple) else ():
        calling.read_poco(guid, terms)
        terms = calling.further
    return calling.same_for_all(ReadDone())
