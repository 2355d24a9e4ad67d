"""The calls that only read: they fill the memory, or settle what is in doubt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import structlog

from relay.clients.procore import Package, PotentialChangeOrder
from relay.clients.terms import Terms
from relay.domain import identity
from relay.domain.commands import ContractKind
from relay.domain.failures import Denied
from relay.domain.procore_content import read_mark
from relay.engine.telemetry import events
from relay.engine.writer.carrier import Absent, Accepted, Learned, Pending, Refuse, Result, Review
from workers.procore_writer import links, lookups, parts
from workers.procore_writer.calling import Calling, Results
from workers.procore_writer.contracts import owner_of, view_of
from workers.procore_writer.findings import Finding
from workers.procore_writer.situation import Fact, Situation
from workers.procore_writer.steps import Step
from workers.procore_writer.typed_lines import REPLACE, is_ours, may_replace
from workers.procore_writer.verification import judge, stray_lines

_log = structlog.get_logger(__name__)

_MOST_MISSES = 5
_MISS_SECONDS = 2.0
_STRAY = "stray"
"""The hash of a line that is there although nothing asks for it: equal to none."""

Reader = Callable[[Calling], Results]


def cost_codes(calling: Calling) -> Results:
    """The project's cost codes."""
    project = calling.destination.project_id
    found = calling.client.references.cost_codes(project, terms=calling.read_terms)
    calling.memory.cost_codes.put((calling.command.account, project), lookups.cost_codes(found))
    return calling.everybody(Learned())


def line_item_types(calling: Calling) -> Results:
    """The line item types offered in the project."""
    project = calling.destination.project_id
    found = calling.client.references.line_item_types(project, terms=calling.read_terms)
    calling.memory.line_item_types.put((calling.command.account, project), lookups.line_item_types(found))
    return calling.everybody(Learned())


def units(calling: Calling) -> Results:
    """The company's units of measure."""
    found = calling.client.references.units_of_measure(terms=calling.read_terms)
    calling.memory.units.put(calling.command.account, lookups.units(found))
    return calling.everybody(Learned())


def change_reasons(calling: Calling) -> Results:
    """The company's change reasons."""
    found = calling.client.references.change_reasons(terms=calling.read_terms)
    calling.memory.reasons.put(calling.command.account, lookups.change_reasons(found))
    return calling.everybody(Learned())


def survey(calling: Calling) -> Results:
    """Every change order and package of a contract, after a look at the contract itself."""
    where = calling.destination
    wrong = contract_problem(calling)
    if wrong is not None:
        return calling.everybody(wrong)
    further = replace(calling.read_terms, admitted=False)
    orders = calling.client.potential_change_orders.find(
        where.project_id, contract_id=where.contract_id, terms=further
    )
    packages = _packages(calling, admitted=False)
    # A filter that the remote ignored must not make another contract's records candidates.
    orders = [row for row in orders if row.contract_id in {None, where.contract_id}]
    view = view_of(orders, packages, calling.memory.views.get(calling.contract))
    calling.memory.views.put(calling.contract, view)
    if view.tiers is not None:
        _note_tiers(calling, view.tiers)
    return calling.everybody(Learned())


def contract_problem(calling: Calling) -> Refuse | None:
    """Why nothing can be written to the contract as the route names it. Raises where the project is refused."""
    where, terms = calling.destination, calling.read_terms
    if _is_there(calling, where.contract, terms):
        return None
    calling.client.probe_project(where.project_id, terms=replace(terms, admitted=False))
    return _contract_refusal(calling)


def _contract_refusal(calling: Calling) -> Refuse:
    where = calling.destination
    for kind in ContractKind:
        if kind is not where.contract and _is_there(calling, kind, replace(calling.read_terms, admitted=False)):
            return Refuse(
                reason="procore.contract_kind",
                sentence=f"Contract {where.contract_id} of project {where.project_id} is a {kind.value} contract and "
                f"the route says {where.contract.value}: correct contract on the route's target.",
            )
    return Refuse(
        reason="procore.contract_unknown",
        sentence=f"Project {where.project_id} shows no contract {where.contract_id}: correct contract_id on the "
        "route's target, or let the service account see the contract in Procore.",
    )


def _is_there(calling: Calling, kind: ContractKind, terms: Terms) -> bool:
    """By its own page; prime contracts, of which a project has few, by their list."""
    where, contracts = calling.destination, calling.client.contracts
    try:
        if kind is ContractKind.PRIME:
            found = contracts.find(where.project_id, kind, terms=terms)
            return any(one.id == where.contract_id and one.deleted_at is None for one in found)
        return contracts.show(where.project_id, kind, where.contract_id, terms=terms).deleted_at is None
    except Denied:
        return False


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


def _packages(calling: Calling, *, admitted: bool) -> list[Package]:
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
    shown = _shown(calling, pco_id)
    if shown is None:
        view.forget(pco_id)
    else:
        view.own(pco_id, owner_of(shown))
    return calling.everybody(Learned())


def _shown(calling: Calling, pco_id: int) -> PotentialChangeOrder | None:
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


def find_package(calling: Calling) -> Results:
    """Whether the packages that may have been created are there."""
    found = [one for one in _packages(calling, admitted=True) if one.deleted_at is None]
    by_origin = {one.origin_id: one for one in found if one.origin_id}
    results: dict[str, Result] = {}
    for task in calling.batch.tasks:
        package = by_origin.get(identity.package_origin_id(task.command.origin_id))
        s = calling.situation(task)
        results[task.command.origin_id] = (
            _package_absent(calling, s) if package is None else package_found(calling, s, package)
        )
    _renew_packages(calling, found)
    return results


def _package_absent(calling: Calling, s: Situation) -> Result:
    """It may be created again, unless that was tried too often: then somebody has to look."""
    key = ("package", s.command.origin_id)
    misses = (calling.memory.misses.get(key) or 0) + 1
    if misses < _MOST_MISSES:
        calling.memory.misses.put(key, misses)
        return Absent()
    calling.memory.misses.drop(key)
    return Review(
        reason="procore.package_in_doubt",
        sentence=f"Procore took {misses} requests to create the package of this change order in contract "
        f"{s.command.destination.contract_id} without an answer, and none of them left a package there. Look whether "
        "the name or the external id is in use elsewhere, then say `cor letters resubmit`.",
    )


def _renew_packages(calling: Calling, found: list[Package]) -> None:
    view = calling.memory.views.get(calling.contract)
    if view is not None:
        view.replace_packages(found)


def package_found(calling: Calling, s: Situation, package: Package) -> Result:
    """A package of ours, with what of it is as the command says."""
    held: dict[str, str] = {}
    mark = read_mark(package.origin_data)
    if s.command.payload is not None and mark is not None and mark.content == parts.package_hash(s.payload):
        held[parts.PACKAGE] = mark.content
    if package.status is not None:
        held[parts.PACKAGE_STATUS] = parts.status_hash(package.status)
    return Accepted(parts=held, remote=package_facts(calling, package))


def package_facts(calling: Calling, package: Package) -> dict[str, str]:
    """What the ledger remembers of a package."""
    return {
        Fact.PACKAGE: str(package.id),
        Fact.PACKAGE_NUMBER: package.number or "",
        Fact.PACKAGE_URL: links.package_url(calling.web, calling.destination, package.id),
    }


def find_hidden(calling: Calling) -> Results:
    """The hidden change order of a package, by the one list that links the two."""
    where, package_id = calling.destination, calling.batch.sends[0].element
    if not isinstance(package_id, int):
        return calling.nothing_to_ask()
    found = calling.client.contract_change_orders.find(
        where.project_id, where.contract, legacy_package_id=package_id, terms=calling.read_terms
    )
    ids = [one.id for one in found if one.legacy_package_id == package_id]
    if len(ids) != 1:
        return calling.everybody(_not_hidden(calling, package_id, len(ids)))
    url = links.order_url(calling.web, where, ids[0])
    return calling.everybody(Accepted(remote={Fact.PCO: str(ids[0]), Fact.URL: url, Fact.TIERS: "1"}))


def _not_hidden(calling: Calling, package_id: int, count: int) -> Result:
    """Procore may need a moment to make it; after that a person has to look."""
    origin_id = calling.command.origin_id
    misses = (calling.memory.misses.get(origin_id) or 0) + 1
    calling.memory.misses.put(origin_id, misses)
    words = f"package {package_id} shows {count} hidden change orders instead of one"
    if misses < _MOST_MISSES:
        return Pending(seconds=_MISS_SECONDS * misses, sentence=words)
    calling.memory.misses.drop(origin_id)
    return Refuse(
        reason="procore.hidden_order_missing",
        sentence=f"The project works with one tier, but {words}; without it lines have no place. See whether tiers of "
        "the route is right and look at the package in Procore.",
    )


def list_lines(calling: Calling) -> Results:
    """The lines of an adopted record; once all of them are ours, nothing is left to be claimed."""
    origin_id, pco_id = calling.command.origin_id, calling.batch.sends[0].element
    if not isinstance(pco_id, int):
        return calling.nothing_to_ask()
    found = calling.client.line_items.find(calling.destination.project_id, pco_id, terms=calling.read_terms)
    if all(is_ours(origin_id, line) for line in found):
        calling.memory.lines.drop(origin_id)
        return calling.everybody(Accepted(remote={Fact.UNCLAIMED: ""}))
    calling.memory.lines.put(origin_id, tuple(found))
    s = calling.situation(calling.batch.tasks[0])
    if s.fact(Fact.UNCLAIMED) != REPLACE and may_replace(s, found):
        return calling.everybody(Accepted(remote={Fact.UNCLAIMED: REPLACE}))
    return calling.everybody(Learned())


def look(calling: Calling) -> Results:
    """Our own record, read anew and compared with the ledger."""
    task = calling.batch.tasks[0]
    s, where = calling.situation(task), calling.destination
    if s.entry is None or s.pco_id is None:
        return calling.nothing_to_ask()
    shown = _shown(calling, s.pco_id)
    if shown is None or shown.deleted_at is not None:
        calling.memory.findings.put(task.command.command_id, Finding(deleted=True))
        return calling.everybody(Learned())
    further = replace(calling.read_terms, admitted=False)
    lines = calling.client.line_items.find(where.project_id, s.pco_id, terms=further)
    package = _own_package(calling, s) if s.tiers == 1 else None
    finding = judge(s.entry, task.command.origin_id, shown, lines, package)
    calling.memory.findings.put(task.command.command_id, finding)
    struck = finding.overtaken
    if task.command.rules.person_edit == "overwrite":
        struck |= finding.person
    if not (struck or finding.person):
        return calling.everybody(Learned())
    strays = stray_lines(s.entry, task.command.origin_id, lines)
    return calling.everybody(
        Accepted(
            parts=dict.fromkeys(strays, _STRAY),
            removed=struck - strays.keys(),
            remote={Fact.line(part): str(line_id) for part, line_id in strays.items()},
            person=finding.person - struck,
        )
    )


def _own_package(calling: Calling, s: Situation) -> Package | None:
    if s.package_id is None:
        return None
    further = replace(calling.read_terms, admitted=False)
    return calling.client.packages.show(calling.destination.project_id, s.package_id, terms=further)


READERS: dict[str, Reader] = {
    Step.COST_CODES.value: cost_codes,
    Step.LINE_ITEM_TYPES.value: line_item_types,
    Step.UNITS.value: units,
    Step.REASONS.value: change_reasons,
    Step.SURVEY.value: survey,
    Step.OWNER.value: owner,
    Step.FIND_PACKAGE.value: find_package,
    Step.FIND_HIDDEN.value: find_hidden,
    Step.LIST_LINES.value: list_lines,
    Step.LOOK.value: look,
}
