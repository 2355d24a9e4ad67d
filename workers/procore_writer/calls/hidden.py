"""One tier: the hidden change order that Procore makes for a package, and the package above one of ours.

Only the newer lists link the two (Procore docs, "Commitment Change Orders": ``legacy_package_id``). Where they are
not served, or do not link, the potential change orders of the contract are compared with the package.
"""

from __future__ import annotations

from collections.abc import Iterable

from relay.clients.procore import ContractChangeOrder, Package, PotentialChangeOrderRow
from relay.domain import identity
from relay.domain.failures import Denied
from relay.domain.ledger_facts import ProcoreFact
from relay.engine.writer.adapter import Accepted, NeedsReview, Pending, Reject, Result
from workers.procore_writer.cache.cache import MOST_MISSES
from workers.procore_writer.calls.context import CallContext, Results
from workers.procore_writer.calls.packages import package_facts
from workers.procore_writer.calls.survey import note_tiers, shown_order
from workers.procore_writer.content import links
from workers.procore_writer.plan.ownership import owned_by_stranger
from workers.procore_writer.situation import PlanContext

_MISS_SECONDS = 2.0
"""The first wait for the hidden change order; each further one is as much longer, so that the last is after 20 s."""
_MOST_LIKE = 5
"""Records alike that are looked at one by one; were there more, the package could hardly be told to be new."""


def find_hidden(call: CallContext) -> Results:
    """The hidden change order of a package."""
    package_id = call.batch.calls[0].element
    if not isinstance(package_id, int):
        return call.skip_call()
    ids = _linked(call, package_id) or _alike(call, package_id)
    if len(ids) != 1:
        return call.same_for_all(_not_hidden(call, package_id, len(ids)))
    (pco_id,) = ids
    note_tiers(call, 1)
    url = links.order_url(call.web, call.destination, pco_id)
    return call.same_for_all(
        Accepted(remote={ProcoreFact.PCO: str(pco_id), ProcoreFact.URL: url, ProcoreFact.TIERS: "1"})
    )


def _linked(call: CallContext, package_id: int) -> set[int]:
    where, newer = call.destination, call.client.contract_change_orders
    try:
        orders = newer.find(where.project_id, where.contract, legacy_package_id=package_id, terms=call.read_terms())
    except Denied:
        return set()
    linked = [order for order in orders if package_id in _packages_of(order)]
    if call.cache.created_packages.get((call.contract, package_id), call.cache.ages.untouched):
        # One that came with a package of others may have got its owner when it was made.
        for order in filter(lambda order: order.is_as_created, linked):
            call.cache.untouched_orders.put((call.contract, order.id), value=True)
    return {order.id for order in linked}


def _packages_of(order: ContractChangeOrder) -> Iterable[int | None]:
    """Its package; the batch is the same, as far as is known, and counts only where nothing else is said."""
    return (order.legacy_package_id,) if order.legacy_package_id is not None else (order.batch_id,)


def _alike(call: CallContext, package_id: int) -> set[int]:
    """Without any link: rows that name the package, or its title, and whose record has neither owner nor lines."""
    where = call.destination
    package = call.client.packages.show(
        where.project_id, package_id, contract_id=where.contract_id, terms=call.read_terms()
    )
    rows = call.client.potential_change_orders.find(
        where.project_id, contract_id=where.contract_id, terms=call.read_terms()
    )
    like = [row.id for row in rows if _is_like(row, package)]
    if len(like) > _MOST_LIKE:
        return set(like)
    return {pco_id for pco_id in like if _is_free(call, pco_id)}


def _is_like(row: PotentialChangeOrderRow, package: Package) -> bool:
    if row.deleted_at is not None or package.title is None:
        return False
    if row.created_at is not None and package.created_at is not None and row.created_at < package.created_at:
        return False
    return package.title in (row.package_title, row.title)


def _is_free(call: CallContext, pco_id: int) -> bool:
    shown = shown_order(call, pco_id)
    if shown is None or shown.origin_id not in {None, call.command.origin_id}:
        return False
    if shown.lines is not None:
        return not shown.lines
    return not call.client.line_items.find(call.destination.project_id, pco_id, terms=call.read_terms())


def _not_hidden(call: CallContext, package_id: int, count: int) -> Result:
    """Procore may need a moment to make it; after that a person has to look."""
    origin_id = call.command.origin_id
    misses = call.cache.count_miss(("hidden", origin_id))
    words = f"package {package_id} shows {count} hidden change orders instead of one"
    if misses < MOST_MISSES:
        return Pending(seconds=_MISS_SECONDS * misses, sentence=words)
    return Reject(
        reason="procore.hidden_order_missing",
        sentence=f"The project works with one tier, but {words}; without it lines have no place. See whether tiers of "
        "the route is right and look at the package in Procore.",
    )


def find_above(call: CallContext) -> Results:
    """The package that Procore has made for a change order of ours."""
    where, pco_id = call.destination, call.batch.calls[0].element
    if not isinstance(pco_id, int):
        return call.skip_call()
    context = call.plan_context(call.batch.tasks[0])
    package_id = _above(call, pco_id)
    if package_id is None:
        return call.same_for_all(_none_above(context))
    package = call.client.packages.show(
        where.project_id, package_id, contract_id=where.contract_id, terms=call.read_terms()
    )
    call.change_view(lambda view: view.with_package(package))
    if package.origin_id not in {None, identity.package_origin_id(context.command.origin_id)}:
        return call.same_for_all(owned_by_stranger(context, f"package {package.number}", package.origin_id or ""))
    return call.same_for_all(Accepted(remote=package_facts(call, package)))


def _above(call: CallContext, pco_id: int) -> int | None:
    where, newer = call.destination, call.client.contract_change_orders
    try:
        orders = newer.find(where.project_id, where.contract, ids=[pco_id], terms=call.read_terms())
    except Denied:
        return None
    ids = {number for order in orders if order.id == pco_id for number in _packages_of(order) if number is not None}
    return ids.pop() if len(ids) == 1 else None


def _none_above(context: PlanContext) -> NeedsReview:
    where = context.command.destination
    return NeedsReview(
        reason="procore.tiers",
        sentence=f"Contract {where.contract_id} works with one tier, which could not be seen while it was empty, and "
        f"the route states {where.tiers}; so the change order was written as potential change order {context.pco_id}, "
        "and no package shows it. It is not written a second time: set tiers: 1 on the route and look at the record in "
        "Procore; if a package holds it, say `cor letters adopt` with that package's id, otherwise delete the record "
        "and say `cor letters resubmit`.",
    )
