"""Potential change orders, written by sync, and what its answer means for each."""

from __future__ import annotations

from relay.clients.procore import (
    ChangeOrderRequest,
    PotentialChangeOrder,
    Refusal,
    SyncAnswer,
)
from relay.engine.writer.carrier import Absent, Accepted, Result, Send, Unknown
from workers.procore_writer import elements, links, parts, readback, refusals
from workers.procore_writer.calling import Calling, Results, body_of
from workers.procore_writer.contracts import Owner
from workers.procore_writer.elements import Json
from workers.procore_writer.situation import Fact, Situation

_MOST_SUFFIXES = 99


def header(calling: Calling) -> Results:
    """Creates or changes potential change orders of one contract."""
    where = calling.destination
    answer = calling.client.potential_change_orders.sync(
        where.project_id,
        where.contract_id,
        [body_of(send) for send in calling.batch.sends],
        idempotency_key=calling.batch.idempotency_key,
        terms=calling.write_terms,
    )
    results: dict[str, Result] = {}
    for task, send in calling.pairs():
        s, origin_id = calling.situation(task), task.command.origin_id
        if origin_id in answer.accepted:
            results[origin_id] = order_accepted(calling, s, send, answer.accepted[origin_id])
        elif origin_id in answer.refused:
            results[origin_id] = _order_refused(calling, s, send, answer.refused[origin_id])
        else:
            results[origin_id] = unnamed(calling, origin_id, answer)
    return results


def order_accepted(calling: Calling, s: Situation, send: Send, shown: PotentialChangeOrder) -> Result:
    """The record as it is now, compared with what was sent."""
    element = body_of(send)
    losses = list(readback.order_losses(element, shown))
    lost = {one.part for one in losses}
    _note_order(calling, s, shown, status_ignored=parts.STATUS in lost)
    again = _made_again(s, shown)
    return Accepted(
        parts={part: wanted for part, wanted in send.parts.items() if part not in lost},
        removed=again,
        remote=dict.fromkeys(again, "") | order_facts(calling, s, element, shown),
        refusal=readback.refusal_of(losses),
    )


def _note_order(calling: Calling, s: Situation, shown: PotentialChangeOrder, *, status_ignored: bool) -> None:
    calling.memory.alone.drop(s.command.origin_id)
    view = calling.memory.views.get(calling.contract)
    if view is not None:
        view.own(shown.id, Owner(s.command.origin_id, shown.origin_data, shown.status, shown.grand_total))
    if s.known.tiers is None or status_ignored:
        # The contract was empty, or the tiers are others than believed: now its rows will tell.
        calling.memory.views.drop(calling.contract)


def _made_again(s: Situation, shown: PotentialChangeOrder) -> frozenset[str]:
    """Everything that the ledger knew, if the sync has created what somebody had deleted."""
    if s.entry is None or s.pco_id in {None, shown.id}:
        return frozenset()
    return frozenset(part for part in s.entry.parts if parts.is_line(part) or part in {parts.LINK, parts.REASON})


def order_facts(calling: Calling, s: Situation, element: Json, shown: PotentialChangeOrder) -> dict[str, str]:
    """What the ledger remembers of a potential change order."""
    facts = {
        Fact.PCO: str(shown.id),
        Fact.NUMBER: shown.number or "",
        Fact.URL: links.order_url(calling.web, calling.destination, shown.id),
        Fact.TIERS: str(s.tiers),
    }
    if "title" in element:
        facts[Fact.FIELDS] = elements.owned_fields(s)
    return facts


def _order_refused(calling: Calling, s: Situation, send: Send, refusal: Refusal) -> Result:
    element = body_of(send)
    if refusals.is_taken_origin(refusal):
        return Unknown(message=refusal.sentence, remote_answer=refusal.sentence)
    if refusals.is_number_only(refusal) and s.command.rules.number != "letter":
        return _another_number(s, element) or refusals.of_order(s, refusal, element)
    if s.pco_id is not None and "title" in refusal.errors and "title" not in element:
        return refusals.deleted(s)
    calling.memory.views.drop(calling.contract)
    return refusals.of_order(s, refusal, element)


def _another_number(s: Situation, element: Json) -> Absent | None:
    """The number is another record's: the route's rule says what to try instead."""
    number = parts.wanted_number(s.payload)
    if number is None:
        return None
    if element.get("number") == number:
        return Absent(remote={Fact.NUMBER_REFUSED: number, Fact.NUMBER_SUFFIX: "2"})
    tried = int(s.fact(Fact.NUMBER_SUFFIX) or "2")
    if tried >= _MOST_SUFFIXES:
        return None
    return Absent(remote={Fact.NUMBER_REFUSED: number, Fact.NUMBER_SUFFIX: str(tried + 1)})


def unnamed(
    calling: Calling,
    origin_id: str,
    answer: SyncAnswer[PotentialChangeOrder] | SyncAnswer[ChangeOrderRequest],
) -> Result:
    """In neither list. Where refusals came without names, each of the rest is sent again alone."""
    if not answer.anonymous:
        return Unknown(message="the answer names this record neither as accepted nor as refused")
    calling.memory.alone.put(origin_id, value=True)
    return Absent()
