"""The calls that read for planning and fill the cache."""

from __future__ import annotations

from relay.clients.cinx import CostList
from relay.engine.writer.adapter import ReadDone
from workers.cinx_submitter.cache.cache import OrderView
from workers.cinx_submitter.cache.lookups import CostLookup
from workers.cinx_submitter.calls.context import CallContext, Results


def order(call: CallContext) -> Results:
    """Reads the purchase order of exactly the number, with its lines and its POCOs."""
    number, client = call.order.number, call.client
    rows = client.purchase_orders(number, terms=call.first)
    view = OrderView(matches=len(rows))
    record = client.purchase_order(rows[0].guid, terms=call.further) if len(rows) == 1 else None
    if record is not None:
        pocos = client.pocos_of(record.guid, number=number, terms=call.further)
        view = OrderView(matches=1, order=record, pocos=tuple(pocos.rows), whole=pocos.whole)
    call.cache.views.put(call.order, view)
    return call.same_for_all(ReadDone())


def references(call: CallContext) -> Results:
    """Reads one of the job costing lists."""
    which = call.element
    if not isinstance(which, CostList):
        raise TypeError("no list is named")
    entries = call.client.cost_list(which, terms=call.first)
    call.cache.lists.put((call.command.account, which), CostLookup.of(entries))
    return call.same_for_all(ReadDone())


def pocos(call: CallContext) -> Results:
    """Reads POCOs with their lines."""
    guids, terms = call.element, call.first
    for guid in guids if isinstance(guids, tuple) else ():
        call.read_poco(guid, terms)
        terms = call.further
    return call.same_for_all(ReadDone())
