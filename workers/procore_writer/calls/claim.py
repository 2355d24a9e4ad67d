"""What is put on one record by its id: our origin id, and the change reason."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from relay.domain.ledger_facts import ProcoreFact, ProcorePart, is_line
from relay.engine.writer.adapter import Accepted, NotApplied, PlannedCall
from workers.procore_writer.cache.contracts import Owner, owner_of
from workers.procore_writer.calls.change_orders import order_facts
from workers.procore_writer.calls.context import CallContext, Results, body_of
from workers.procore_writer.calls.packages import package_facts, send_update
from workers.procore_writer.plan.elements import Json
from workers.procore_writer.plan.typed_lines import REPLACE, UNDECIDED
from workers.procore_writer.situation import PlanContext

_WORDS = frozenset({ProcorePart.HEADER, ProcorePart.NUMBER, ProcorePart.PACKAGE})


def claim(call: CallContext) -> Results:
    """Our origin id on a record that was there before, or that Procore made for a package."""
    task, send = next(call.pairs())
    context, element, where = call.plan_context(task), body_of(send), call.destination
    pco_id = cast("int", element["pco_id"])
    if not _is_free(call, context, pco_id):
        return call.same_for_all(NotApplied())
    shown = call.client.potential_change_orders.update(
        where.project_id,
        where.contract_id,
        pco_id,
        cast("Json", element["fields"]),
        idempotency_key=call.batch.idempotency_key,
        terms=replace(call.write_terms, admitted=False),
    )
    owner = Owner(context.command.origin_id, shown.origin_data, shown.status, shown.grand_total)
    call.change_view(lambda view: view.with_owner(pco_id, owner))
    facts = _unclaimed(send, element)
    return call.same_for_all(_claimed(send, facts | order_facts(call, context, element, shown)))


def _is_free(call: CallContext, context: PlanContext, pco_id: int) -> bool:
    """Looks once more before anything is put over what may have become another's meanwhile."""
    where = call.destination
    shown = call.client.potential_change_orders.show(where.project_id, where.contract_id, pco_id, terms=call.read_terms)
    call.change_view(lambda view: view.with_owner(pco_id, owner_of(shown)))
    return shown.origin_id in {None, context.command.origin_id}


def claim_package(call: CallContext) -> Results:
    """The same for a package."""
    _, send = next(call.pairs())
    element = body_of(send)
    package_id, fields = cast("int", element["package_id"]), cast("Json", element["fields"])
    if not _package_is_free(call, package_id, str(fields["origin_id"])):
        return call.same_for_all(NotApplied())
    shown = send_update(call, package_id, fields, admitted=False)
    call.change_view(lambda view: view.with_package(shown))
    facts = _unclaimed(send, element)
    return call.same_for_all(_claimed(send, facts | package_facts(call, shown)))


def _unclaimed(send: PlannedCall, element: Json) -> dict[str, str]:
    """Lines that people typed are still to be claimed. One that is taken over as it is has the right total."""
    if not element.get("has_lines"):
        return {}
    return {ProcoreFact.UNCLAIMED: REPLACE if any(map(is_line, send.parts)) else UNDECIDED}


def _package_is_free(call: CallContext, package_id: int, origin_id: str) -> bool:
    shown = call.client.packages.show(call.destination.project_id, package_id, terms=call.read_terms)
    call.change_view(lambda view: view.with_package(shown))
    return shown.origin_id in {None, origin_id}


def _claimed(send: PlannedCall, facts: dict[str, str]) -> Accepted:
    """What was taken over as it is says what a person wrote, and is treated so."""
    return Accepted(parts=send.parts, remote=facts, person=frozenset(send.parts) & _WORDS)


def change_reason(call: CallContext) -> Results:
    """Writes the change reason through the newer endpoint, where the record has the same id."""
    _, send = next(call.pairs())
    element, where = body_of(send), call.destination
    call.client.contract_change_orders.update(
        where.project_id,
        where.contract,
        cast("int", element["pco_id"]),
        cast("Json", element["fields"]),
        idempotency_key=call.batch.idempotency_key,
        terms=call.write_terms,
    )
    return call.same_for_all(Accepted(parts=send.parts))
