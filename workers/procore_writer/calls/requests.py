"""Change order requests, written by sync."""

from __future__ import annotations

from relay.clients.procore import (
    ChangeOrderRequest,
    SyncAnswer,
)
from relay.domain.ledger_facts import ProcoreFact
from relay.engine.writer.adapter import Accepted, PlannedCall, Result, Unknown
from workers.procore_writer.calls.change_orders import unnamed
from workers.procore_writer.calls.context import CallContext, Results, body_of
from workers.procore_writer.calls.deleted import record_group_deletion
from workers.procore_writer.letters import readback, refusals
from workers.procore_writer.plan.elements import Json
from workers.procore_writer.situation import PlanContext


def request(call: CallContext) -> Results:
    """Creates or changes change order requests of one contract."""
    where = call.destination
    answer = call.client.requests.sync(
        where.project_id,
        where.contract_id,
        [body_of(planned) for planned in call.batch.calls],
        idempotency_key=call.batch.idempotency_key,
        terms=call.write_terms(),
    )
    results: dict[str, Result] = {}
    for task, planned in call.pairs():
        element, origin_id = body_of(planned), str(body_of(planned)["origin_id"])
        results[task.command.origin_id] = _request_result(
            call, call.plan_context(task), planned, element, origin_id, answer
        )
    return results


def _request_result(
    call: CallContext,
    context: PlanContext,
    planned: PlannedCall,
    element: Json,
    origin_id: str,
    answer: SyncAnswer[ChangeOrderRequest],
) -> Result:
    if origin_id in answer.accepted:
        shown = answer.accepted[origin_id]
        losses = list(readback.request_losses(element, shown))
        lost = {loss.part for loss in losses}
        return Accepted(
            parts={part: wanted for part, wanted in planned.parts.items() if part not in lost},
            remote={ProcoreFact.REQUEST: str(shown.id), ProcoreFact.REQUEST_NUMBER: shown.number or ""},
            refusal=readback.refusal_of(losses),
        )
    refusal = answer.refused.get(origin_id)
    if refusal is None:
        return unnamed(call, context.command.origin_id, answer)
    if refusals.names_id(refusal, element):
        return record_group_deletion(call, context, ProcoreFact.REQUEST)
    if refusals.is_taken_origin(refusal):
        return Unknown(message=refusal.sentence, remote_answer=refusal.sentence)
    return refusals.of_order(context, refusal, element)
