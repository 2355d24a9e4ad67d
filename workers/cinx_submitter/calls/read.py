"""The calls that read for planning and fill the cache."""

from __future__ import annotations

from relay.clients.cinx import CostList, PurchaseOrder
from relay.engine.writer.adapter import ReadDone
from workers.cinx_submitter.cache.cache import OrderView
from workers.cinx_submitter.cache.lookups import CostLookup
from workers.cinx_submitter.calls.context import CallContext, Results
from workers.cinx_submitter.calls.directory import purchase_order_entry


def order(call: CallContext) -> Results:
    """Reads the purchase order of exactly the number, with its lines and its POCOs.

    A number is unique (CINX API docs, "Purchase Orders"), so that the list is asked only now and then for its record.
    Where that is no longer of this number, nothing is cached, and planning comes back to have it looked up.
    """
    guid = call.cache.order_guids.get(call.order, call.cache.ages.account)
    if guid is None:
        _look_up(call)
        return call.same_for_all(ReadDone())
    record = call.client.purchase_order(guid, terms=call.first)
    if record is not None and record.number == call.order.number:
        _read_pocos(call, record)
    else:
        call.cache.order_guids.drop(call.order)
    return call.same_for_all(ReadDone())


def _look_up(call: CallContext) -> None:
    rows = call.client.purchase_orders(call.order.number, terms=call.first)
    record = call.client.purchase_order(rows[0].guid, terms=call.further) if len(rows) == 1 else None
    if record is None:
        call.cache.views.put(call.order, OrderView(matches=len(rows)))
        return
    call.cache.order_guids.put(call.order, record.guid)
    _read_pocos(call, record)


def _read_pocos(call: CallContext, record: PurchaseOrder) -> None:
    listing = call.client.pocos_of(record.guid, number=call.order.number, terms=call.further)
    view = OrderView(matches=1, order=record, pocos=tuple(listing.rows), whole=listing.whole)
    call.cache.views.put(call.order, view)
    call.note(purchase_order_entry(record, call.command.account, call.now()))


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
