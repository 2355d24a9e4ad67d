"""What is in a contract, and whose it is."""

from __future__ import annotations

from functools import partial

import structlog

from relay.clients.procore import Package, PotentialChangeOrder
from relay.domain.commands import ContractKind, ProcoreCommand
from relay.domain.failures import Denied
from relay.domain.ledger_facts import ProcoreFact
from relay.engine.telemetry import events
from relay.engine.writer.adapter import Accepted, ReadDone, Reject, Result, Task
from workers.procore_writer.cache.contracts import MOST_SHOWN, TIERS, ContractView, owner_of, row_as_listed, view_of
from workers.procore_writer.calls.context import CallContext, Results
from workers.procore_writer.calls.directory import contract_entry

_log = structlog.get_logger(__name__)


def list_contract(call: CallContext) -> Results:
    """Every change order and package of a contract, after a look at the contract itself."""
    where = call.destination
    wrong = contract_problem(call)
    if wrong is not None:
        return call.same_for_all(wrong)
    orders = call.client.potential_change_orders.find(
        where.project_id, contract_id=where.contract_id, terms=call.read_terms()
    )
    packages = listed_packages(call)
    # A filter that the remote ignored must not make another contract's records candidates.
    orders = [row for row in orders if row.contract_id in {None, where.contract_id}]
    view = view_of(orders, packages, call.cache.views.get(call.contract))
    call.cache.views.put(call.contract, view)
    for task in call.batch.tasks:
        call.cache.contract_listed.put(task.command.command_id, value=True)
        call.cache.origin_id_searched.drop(task.command.origin_id)  # What is new may be ours.
    if view.tiers is not None:
        note_tiers(call, view.tiers)
    return call.same_for_all(ReadDone())


def tiers(call: CallContext) -> Results:
    """How many tiers a contract has that was empty, out of the row of what has just been written to it."""
    where, pco_id = call.destination, call.batch.calls[0].element
    if not isinstance(pco_id, int):
        return call.skip_call()
    rows = call.client.potential_change_orders.find(where.project_id, ids=[pco_id], terms=call.read_terms())
    shown = next((row.tiers for row in rows if row.id == pco_id and row.tiers in TIERS), None)
    if shown is None:
        call.cache.tiers_not_shown.put(call.contract, value=True)
        return call.same_for_all(ReadDone())
    note_tiers(call, shown)
    return {task.command.origin_id: _met(task, shown) for task in call.batch.tasks}


def _met(task: Task[ProcoreCommand], tiers: int) -> Result:
    """What was written before the contract could show its tiers remembers them, too."""
    if task.entry is None or ProcoreFact.PCO not in task.entry.remote:
        return ReadDone()
    return Accepted(remote={ProcoreFact.TIERS: str(tiers)})


def contract_problem(call: CallContext) -> Reject | None:
    """Why nothing can be written to the contract as the route names it. Raises where the project is refused.

    Where no contract may be looked at, the contract's change orders are listed all the same: what becomes of a
    call there is for Procore to say.
    """
    where = call.destination
    exists = _exists(call, where.contract)
    if exists:
        return None
    call.client.probe_project(where.project_id, terms=call.read_terms())
    return _contract_refusal(call, sure=exists is not None)


def _contract_refusal(call: CallContext, *, sure: bool) -> Reject | None:
    where = call.destination
    for kind in ContractKind:
        if kind is not where.contract and _exists(call, kind):
            return Reject(
                reason="procore.contract_kind",
                sentence=f"Contract {where.contract_id} of project {where.project_id} is a {kind.value} contract and "
                f"the route says {where.contract.value}: correct contract on the route's target.",
            )
    if not sure:
        return None
    return Reject(
        reason="procore.contract_unknown",
        sentence=f"Project {where.project_id} shows no contract {where.contract_id}: correct contract_id on the "
        "route's target, or let the service account see the contract in Procore.",
    )


def _exists(call: CallContext, kind: ContractKind) -> bool | None:
    """Whether the contract is one of this kind; ``None``: contracts of this kind may not be looked at."""
    where = call.destination
    try:
        contract = call.client.contracts.show(where.project_id, kind, where.contract_id, terms=call.read_terms())
    except Denied:
        return None
    call.note(contract_entry(contract, kind, call.command, call.now()))
    return contract is not None and contract.deleted_at is None


def note_tiers(call: CallContext, shown: int) -> None:
    """Keeps how many tiers the contract has shown just now."""
    call.cache.tiers.put(call.contract, shown)
    stated = call.destination.tiers
    if stated != shown:
        _log.warning(
            events.PROCORE_TIERS_DIFFER,
            account=call.command.account,
            contract=call.destination.name,
            stated=stated,
            shown=shown,
        )


def listed_packages(call: CallContext) -> list[Package]:
    """The packages of the contract."""
    where = call.destination
    packages = call.client.packages.find(where.project_id, contract_id=where.contract_id, terms=call.read_terms())
    return [package for package in packages if package.contract_id in {None, where.contract_id}]


def read_owner(call: CallContext) -> Results:
    """Reads the owner of one record of the contract."""
    view = call.cache.views.get(call.contract)
    pco_id = call.batch.calls[0].element
    if view is None or not isinstance(pco_id, int):
        return call.skip_call()
    shown = shown_order(call, pco_id)
    _note_owner(call, pco_id, shown)
    return call.same_for_all(ReadDone())


def read_owners(call: CallContext) -> Results:
    """Reads the owners of records that are not known yet; that of a record which may not be shown stays unknown."""
    view = call.cache.views.get(call.contract)
    unidentified = view.unidentified() if view else []
    if view is None or not unidentified:
        return call.skip_call()
    for pco_id in unidentified[:MOST_SHOWN]:
        try:
            shown = shown_order(call, pco_id)
        except Denied:
            call.change_view(partial(ContractView.with_unreadable, pco_id=pco_id))
        else:
            _note_owner(call, pco_id, shown)
    return call.same_for_all(ReadDone())


def _note_owner(call: CallContext, pco_id: int, shown: PotentialChangeOrder | None) -> None:
    if shown is None:
        call.change_view(lambda view: view.without_row(pco_id))
    else:
        call.change_view(lambda view: view.with_owner(pco_id, owner_of(shown)))


def search(call: CallContext) -> Results:
    """Whether the contract has a record with our origin id that the ledger does not know."""
    view, where, origin_id = call.cache.views.get(call.contract), call.destination, call.command.origin_id
    if view is None:
        return call.skip_call()
    orders = call.client.potential_change_orders
    rows = orders.find(where.project_id, contract_id=where.contract_id, origin_id=origin_id, terms=call.read_terms())
    for row in rows:
        # Rows do not say their origin id: a filter that the remote ignored must not make a stranger's record ours.
        if row.id not in view.owners and row.contract_id in {None, where.contract_id}:
            call.change_view(partial(ContractView.with_row, row=row_as_listed(row)))
            _note_owner(call, row.id, shown_order(call, row.id))
    call.cache.origin_id_searched.put(origin_id, value=True)
    return call.same_for_all(ReadDone())


def shown_order(call: CallContext, pco_id: int) -> PotentialChangeOrder | None:
    """The record, or ``None`` where the list says that it is gone.

    The reference of the show names 403 alone for whatever cannot be shown, and 404 may mean a right that is missing.
    """
    where, orders = call.destination, call.client.potential_change_orders
    try:
        return orders.show(where.project_id, where.contract_id, pco_id, terms=call.read_terms())
    except Denied as denied:
        rows = orders.find(where.project_id, ids=[pco_id], terms=call.read_terms())
        if any(row.id == pco_id and row.deleted_at is None for row in rows):
            raise denied from None
    return None
