"""What is put on one record by its id: our origin id, and the change reason."""

from __future__ import annotations

from relay.domain.ledger_facts import ProcoreFact, ProcorePart, is_line
from relay.engine.writer.adapter import Accepted, NotApplied, PlannedCall
from workers.procore_writer.cache.contracts import Owner, owner_of
from workers.procore_writer.calls.change_orders import order_facts
from workers.procore_writer.calls.context import CallContext, Results, update_of
from workers.procore_writer.calls.packages import package_facts, send_update
from workers.procore_writer.plan.one_tier import refusal_of_hidden
from workers.procore_writer.plan.record_updates import OrderUpdate, PackageUpdate
from workers.procore_writer.plan.typed_lines import REPLACE, UNDECIDED
from workers.procore_writer.situation import PlanContext

_WORDS = frozenset({ProcorePart.HEADER, ProcorePart.NUMBER, ProcorePart.PACKAGE})


def claim(call: CallContext) -> Results:
    """Our origin id on a record that was there before, or that Procore made for a package."""
    task, planned = next(call.pairs())
    context, update, where = call.plan_context(task), update_of(planned, OrderUpdate), call.destination
    if not _is_free(call, context, update.pco_id):
        return call.same_for_all(NotApplied())
    shown = call.client.potential_change_orders.update(
        where.project_id,
        where.contract_id,
        update.pco_id,
        update.fields,
        idempotency_key=call.batch.idempotency_key,
        terms=call.write_terms(),
    )
    owner = Owner(context.command.origin_id, shown.origin_data, shown.status, shown.grand_total)
    call.change_view(lambda view: view.with_owner(update.pco_id, owner))
    facts = _unclaimed(planned, update) | order_facts(call, context, update.content, shown)
    return call.same_for_all(_claimed(planned, facts))


def _is_free(call: CallContext, context: PlanContext, pco_id: int) -> bool:
    """Looks before anything is put over what may be another's, or have become so meanwhile.

    What Procore has made for a package of ours, and nobody has written to since, has no owner yet.
    """
    if call.cache.untouched_orders.get((call.contract, pco_id), call.cache.ages.untouched):
        # It counts once: what is sent now may arrive without an answer, and a later attempt looks.
        call.cache.untouched_orders.drop((call.contract, pco_id))
        return True
    where = call.destination
    shown = call.client.potential_change_orders.show(
        where.project_id, where.contract_id, pco_id, terms=call.read_terms()
    )
    call.change_view(lambda view: view.with_owner(pco_id, owner_of(shown)))
    if context.tiers == 1:
        return refusal_of_hidden(context, owner_of(shown)) is None
    return shown.origin_id in {None, context.command.origin_id}


def claim_package(call: CallContext) -> Results:
    """Our origin id on a package that was there before."""
    _, planned = next(call.pairs())
    update = update_of(planned, PackageUpdate)
    if not _package_is_free(call, update.package_id, str(update.fields["origin_id"])):
        return call.same_for_all(NotApplied())
    shown = send_update(call, update)
    call.change_view(lambda view: view.with_package(shown))
    facts = _unclaimed(planned, update) | package_facts(call, shown)
    return call.same_for_all(_claimed(planned, facts))


def _unclaimed(planned: PlannedCall, update: OrderUpdate | PackageUpdate) -> dict[str, str]:
    """Lines that people typed are still to be claimed. One that is taken over as it is has the right total."""
    if not update.has_lines:
        return {}
    return {ProcoreFact.UNCLAIMED: REPLACE if any(map(is_line, planned.parts)) else UNDECIDED}


def _package_is_free(call: CallContext, package_id: int, origin_id: str) -> bool:
    shown = call.client.packages.show(call.destination.project_id, package_id, terms=call.read_terms())
    call.change_view(lambda view: view.with_package(shown))
    return shown.origin_id in {None, origin_id}


def _claimed(planned: PlannedCall, facts: dict[str, str]) -> Accepted:
    """What was taken over as it is says what a person wrote, and is treated so."""
    return Accepted(parts=planned.parts, remote=facts, person=frozenset(planned.parts) & _WORDS)


def change_reason(call: CallContext) -> Results:
    """Writes the change reason through the newer endpoint, where the record has the same id."""
    _, planned = next(call.pairs())
    update, where = update_of(planned, OrderUpdate), call.destination
    call.client.contract_change_orders.update(
        where.project_id,
        where.contract,
        update.pco_id,
        update.fields,
        idempotency_key=call.batch.idempotency_key,
        terms=call.write_terms(),
    )
    return call.same_for_all(Accepted(parts=planned.parts))
