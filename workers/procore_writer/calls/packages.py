"""Packages, created once and changed by their ids."""

from __future__ import annotations

from relay.clients.procore import (
    Package,
)
from relay.clients.procore.sync import refused_whole
from relay.domain import identity
from relay.domain.commands import ProcoreCommand
from relay.domain.failures import CallFailure, Rejected
from relay.domain.ledger_facts import LedgerFact, ProcoreFact, ProcorePart
from relay.domain.procore_content import read_mark
from relay.engine.writer.adapter import Accepted, NeedsReview, NotApplied, PlannedCall, Reject, Result, Task, Unknown
from workers.procore_writer.cache.cache import MOST_MISSES
from workers.procore_writer.calls.context import CallContext, Results, body_of, update_of
from workers.procore_writer.calls.survey import listed_packages
from workers.procore_writer.content import links, parts
from workers.procore_writer.letters import readback, refusals
from workers.procore_writer.plan import elements
from workers.procore_writer.plan.elements import Json
from workers.procore_writer.plan.record_updates import PackageUpdate
from workers.procore_writer.situation import PlanContext


def find_package(call: CallContext) -> Results:
    """Whether the packages that may have been created are there."""
    packages = [package for package in listed_packages(call) if package.deleted_at is None]
    by_origin = {package.origin_id: package for package in packages if package.origin_id}
    results: dict[str, Result] = {}
    for task, planned in call.pairs():
        package = by_origin.get(identity.package_origin_id(task.command.origin_id))
        context = call.plan_context(task)
        results[task.command.origin_id] = (
            _package_absent(call, context) if package is None else _package_found(call, context, planned, package)
        )
    call.change_view(lambda view: view.with_packages(packages))
    return results


def _package_absent(call: CallContext, context: PlanContext) -> Result:
    """It may be created again, unless that was tried too often: then a person has to look."""
    if context.intent is None and ProcorePart.PACKAGE in context.doubted:
        return NotApplied(remote={LedgerFact.DOUBTED: ""})
    misses = call.cache.count_miss(("package", context.command.origin_id))
    if misses < MOST_MISSES:
        return NotApplied()
    return NeedsReview(
        reason="procore.package_in_doubt",
        sentence=f"Procore took {misses} requests to create the package of this change order in contract "
        f"{context.command.destination.contract_id} without an answer, and none of them left a package there. Look "
        "whether the name or the external id is in use elsewhere, then say `cor letters resubmit`.",
    )


def _package_found(call: CallContext, context: PlanContext, planned: PlannedCall, package: Package) -> Result:
    """A package of ours, with what of it is as the command says."""
    held: dict[str, str] = {}
    mark = read_mark(package.origin_data)
    if context.command.payload is not None and mark is not None and mark.content == parts.package_hash(context.payload):
        held[ProcorePart.PACKAGE] = mark.content
    if package.status is not None:
        held[ProcorePart.PACKAGE_STATUS] = parts.status_hash(package.status)
    was_sent = context.entry is not None and context.entry.was_sent
    return Accepted(parts=held, remote=package_facts(call, package), written=None if planned.resolves else was_sent)


def package_facts(call: CallContext, package: Package) -> dict[str, str]:
    """What the ledger remembers of a package."""
    return {
        ProcoreFact.PACKAGE: str(package.id),
        ProcoreFact.PACKAGE_NUMBER: package.number or "",
        ProcoreFact.PACKAGE_URL: links.package_url(call.web, call.destination, package.id),
    }


def create_package(call: CallContext) -> Results:
    """Creates one package; never repeated while its outcome is unknown."""
    task, planned = next(call.pairs())
    where = call.destination
    try:
        shown = call.client.packages.create(
            where.project_id,
            where.contract_id,
            body_of(planned),
            idempotency_key=call.batch.idempotency_key,
            terms=call.write_terms(),
        )
    except Rejected as rejected:
        if refusals.says_origin_taken(rejected):
            # An earlier request of ours came through after all: the contract is listed.
            return call.same_for_all(Unknown(message=rejected.message, remote_answer=rejected.remote_answer))
        return call.same_for_all(_refused(call, task, body_of(planned), rejected))
    call.cache.created_packages.put((call.contract, shown.id), value=True)
    return call.same_for_all(package_accepted(call, call.plan_context(task), planned, body_of(planned), shown))


def update_package(call: CallContext) -> Results:
    """Changes one package."""
    task, planned = next(call.pairs())
    update = update_of(planned, PackageUpdate)
    try:
        shown = send_update(call, update)
    except Rejected as rejected:
        return call.same_for_all(_refused(call, task, update.fields, rejected))
    return call.same_for_all(package_accepted(call, call.plan_context(task), planned, update.fields, shown))


def _refused(call: CallContext, task: Task[ProcoreCommand], fields: Json, rejected: Rejected) -> Reject:
    return refusals.of_order(call.plan_context(task), refused_whole(rejected), fields)


def send_update(call: CallContext, update: PackageUpdate) -> Package:
    """Sends changed fields of a package."""
    where = call.destination
    return call.client.packages.update(
        where.project_id,
        update.package_id,
        update.fields,
        contract_id=where.contract_id,
        idempotency_key=call.batch.idempotency_key,
        terms=call.write_terms(),
    )


def package_accepted(
    call: CallContext, context: PlanContext, planned: PlannedCall, fields: Json, shown: Package
) -> Result:
    """The package as it is now, compared with what was sent."""
    # Which view a create answers is not documented; the list's has no description.
    whole = shown if readback.tells_all(fields, shown) else _shown_whole(call, shown)
    losses = list(readback.package_losses(fields, whole))
    lost = {loss.part for loss in losses}
    call.change_view(lambda view: view.with_package(shown))
    facts = package_facts(call, shown)
    if "title" in fields and context.tiers == 1:
        facts[ProcoreFact.FIELDS] = elements.owned_fields(context)
    return Accepted(
        parts={part: wanted for part, wanted in planned.parts.items() if part not in lost},
        remote=facts,
        refusal=readback.refusal_of(losses),
    )


def _shown_whole(call: CallContext, shown: Package) -> Package:
    where = call.destination
    try:
        return call.client.packages.show(
            where.project_id, shown.id, contract_id=where.contract_id, terms=call.read_terms()
        )
    except CallFailure:
        return shown
