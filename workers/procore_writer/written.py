"""What an answer of Procore wrote, as a write tells of it, and what its parts are worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from relay.domain.commands import ProcorePayload
from relay.domain.ledger import LedgerEntry, Part
from relay.domain.ledger_facts import ProcoreFact, ProcorePart, is_line
from relay.domain.writes.remote_writes import WriteOperation, WrittenRecord
from relay.engine.writer.adapter import Accepted
from relay.engine.writer.written import Endpoint
from workers.procore_writer.content import parts
from workers.procore_writer.plan.steps import Step
from workers.procore_writer.plan.written_records import LINE, ORDER, PACKAGE, REQUEST

_BASE = "/rest/v1.0"
_ORDERS = f"{_BASE}/potential_change_orders"
_PACKAGES = f"{_BASE}/change_order_packages"
ENDPOINTS: Final[Mapping[str, Endpoint]] = {
    Step.HEADER.value: Endpoint("PATCH", f"{_ORDERS}/sync"),
    Step.CLAIM.value: Endpoint("PATCH", f"{_ORDERS}/{{id}}"),
    Step.LINES.value: Endpoint("PATCH", f"{_ORDERS}/{{potential_change_order_id}}/line_items/sync"),
    Step.REMOVE_LINE.value: Endpoint("DELETE", f"{_ORDERS}/{{potential_change_order_id}}/line_items/{{id}}"),
    Step.PACKAGE.value: Endpoint("POST", _PACKAGES),
    Step.UPDATE_PACKAGE.value: Endpoint("PATCH", f"{_PACKAGES}/{{id}}"),
    Step.CLAIM_PACKAGE.value: Endpoint("PATCH", f"{_PACKAGES}/{{id}}"),
    Step.REQUEST.value: Endpoint("PATCH", f"{_BASE}/change_order_requests/sync"),
    Step.REASON.value: Endpoint("PATCH", f"{_BASE}/projects/{{project_id}}/{{contract_kind}}_change_orders/{{id}}"),
}
"""By step; a record that was found by reading was written by the call that makes such a record."""

_MADE_BY: Final[Mapping[str, str]] = {
    Step.FIND_PACKAGE.value: Step.PACKAGE.value,
    Step.RECOGNISE.value: Step.HEADER.value,
    Step.LOOK.value: Step.HEADER.value,
}
_FACTS: Final = {
    ORDER: (ProcoreFact.PCO, ProcoreFact.NUMBER, ProcoreFact.URL),
    REQUEST: (ProcoreFact.REQUEST, ProcoreFact.REQUEST_NUMBER, None),
    PACKAGE: (ProcoreFact.PACKAGE, ProcoreFact.PACKAGE_NUMBER, ProcoreFact.PACKAGE_URL),
}

_PARTS: Final = {
    ORDER: frozenset(
        {
            ProcorePart.HEADER,
            ProcorePart.NUMBER,
            ProcorePart.STATUS,
            ProcorePart.LINK,
            ProcorePart.CLAIM,
            ProcorePart.REASON,
        }
    ),
    REQUEST: frozenset({ProcorePart.REQUEST, ProcorePart.REQUEST_STATUS, ProcorePart.REQUEST_LINK}),
    PACKAGE: frozenset({ProcorePart.PACKAGE, ProcorePart.PACKAGE_STATUS}),
}
_NOTHING_SENT: Final = Endpoint("", "")
"""Of a reading whose answer is no write."""


def endpoint_of(step: str) -> Endpoint:
    """The call behind a step; a reading one stands for the call that makes what it finds."""
    return ENDPOINTS.get(_MADE_BY.get(step, step), _NOTHING_SENT)


def amounts(payload: ProcorePayload, held: Mapping[str, Part]) -> dict[str, Decimal]:
    """The amounts of the lines that say what the payload says."""
    return {
        part: line.amount
        for part, line in parts.lines_by_part(payload).items()
        if part in held and held[part].hash in (parts.line_hash(line), parts.former_line_hash(line))
    }


def line_amounts(payload: ProcorePayload) -> dict[str, Decimal]:
    """The amount of each line, by its part."""
    return {part: line.amount for part, line in parts.lines_by_part(payload).items()}


def touched(
    drafts: Sequence[WrittenRecord], result: Accepted, before: LedgerEntry | None, entry: LedgerEntry
) -> tuple[WrittenRecord, ...]:
    """The records of ``drafts`` that the remote accepted, with their ids; without drafts, those that were found."""
    records = drafts or tuple(_found(result, before))
    return tuple(_identified(record, before, entry) for record in records if _is_accepted(record, result))


def _is_accepted(record: WrittenRecord, result: Accepted) -> bool:
    """Lines are refused one by one; any other record is accepted with its answer."""
    if record.kind != LINE or not record.parts:
        return True
    return any(part in result.parts or part in result.removed or result.remote.get(part) for part in record.parts)


def _found(result: Accepted, before: LedgerEntry | None) -> Iterator[WrittenRecord]:
    """What a reading has found of calls that were in doubt: a record is made where the ledger has no id of it.

    Of a record that it knows, a reading that names its id again tells nothing.
    """
    known = before.remote if before else {}
    for kind, (id_fact, _, _) in _FACTS.items():
        found = {part: "" for part in result.parts if part in _PARTS[kind]}
        if id_fact in result.remote and id_fact not in known:
            yield WrittenRecord(kind=kind, parts=found, operation=WriteOperation.CREATED)
        elif found and id_fact not in result.remote:
            yield WrittenRecord(kind=kind, parts=found, operation=WriteOperation.UPDATED)
    for part in filter(is_line, result.parts):
        operation = WriteOperation.UPDATED if part in known else WriteOperation.CREATED
        yield WrittenRecord(kind=LINE, parts={part: ""}, operation=operation)
    for part in filter(is_line, sorted(result.removed)):
        if result.remote.get(part) == "":
            yield WrittenRecord(kind=LINE, parts={part: ""}, operation=WriteOperation.DELETED)


def _identified(record: WrittenRecord, before: LedgerEntry | None, entry: LedgerEntry) -> WrittenRecord:
    if record.kind == LINE:
        facts = {**(before.remote if before else {}), **entry.remote}
        remote_id = next((facts[part] for part in record.parts if part in facts), None)
        return replace(record, remote_id=remote_id or record.remote_id)
    id_fact, number, url = _FACTS[record.kind]
    return replace(
        record,
        remote_id=entry.remote.get(id_fact),
        number=entry.remote.get(number),
        url=entry.remote.get(url) if url else None,
    )
