"""The calls that write, and what their answers mean for each change order in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import cast

from relay.clients.procore import (
    ChangeOrderRequest,
    LineItem,
    Package,
    PotentialChangeOrder,
    Refusal,
    SyncAnswer,
)
from relay.domain.failures import Denied, Rejected
from relay.engine.writer.carrier import Absent, Accepted, Refuse, Result, Send, Unknown
from workers.procore_writer import elements, links, parts, readback, refusals
from workers.procore_writer.calling import Calling, Results, body_of
from workers.procore_writer.contracts import Owner, owner_of
from workers.procore_writer.elements import Json
from workers.procore_writer.readback import Lost
from workers.procore_writer.reading import package_facts
from workers.procore_writer.situation import Fact, Situation
from workers.procore_writer.steps import Step
from workers.procore_writer.typed_lines import REPLACE, UNDECIDED

Writer = Callable[[Calling], Results]

_MOST_SUFFIXES = 99


# -- potential change orders


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
            results[origin_id] = _unnamed(calling, origin_id, answer)
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
        remote=dict.fromkeys(again, "") | _order_facts(calling, s, element, shown),
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


def _order_facts(calling: Calling, s: Situation, element: Json, shown: PotentialChangeOrder) -> dict[str, str]:
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


def _unnamed(
    calling: Calling,
    origin_id: str,
    answer: SyncAnswer[PotentialChangeOrder] | SyncAnswer[ChangeOrderRequest],
) -> Result:
    """In neither list. Where refusals came without names, each of the rest is sent again alone."""
    if not answer.anonymous:
        return Unknown(message="the answer names this record neither as accepted nor as refused")
    calling.memory.alone.put(origin_id, value=True)
    return Absent()


# -- lines


def lines(calling: Calling) -> Results:
    """Creates or changes lines of one change order."""
    task, send = next(calling.pairs())
    s, element = calling.situation(task), body_of(send)
    updates = cast("list[Json]", element["updates"])
    answer = calling.client.line_items.sync(
        calling.destination.project_id,
        cast("int", element["pco_id"]),
        updates,
        idempotency_key=calling.batch.idempotency_key,
        terms=calling.write_terms,
    )
    calling.memory.lines.drop(s.command.origin_id)
    return calling.everybody(_lines_result(calling, s, send, updates, answer))


def _lines_result(
    calling: Calling, s: Situation, send: Send, updates: list[Json], answer: SyncAnswer[LineItem]
) -> Result:
    by_origin = dict(zip((str(one["origin_id"]) for one in updates), send.parts, strict=True))
    taken = [one for one in answer.refused.values() if refusals.is_taken_origin(one)]
    if taken:
        return Unknown(message=taken[0].sentence, remote_answer=taken[0].sentence)
    if answer.missing and not answer.anonymous:
        return Unknown(message=f"{len(answer.missing)} lines are neither accepted nor refused in the answer")
    if answer.missing:
        calling.memory.alone.put(s.command.origin_id, value=True)
    losses = list(_line_losses(updates, by_origin, answer.accepted))
    lost = {one.part for one in losses}
    accepted = {part for origin, part in by_origin.items() if origin in answer.accepted}
    kept = {part: wanted for part, wanted in send.parts.items() if part in accepted - lost}
    if not kept and not answer.refused and not losses:
        return Absent()
    return Accepted(
        parts=kept,
        remote={Fact.line(by_origin[origin]): str(line.id) for origin, line in answer.accepted.items()},
        refusal=_first_refusal(s, by_origin, answer) or readback.refusal_of(losses),
    )


def _line_losses(
    updates: list[Json], by_origin: Mapping[str, str], accepted: Mapping[str, LineItem]
) -> Iterator[Lost]:
    for element in updates:
        origin = str(element["origin_id"])
        if origin in accepted:
            yield from readback.line_losses(by_origin[origin], element, accepted[origin])


def _first_refusal(s: Situation, by_origin: Mapping[str, str], answer: SyncAnswer[LineItem]) -> Refuse | None:
    refused = {by_origin[origin]: refusal for origin, refusal in answer.refused.items()}
    for part, refusal in refused.items():
        first = refusals.of_line(s, s.lines[part], refusal)
        others = len(refused) - 1
        return first if not others else replace(first, sentence=f"{first.sentence} {others} more lines were refused.")
    return None


def remove_line(calling: Calling) -> Results:
    """Deletes one line. One that is gone already is as good."""
    task, send = next(calling.pairs())
    s, element = calling.situation(task), body_of(send)
    pco_id, part = cast("int", element["pco_id"]), str(element["part"])
    calling.memory.lines.drop(s.command.origin_id)
    line_id = _line_id(calling, pco_id, element)
    if line_id is not None:
        _delete(calling, pco_id, line_id, looked_up=element["line_id"] is None)
    if not part:
        return calling.everybody(Absent())  # A typed line; the list is read again.
    return calling.everybody(Accepted(removed=frozenset({part}), remote={Fact.line(part): ""}))


def _line_id(calling: Calling, pco_id: int, element: Json) -> int | None:
    """The remote's id of the line, from the ledger or from the list of lines."""
    known = element["line_id"]
    if isinstance(known, str) and known.isdigit():
        return int(known)
    found = calling.client.line_items.find(calling.destination.project_id, pco_id, terms=calling.read_terms)
    return next((line.id for line in found if line.origin_id == element["origin_id"]), None)


def _delete(calling: Calling, pco_id: int, line_id: int, *, looked_up: bool) -> None:
    project = calling.destination.project_id
    terms = replace(calling.write_terms, admitted=not looked_up)
    key = calling.batch.idempotency_key
    try:
        calling.client.line_items.delete(project, pco_id, line_id, idempotency_key=key, terms=terms)
    except Denied as denied:
        further = replace(calling.read_terms, admitted=False)
        lines_left = calling.client.line_items.find(project, pco_id, terms=further)
        if denied.status != 404 or any(line.id == line_id for line in lines_left):
            raise


# -- packages


def create_package(calling: Calling) -> Results:
    """Creates one package; never repeated while its outcome is unknown."""
    task, send = next(calling.pairs())
    where = calling.destination
    try:
        shown = calling.client.packages.create(
            where.project_id,
            where.contract_id,
            body_of(send),
            idempotency_key=calling.batch.idempotency_key,
            terms=calling.write_terms,
        )
    except Rejected as rejected:
        if refusals.says_origin_taken(rejected):
            # An earlier request of ours came through after all: the contract is listed.
            return calling.everybody(Unknown(message=rejected.message, remote_answer=rejected.remote_answer))
        raise
    return calling.everybody(package_accepted(calling, calling.situation(task), send, body_of(send), shown))


def update_package(calling: Calling) -> Results:
    """Changes one package."""
    task, send = next(calling.pairs())
    element = body_of(send)
    fields = cast("Json", element["fields"])
    shown = _update_package(calling, cast("int", element["package_id"]), fields)
    return calling.everybody(package_accepted(calling, calling.situation(task), send, fields, shown))


def _update_package(calling: Calling, package_id: int, fields: Json, *, admitted: bool = True) -> Package:
    where = calling.destination
    return calling.client.packages.update(
        where.project_id,
        package_id,
        fields,
        contract_id=where.contract_id,
        idempotency_key=calling.batch.idempotency_key,
        terms=replace(calling.write_terms, admitted=admitted),
    )


def package_accepted(calling: Calling, s: Situation, send: Send, fields: Json, shown: Package) -> Result:
    """The package as it is now, compared with what was sent."""
    losses = list(readback.package_losses(fields, shown))
    lost = {one.part for one in losses}
    view = calling.memory.views.get(calling.contract)
    if view is not None:
        view.put_package(shown)
    facts = package_facts(calling, shown)
    if "title" in fields and s.tiers == 1:
        facts[Fact.FIELDS] = elements.owned_fields(s)
    return Accepted(
        parts={part: wanted for part, wanted in send.parts.items() if part not in lost},
        remote=facts,
        refusal=readback.refusal_of(losses),
    )


# -- requests


def request(calling: Calling) -> Results:
    """Creates or changes change order requests of one contract."""
    where = calling.destination
    answer = calling.client.requests.sync(
        where.project_id,
        where.contract_id,
        [body_of(send) for send in calling.batch.sends],
        idempotency_key=calling.batch.idempotency_key,
        terms=calling.write_terms,
    )
    results: dict[str, Result] = {}
    for task, send in calling.pairs():
        element, origin_id = body_of(send), str(body_of(send)["origin_id"])
        results[task.command.origin_id] = _request_result(
            calling, calling.situation(task), send, element, origin_id, answer
        )
    return results


def _request_result(
    calling: Calling,
    s: Situation,
    send: Send,
    element: Json,
    origin_id: str,
    answer: SyncAnswer[ChangeOrderRequest],
) -> Result:
    if origin_id in answer.accepted:
        shown = answer.accepted[origin_id]
        losses = list(readback.request_losses(element, shown))
        lost = {one.part for one in losses}
        return Accepted(
            parts={part: wanted for part, wanted in send.parts.items() if part not in lost},
            remote={Fact.REQUEST: str(shown.id), Fact.REQUEST_NUMBER: shown.number or ""},
            refusal=readback.refusal_of(losses),
        )
    refusal = answer.refused.get(origin_id)
    if refusal is None:
        return _unnamed(calling, s.command.origin_id, answer)
    if refusals.is_taken_origin(refusal):
        return Unknown(message=refusal.sentence, remote_answer=refusal.sentence)
    return refusals.of_order(s, refusal, element)


# -- what is put on one record by its id


def claim(calling: Calling) -> Results:
    """Our origin id on a record that was there before, or that Procore made for a package."""
    task, send = next(calling.pairs())
    s, element, where = calling.situation(task), body_of(send), calling.destination
    pco_id = cast("int", element["pco_id"])
    if not _is_free(calling, s, pco_id):
        return calling.everybody(Absent())
    shown = calling.client.potential_change_orders.update(
        where.project_id,
        where.contract_id,
        pco_id,
        cast("Json", element["fields"]),
        idempotency_key=calling.batch.idempotency_key,
        terms=replace(calling.write_terms, admitted=False),
    )
    view = calling.memory.views.get(calling.contract)
    if view is not None:
        view.own(pco_id, Owner(s.command.origin_id, shown.origin_data, shown.status, shown.grand_total))
    facts = _unclaimed(send, element)
    return calling.everybody(_claimed(send, facts | _order_facts(calling, s, element, shown)))


def _is_free(calling: Calling, s: Situation, pco_id: int) -> bool:
    """Looks once more before anything is put over what may have become another's meanwhile."""
    where = calling.destination
    shown = calling.client.potential_change_orders.show(
        where.project_id, where.contract_id, pco_id, terms=calling.read_terms
    )
    view = calling.memory.views.get(calling.contract)
    if view is not None:
        view.own(pco_id, owner_of(shown))
    return shown.origin_id in {None, s.command.origin_id}


def claim_package(calling: Calling) -> Results:
    """The same for a package."""
    _, send = next(calling.pairs())
    element = body_of(send)
    package_id, fields = cast("int", element["package_id"]), cast("Json", element["fields"])
    if not _package_is_free(calling, package_id, str(fields["origin_id"])):
        return calling.everybody(Absent())
    shown = _update_package(calling, package_id, fields, admitted=False)
    view = calling.memory.views.get(calling.contract)
    if view is not None:
        view.put_package(shown)
    facts = _unclaimed(send, element)
    return calling.everybody(_claimed(send, facts | package_facts(calling, shown)))


def _unclaimed(send: Send, element: Json) -> dict[str, str]:
    """Lines that people typed are still to be claimed. One that is taken over as it is has the right total."""
    if not element.get("has_lines"):
        return {}
    return {Fact.UNCLAIMED: REPLACE if any(map(parts.is_line, send.parts)) else UNDECIDED}


def _package_is_free(calling: Calling, package_id: int, origin_id: str) -> bool:
    shown = calling.client.packages.show(calling.destination.project_id, package_id, terms=calling.read_terms)
    view = calling.memory.views.get(calling.contract)
    if view is not None:
        view.put_package(shown)
    return shown.origin_id in {None, origin_id}


_WORDS = frozenset({parts.HEADER, parts.NUMBER, parts.PACKAGE})


def _claimed(send: Send, facts: dict[str, str]) -> Accepted:
    """What was taken over as it is says what a person wrote, and is treated so."""
    return Accepted(parts=send.parts, remote=facts, person=frozenset(send.parts) & _WORDS)


def change_reason(calling: Calling) -> Results:
    """Writes the change reason through the newer endpoint, where the record has the same id."""
    _, send = next(calling.pairs())
    element, where = body_of(send), calling.destination
    calling.client.contract_change_orders.update(
        where.project_id,
        where.contract,
        cast("int", element["pco_id"]),
        cast("Json", element["fields"]),
        idempotency_key=calling.batch.idempotency_key,
        terms=calling.write_terms,
    )
    return calling.everybody(Accepted(parts=send.parts))


WRITERS: dict[str, Writer] = {
    Step.HEADER.value: header,
    Step.LINES.value: lines,
    Step.REMOVE_LINE.value: remove_line,
    Step.PACKAGE.value: create_package,
    Step.UPDATE_PACKAGE.value: update_package,
    Step.REQUEST.value: request,
    Step.CLAIM.value: claim,
    Step.CLAIM_PACKAGE.value: claim_package,
    Step.REASON.value: change_reason,
}
