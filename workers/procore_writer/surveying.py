"""What is in a contract, and whose it is."""

from __future__ import annotations

from dataclasses import replace

import structlog

from relay.clients.procore import Package, PotentialChangeOrder
from relay.clients.terms import Terms
from relay.domain.commands import ContractKind
from relay.domain.failures import Denied
from relay.engine.telemetry import events
from relay.engine.writer.carrier import Learned, Refuse
from workers.procore_writer.calling import Calling, Results
from workers.procore_writer.contracts import owner_of, view_of

_log = structlog.get_logger(__name__)


def survey(calling: Calling) -> Results:
    """Every change order and package of a contract, after a look at the contract itself."""
    where = calling.destination
    wrong = contract_problem(calling)
    if wrong is not None:
        return calling.everybody(wrong)
    further = replace(calling.read_terms, admitted=False)
    orders = calling.client.potential_change_orders.find(where.project_id, contract_id=where.contract_id, terms=further)
    packages = listed_packages(calling, admitted=False)
    # A filter that the remote ignored must not make another contract's records candidates.
    orders = [row for row in orders if row.contract_id in {None, where.contract_id}]
    view = view_of(orders, packages, calling.memory.views.get(calling.contract))
    calling.memory.views.put(calling.contract, view)
    if view.tiers is not None:
        _note_tiers(calling, view.tiers)
    return calling.everybody(Learned())


def contract_problem(calling: Calling) -> Refuse | None:
    """Why nothing can be written to the contract as the route names it. Raises where the project is refused.

    Where no contract may be looked at, the contract's change orders are listed all the same: what becomes of a
    call there is for Procore to say.
    """
    where, terms = calling.destination, calling.read_terms
    there = _is_there(calling, where.contract, terms)
    if there:
        return None
    calling.client.probe_project(where.project_id, terms=replace(terms, admitted=False))
    return _contract_refusal(calling, sure=there is not None)


def _contract_refusal(calling: Calling, *, sure: bool) -> Refuse | None:
    where = calling.destination
    for kind in ContractKind:
        if kind is not where.contract and _is_there(calling, kind, replace(calling.read_terms, admitted=False)):
            return Refuse(
                reason="procore.contract_kind",
                sentence=f"Contract {where.contract_id} of project {where.project_id} is a {kind.value} contract and "
                f"the route says {where.contract.value}: correct contract on the route's target.",
            )
    if not sure:
        return None
    return Refuse(
        reason="procore.contract_unknown",
        sentence=f"Project {where.project_id} shows no contract {where.contract_id}: correct contract_id on the "
        "route's target, or let the service account see the contract in Procore.",
    )


def _is_there(calling: Calling, kind: ContractKind, terms: Terms) -> bool | None:
    """``None``: contracts of this kind may not be looked at."""
    where = calling.destination
    try:
        found = calling.client.contracts.show(where.project_id, kind, where.contract_id, terms=terms)
    except Denied:
        return None
    return found is not None and found.deleted_at is None


def _note_tiers(calling: Calling, shown: int) -> None:
    calling.memory.tiers.put(calling.contract, shown)
    stated = calling.destination.tiers
    if stated != shown:
        _log.warning(
            events.PROCORE_TIERS_DIFFER,
            account=calling.command.account,
            contract=calling.destination.name,
            stated=stated,
            shown=shown,
        )


def listed_packages(calling: Calling, *, admitted: bool) -> list[Package]:
    """The packages of the contract."""
    where = calling.destination
    terms = replace(calling.read_terms, admitted=admitted)
    found = calling.client.packages.find(where.project_id, contract_id=where.contract_id, terms=terms)
    return [one for one in found if one.contract_id in {None, where.contract_id}]


def owner(calling: Calling) -> Results:
    """Whose a record of the contract is."""
    view = calling.memory.views.get(calling.contract)
    pco_id = calling.batch.sends[0].element
    if view is None or not isinstance(pco_id, int):
        return calling.nothing_to_ask()
    shown = shown_order(calling, pco_id)
    if shown is None:
        view.forget(pco_id)
    else:
        view.own(pco_id, owner_of(shown))
    return calling.everybody(Learned())


def shown_order(calling: Calling, pco_id: int) -> PotentialChangeOrder | None:
    """The record, or ``None`` where the list says that it is gone.

    404 alone may also mean a right that is missing, which is the protocol's to find out.
    """
    where, orders = calling.destination, calling.client.potential_change_orders
    try:
        return orders.show(where.project_id, where.contract_id, pco_id, terms=calling.read_terms)
    except Denied as denied:
        if denied.status != 404:
            raise
    further = replace(calling.read_terms, admitted=False)
    rows = orders.find(where.project_id, ids=[pco_id], terms=further)
    if any(row.id == pco_id and row.deleted_at is None for row in rows):
        raise Denied(f"procore: change order {pco_id} is listed but cannot be shown", status=404)
    return None
