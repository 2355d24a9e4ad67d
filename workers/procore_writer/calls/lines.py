"""Lines of one change order, written by sync and deleted one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import cast

from relay.clients.procore import (
    LineItem,
    Refusal,
    SyncAnswer,
)
from relay.clients.procore.sync import refused_whole
from relay.domain.failures import Denied, Rejected
from relay.engine.writer.adapter import Accepted, NotApplied, PlannedCall, Reject, Result, Unknown
from workers.procore_writer.calls.context import CallContext, Results, body_of
from workers.procore_writer.letters import readback, refusals
from workers.procore_writer.letters.partial import with_partial_state
from workers.procore_writer.letters.readback import FieldLoss
from workers.procore_writer.plan.elements import Json
from workers.procore_writer.situation import PlanContext


def lines(call: CallContext) -> Results:
    """Creates or changes lines of one change order."""
    task, send = next(call.pairs())
    context, element = call.plan_context(task), body_of(send)
    updates = cast("list[Json]", element["updates"])
    try:
        answer = call.client.line_items.sync(
            call.destination.project_id,
            cast("int", element["pco_id"]),
            updates,
            idempotency_key=call.batch.idempotency_key,
            terms=call.write_terms,
        )
    except Rejected as rejected:
        answer = _refused(updates, refused_whole(rejected))
    call.cache.lines.drop(context.command.origin_id)
    return call.same_for_all(_lines_result(call, context, send, updates, answer))


def _refused(updates: list[Json], refusal: Refusal) -> SyncAnswer[LineItem]:
    """Refused as a whole: alone it is that line's fault, in company the lines are sent one by one."""
    origins = frozenset(str(one["origin_id"]) for one in updates)
    if len(origins) > 1:
        return SyncAnswer({}, {}, (refusal,), origins)
    return SyncAnswer({}, dict.fromkeys(origins, refusal), (), frozenset())


def _lines_result(
    call: CallContext, context: PlanContext, send: PlannedCall, updates: list[Json], answer: SyncAnswer[LineItem]
) -> Result:
    by_origin = dict(zip((str(one["origin_id"]) for one in updates), send.parts, strict=True))
    taken = [one for one in answer.refused.values() if refusals.is_taken_origin(one)]
    if taken:
        return Unknown(message=taken[0].sentence, remote_answer=taken[0].sentence)
    if answer.missing and not answer.anonymous:
        return Unknown(message=f"{len(answer.missing)} lines are neither accepted nor refused in the answer")
    if answer.missing:
        call.cache.send_alone.put(context.command.origin_id, value=True)
    losses = list(_line_losses(updates, by_origin, answer.accepted))
    lost = {one.part for one in losses}
    accepted = {part for origin, part in by_origin.items() if origin in answer.accepted}
    kept = {part: wanted for part, wanted in send.parts.items() if part in accepted - lost}
    if not kept and not answer.refused and not losses:
        return NotApplied()
    return Accepted(
        parts=kept,
        remote={by_origin[origin]: str(line.id) for origin, line in answer.accepted.items()},
        refusal=_first_refusal(context, by_origin, answer) or readback.refusal_of(losses),
    )


def _line_losses(
    updates: list[Json], by_origin: Mapping[str, str], accepted: Mapping[str, LineItem]
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
    task, send = next(call.pairs())
    context, element = call.plan_context(task), body_of(send)
    pco_id, part = cast("int", element["pco_id"]), str(element["part"])
    call.cache.lines.drop(context.command.origin_id)
    line_id = _line_id(call, pco_id, element)
    try:
        if line_id is not None:
            _delete(call, pco_id, line_id, looked_up=element["line_id"] is None)
    except Rejected as rejected:
        return call.same_for_all(refusals.of_removal(part, refused_whole(rejected)))
    if not part:
        return call.same_for_all(NotApplied())  # A typed line; the list is read again.
    return call.same_for_all(Accepted(removed=frozenset({part}), remote={part: ""}))


def _line_id(call: CallContext, pco_id: int, element: Json) -> int | None:
    """The remote's id of the line, from the ledger or from the list of lines."""
    known = element["line_id"]
    if isinstance(known, str) and known.isdigit():
        return int(known)
    found = call.client.line_items.find(call.destination.project_id, pco_id, terms=call.read_terms)
    return next((line.id for line in found if line.origin_id == element["origin_id"]), None)


def _delete(call: CallContext, pco_id: int, line_id: int, *, looked_up: bool) -> None:
    project = call.destination.project_id
    terms = replace(call.write_terms, admitted=not looked_up)
    key = call.batch.idempotency_key
    try:
        call.client.line_items.delete(project, pco_id, line_id, idempotency_key=key, terms=terms)
    except (Denied, Rejected):
        # 404 is not among the documented answers for a line that is gone already.
        lines_left = call.client.line_items.find(project, pco_id, terms=call.further())
        if any(line.id == line_id for line in lines_left):
            raise
