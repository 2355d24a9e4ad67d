"""Potential change orders, written by sync, and what its answer means for each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from relay.clients.procore import (
    ChangeOrderRequest,
    PotentialChangeOrder,
    Refusal,
    SyncAnswer,
)
from relay.clients.procore.sync import refused_whole
from relay.domain.commands import ProcoreCommand
from relay.domain.failures import CallFailure, Rejected
from relay.domain.ledger_facts import ProcoreFact, ProcorePart, is_line
from relay.domain.sources.native_values import number_of
from relay.engine.writer.adapter import Accepted, NotApplied, PlannedCall, Reject, Result, Task, Unknown
from workers.procore_writer.cache.contracts import Owner
from workers.procore_writer.calls.context import CallContext, Results, body_of
from workers.procore_writer.calls.deleted import existing_orders, record_deletion
from workers.procore_writer.content import links, parts
from workers.procore_writer.letters import readback, refusals
from workers.procore_writer.plan import elements
from workers.procore_writer.plan.elements import Json
from workers.procore_writer.situation import PlanContext

_MOST_SUFFIXES = 99
"""The last suffix that is tried for a number, before a letter says that it is taken."""
_ID = re.compile(r"\bid\b")

Pair = tuple[Task[ProcoreCommand], PlannedCall]


def header(call: CallContext) -> Results:
    """Creates or changes potential change orders of one contract."""
    account = call.command.account
    pairs = list(call.pairs())
    if not call.cache.sync_rejects_ids.get(account):
        try:
            return _sent(call, pairs)
        except Rejected as rejected:
            if not _refuses_ids(pairs, rejected):
                raise
            call.cache.sync_rejects_ids.put(account, value=True)
            return call.same_for_all(NotApplied())
    return _sent_without_ids(call, pairs)


def _refuses_ids(pairs: Sequence[Pair], rejected: Rejected) -> bool:
    """Whether a call was refused because the company does not take the ids of its elements."""
    named = any("id" in body_of(planned) for _, planned in pairs)
    return named and _ID.search(refused_whole(rejected).sentence) is not None


def _sent_without_ids(call: CallContext, pairs: Sequence[Pair]) -> Results:
    """Sends elements without ids, after a look at which records still exist: a sync by ``origin_id`` does not tell."""
    ids = {task.command.origin_id: number_of(body_of(planned).get("id")) for task, planned in pairs}
    named = {pco_id for pco_id in ids.values() if pco_id is not None}
    may_be_sent = {None, *(existing_orders(call, named) if named else ())}
    left: list[Pair] = []
    deleted: dict[str, Result] = {}
    for task, planned in pairs:
        origin_id = task.command.origin_id
        if ids[origin_id] in may_be_sent:
            left.append((task, replace(planned, element=_without_id(planned))))
        else:
            deleted[origin_id] = record_deletion(call, task.command.command_id)
    if not left:
        return deleted
    return deleted | dict(_sent(call, left))


def _without_id(planned: PlannedCall) -> Json:
    return {name: value for name, value in body_of(planned).items() if name != "id"}


def _sent(call: CallContext, pairs: Sequence[Pair]) -> Results:
    answer = _answer(call, pairs)
    results: dict[str, Result] = {}
    unknown_ids: list[Pair] = []
    for task, planned in pairs:
        context, origin_id = call.plan_context(task), task.command.origin_id
        refusal = answer.refused.get(origin_id)
        if origin_id in answer.accepted:
            results[origin_id] = order_accepted(call, context, planned, answer.accepted[origin_id])
        elif refusal is None:
            results[origin_id] = unnamed(call, origin_id, answer)
        elif refusals.names_id(refusal, body_of(planned)):
            unknown_ids.append((task, planned))
        else:
            results[origin_id] = _order_refused(call, context, planned, refusal)
    return results | _of_unknown_ids(call, unknown_ids)


def _answer(call: CallContext, pairs: Sequence[Pair]) -> SyncAnswer[PotentialChangeOrder]:
    where = call.destination
    try:
        return call.client.potential_change_orders.sync(
            where.project_id,
            where.contract_id,
            [body_of(planned) for _, planned in pairs],
            idempotency_key=call.batch.idempotency_key,
            terms=call.write_terms(),
        )
    except Rejected as rejected:
        if len(pairs) > 1 or _refuses_ids(pairs, rejected):
            raise
        return SyncAnswer({}, {pairs[0][0].command.origin_id: refused_whole(rejected)}, (), frozenset())


def _of_unknown_ids(call: CallContext, pairs: Sequence[Pair]) -> dict[str, Result]:
    """The results of elements whose ids were refused: deleted where the list does not have the record; else the company
    does not take ids, and the element is sent again without.
    """
    ids = {task.command.origin_id: cast("int", body_of(planned)["id"]) for task, planned in pairs}
    if not ids:
        return {}
    try:
        living = existing_orders(call, ids.values())
    except CallFailure as failure:
        # The others of the batch have their answers; these are asked again.
        return dict.fromkeys(ids, Unknown(message=failure.message, remote_answer=failure.remote_answer))
    if living:
        call.cache.sync_rejects_ids.put(call.command.account, value=True)
    return {
        task.command.origin_id: NotApplied()
        if ids[task.command.origin_id] in living
        else record_deletion(call, task.command.command_id)
        for task, _ in pairs
    }


def order_accepted(
    call: CallContext, context: PlanContext, planned: PlannedCall, shown: PotentialChangeOrder
) -> Result:
    """The record as it is now, compared with what was sent."""
    element = body_of(planned)
    losses = [loss for loss in readback.order_losses(element, shown) if not _is_linked(call, context, shown, loss)]
    lost = {loss.part for loss in losses}
    _note_order(call, context, shown, status_ignored=ProcorePart.STATUS in lost)
    if context.is_unsure_of_tiers and context.pco_id is None:
        # One tier passes over the status: what the contract shows now tells what to do about it.
        losses = [loss for loss in losses if loss.part != ProcorePart.STATUS]
    lost_parts = _lost_parts(context, shown)
    if lost_parts is not None:
        call.cache.sync_rejects_ids.put(context.command.account, value=True)
    return Accepted(
        parts={part: wanted for part, wanted in planned.parts.items() if part not in lost},
        removed=lost_parts or frozenset(),
        remote=dict.fromkeys(lost_parts or (), "") | order_facts(call, context, element, shown),
        refusal=readback.refusal_of(losses) if lost_parts is None else _recreated_letter(context, shown),
    )


def _is_linked(call: CallContext, context: PlanContext, shown: PotentialChangeOrder, loss: readback.FieldLoss) -> bool:
    """Whether a link to a package that the order does not show is there all the same.

    With two tiers the request between the two need not be shown; then the package's lines tell whose they are. An
    order without lines tells nothing, and counts as linked.
    """
    if loss.field != readback.PACKAGE_LINK:
        return False
    if context.group_package is None or not shown.lines:
        return True
    where = call.destination
    try:
        package = call.client.packages.show(
            where.project_id, context.group_package, contract_id=where.contract_id, terms=call.read_terms()
        )
    except CallFailure:
        return True
    lines = package.native.data.get("line_items")
    if not isinstance(lines, list):
        return True
    holders = [line.get("holder") for line in lines if isinstance(line, dict)]
    return any(isinstance(holder, dict) and number_of(holder.get("id")) == shown.id for holder in holders)


def _note_order(call: CallContext, context: PlanContext, shown: PotentialChangeOrder, *, status_ignored: bool) -> None:
    call.cache.send_alone.drop(context.command.origin_id)
    owner = Owner(context.command.origin_id, shown.origin_data, shown.status, shown.grand_total)
    call.change_view(lambda view: view.with_owner(shown.id, owner))
    if status_ignored:
        # The tiers are others than believed.
        call.cache.views.drop(call.contract)


def _lost_parts(context: PlanContext, shown: PotentialChangeOrder) -> frozenset[str] | None:
    """The parts that are lost where the sync has created anew what a person had deleted; else ``None``."""
    if context.entry is None or context.pco_id in {None, shown.id}:
        return None
    return frozenset(
        part for part in context.entry.parts if is_line(part) or part in {ProcorePart.LINK, ProcorePart.REASON}
    )


def _recreated_letter(context: PlanContext, shown: PotentialChangeOrder) -> Reject:
    """About a record that came again: the company passes over the ids of a sync, so nothing could keep it from that."""
    return replace(
        refusals.deletion_letter(context),
        sentence=f"Change order {context.pco_id} of contract {context.command.destination.contract_id} was deleted in "
        f"Procore, and the change that came for it has made it anew as {shown.id} (number {shown.number}). If the "
        "deletion was meant, void the new one and take the change order back in the source system; otherwise send the "
        "letter again to have the rest of it written.",
    )


def order_facts(call: CallContext, context: PlanContext, element: Json, shown: PotentialChangeOrder) -> dict[str, str]:
    """What the ledger remembers of a potential change order."""
    facts = {
        ProcoreFact.PCO: str(shown.id),
        ProcoreFact.URL: links.order_url(call.web, call.destination, shown.id),
    }
    if "number" in shown.native.data:
        facts[ProcoreFact.NUMBER] = shown.number or ""
    elif "number" in element:
        facts[ProcoreFact.NUMBER] = str(element["number"])
    if context.facts.tiers is not None:
        # What only the route says is not remembered: the next look at the contract may show otherwise.
        facts[ProcoreFact.TIERS] = str(context.tiers)
    if "title" in element:
        facts[ProcoreFact.FIELDS] = elements.owned_fields(context)
    return facts


def _order_refused(call: CallContext, context: PlanContext, planned: PlannedCall, refusal: Refusal) -> Result:
    element = body_of(planned)
    if refusals.is_taken_origin(refusal):
        return Unknown(message=refusal.sentence, remote_answer=refusal.sentence)
    if refusals.is_number_only(refusal) and context.command.rules.number != "letter":
        return _another_number(context, element) or refusals.of_order(context, refusal, element)
    if context.pco_id is not None and "title" in refusal.errors and "title" not in element:
        return record_deletion(call, context.command.command_id)
    call.cache.views.drop(call.contract)
    if ProcorePart.LINK in planned.parts and call.cache.count_miss(("link", context.command.command_id)) == 1:
        call.cache.tiers.drop(call.contract)  # Somebody may just have raised them: they are read before it is told.
        return NotApplied()
    return refusals.of_order(context, refusal, element)


def _another_number(context: PlanContext, element: Json) -> NotApplied | None:
    """The number is another record's: the route's rule says what to try instead."""
    number = parts.wanted_number(context.payload)
    if number is None:
        return None
    if element.get("number") == number:
        return NotApplied(remote={ProcoreFact.NUMBER_REFUSED: number, ProcoreFact.NUMBER_SUFFIX: "2"})
    tried = int(context.ledger_fact(ProcoreFact.NUMBER_SUFFIX) or "2")
    if tried >= _MOST_SUFFIXES:
        return None
    return NotApplied(remote={ProcoreFact.NUMBER_REFUSED: number, ProcoreFact.NUMBER_SUFFIX: str(tried + 1)})


def unnamed(
    call: CallContext,
    origin_id: str,
    answer: SyncAnswer[PotentialChangeOrder] | SyncAnswer[ChangeOrderRequest],
) -> Result:
    """The result of an element in neither list of the answer. Where refusals came without names, it is sent again
    alone.
    """
    if not answer.anonymous:
        return Unknown(message="the answer names this record neither as accepted nor as refused")
    call.cache.send_alone.put(origin_id, value=True)
    return NotApplied()
