"""Lines of one change order, written by sync and deleted one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from relay.clients.procore import (
    LineItem,
    Refusal,
    SyncAnswer,
)
from relay.clients.procore.sync import refused_whole
from relay.domain.failures import Denied, Rejected
from relay.engine.writer.adapter import Accepted, NotApplied, PlannedCall, Reject, Result, Unknown
from workers.procore_writer.calls.context import CallContext, Results, update_of
from workers.procore_writer.letters import readback, refusals
from workers.procore_writer.letters.partial import with_partial_state
from workers.procore_writer.letters.readback import FieldLoss
from workers.procore_writer.plan.elements import Json
from workers.procore_writer.plan.record_updates import LineRemoval, LineUpdates
from workers.procore_writer.situation import PlanContext


def lines(call: CallContext) -> Results:
    """Creates or changes lines of one change order."""
    task, planned = next(call.pairs())
    context, update = call.plan_context(task), update_of(planned, LineUpdates)
    try:
        answer = call.client.line_items.sync(
            call.destination.project_id,
            update.pco_id,
            update.updates,
            idempotency_key=call.batch.idempotency_key,
            terms=call.write_terms(),
        )
    except Rejected as rejected:
        answer = _refused(update.updates, refused_whole(rejected))
    call.cache.lines.drop(context.command.origin_id)
    return call.same_for_all(_lines_result(call, context, planned, update.updates, answer))


def _refused(updates: Sequence[Json], refusal: Refusal) -> SyncAnswer[LineItem]:
    """Refused as a whole: alone it is that line's fault, in company the lines are sent one by one."""
    origins = frozenset(str(element["origin_id"]) for element in updates)
    if len(origins) > 1:
        return SyncAnswer({}, {}, (refusal,), origins)
    return SyncAnswer({}, dict.fromkeys(origins, refusal), (), frozenset())


def _lines_result(
    call: CallContext, context: PlanContext, planned: PlannedCall, updates: Sequence[Json], answer: SyncAnswer[LineItem]
) -> Result:
    by_origin = dict(zip((str(element["origin_id"]) for element in updates), planned.parts, strict=True))
    taken = [refusal for refusal in answer.refused.values() if refusals.is_taken_origin(refusal)]
    if taken:
        return Unknown(message=taken[0].sentence, remote_answer=taken[0].sentence)
    if answer.missing and not answer.anonymous:
        return Unknown(message=f"{len(answer.missing)} lines are neither accepted nor refused in the answer")
    if answer.missing:
        call.cache.send_alone.put(context.command.origin_id, value=True)
    losses = list(_line_losses(updates, by_origin, answer.accepted))
    lost = {loss.part for loss in losses}
    accepted = {part for origin, part in by_origin.items() if origin in answer.accepted}
    kept = {part: wanted for part, wanted in planned.parts.items() if part in accepted - lost}
    if not kept and not answer.refused and not losses:
        return NotApplied()
    return Accepted(
        parts=kept,
        remote={by_origin[origin]: str(line.id) for origin, line in answer.accepted.items()},
        refusal=_first_refusal(context, by_origin, answer) or readback.refusal_of(losses),
    )


def _line_losses(
    updates: Sequence[Json], by_origin: Mapping[str, str], accepted: Mapping[str, LineItem]
) -> Iterator[FieldLoss]:
    for element in updates:
        origin = str(element["origin_id"])
        if origin in accepted:
            yield from readback.line_losses(by_origin[origin], element, accepted[origin])


def _first_refusal(context: PlanContext, by_origin: Mapping[str, str], answer: SyncAnswer[LineItem]) -> Reject | None:
    refused = {by_origin[origin]: refusal for origin, refusal in answer.refused.items()}
    for part, refusal in refused.items():
        first = refusals.of_line(context, context.lines[part], refusal)
        others = len(refused) - 1
        if others:
            first = replace(first, sentence=f"{first.sentence} {others} more lines were refused.")
        return with_partial_state(context, first, {by_origin[origin] for origin in answer.accepted})
    return None


def remove_line(call: CallContext) -> Results:
    """Deletes one line. One that is gone already is as good."""
    task, planned = next(call.pairs())
    removal = update_of(planned, LineRemoval)
    call.cache.lines.drop(task.command.origin_id)
    line_id = _line_id(call, removal)
    try:
        deleted = line_id is not None and _is_deleted(call, removal.pco_id, line_id)
    except Rejected as rejected:
        return call.same_for_all(refusals.of_removal(removal.part, refused_whole(rejected)))
    if not removal.part:  # A typed line, of which the ledger knows nothing; the list is read again.
        return call.same_for_all(Accepted(written=deleted))
    return call.same_for_all(Accepted(removed=frozenset({removal.part}), remote={removal.part: ""}, written=deleted))


def _line_id(call: CallContext, removal: LineRemoval) -> int | None:
    """The remote's id of the line, from the ledger or from the list of lines; ``None``: the list does not have it."""
    if removal.line_id is not None and removal.line_id.isdecimal():
        return int(removal.line_id)
    listed = call.client.line_items.find(call.destination.project_id, removal.pco_id, terms=call.read_terms())
    return next((line.id for line in listed if line.origin_id == removal.origin_id), None)


def _is_deleted(call: CallContext, pco_id: int, line_id: int) -> bool:
    """Deletes a line, and says whether that was our doing; it may be gone already."""
    project = call.destination.project_id
    terms = call.write_terms()
    key = call.batch.idempotency_key
    try:
        call.client.line_items.delete(project, pco_id, line_id, idempotency_key=key, terms=terms)
    except (Denied, Rejected):
        # 404 is not among the documented answers for a line that is gone already.
        lines_left = call.client.line_items.find(project, pco_id, terms=call.read_terms())
        if any(line.id == line_id for line in lines_left):
            raise
        return False
    return True
