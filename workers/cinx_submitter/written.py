"""What an answer of CINX wrote, as a write tells of it, and what the POCOs of a change order are worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from relay.clients.cinx import Poco
from relay.domain.commands import CinxPayload
from relay.domain.ledger import LedgerEntry, Part
from relay.domain.ledger_facts import CinxFact, CinxPart
from relay.domain.quantities import product, roundings
from relay.domain.writes.remote_writes import WriteOperation, WrittenField, WrittenRecord
from relay.domain.writes.written_fields import fields_of
from relay.engine.writer.written import Endpoint
from workers.cinx_submitter.document.content import readable
from workers.cinx_submitter.situation import KIND, is_former, payload_part
from workers.cinx_submitter.steps import Step

_IMPORT: Final = "/2.0/sub/{api_token}/partner/exec/cinx/json-poco-import"
_SUBMISSION: Final = Endpoint("POST", _IMPORT)
_CHANGE: Final = Endpoint("PUT", _IMPORT)
_LOOK: Final = Endpoint("GET", "/2.0/sub/{api_token}/poco/{guid}")
_SAY_NOTHING: Final = ("cinx_guid", "external_references", "links")
"""The guid stands beside the fields, and our mark says nothing to anybody but us."""
_OPERATIONS: Final = {Step.SUBMIT.value: WriteOperation.CREATED, Step.ADOPT.value: WriteOperation.ADOPTED}
"""By step; all others change what is there."""


def submitted(element: Mapping[str, Any]) -> tuple[WrittenRecord]:
    """The POCO of a submission."""
    return (_record(WriteOperation.CREATED, element, {}),)


def modified(element: Mapping[str, Any], latest: Poco) -> tuple[WrittenRecord]:
    """The POCO of a change, beside what was read of it just before."""
    return (_record(WriteOperation.UPDATED, element, _read(element, latest)),)


def marked(element: Mapping[str, Any]) -> tuple[WrittenRecord]:
    """The POCO that gets our references."""
    return (WrittenRecord(kind=KIND, operation=WriteOperation.UPDATED, fields=fields_of(element, {})),)


def found(operation: WriteOperation) -> tuple[WrittenRecord]:
    """A POCO that was read: adopted, or written by a submission or change that was in doubt."""
    return (WrittenRecord(kind=KIND, parts={CinxPart.POCO: ""}, operation=operation),)


def found_by_intent(step: str, shown: tuple[WrittenField, ...]) -> tuple[WrittenRecord]:
    """The POCO of an import that an owner before this one has sent, with what CINX shows of what that was."""
    (record,) = found(_OPERATIONS.get(step, WriteOperation.UPDATED))
    return (replace(record, fields=shown if record.operation is not WriteOperation.ADOPTED else ()),)


def shown_fields(poco: Poco) -> tuple[WrittenField, ...]:
    """What a POCO says, under the names of the document's fields. What stood there before is not known."""
    items = [
        {"description": readable(line.description), "quantity": line.quantity, "unit_price": line.unit_price}
        for line in poco.lines
    ]
    return fields_of({"description": readable(poco.description), "items": items}, {})


def _record(operation: WriteOperation, element: Mapping[str, Any], read: Mapping[str, object]) -> WrittenRecord:
    fields = fields_of(element, read, without=_SAY_NOTHING)
    return WrittenRecord(kind=KIND, parts={CinxPart.POCO: ""}, operation=operation, fields=fields)


def _read(element: Mapping[str, Any], latest: Poco) -> dict[str, object]:
    """What was read of a POCO, under the names of the document's fields; a line of it is known by its guid."""
    lines = {line.guid: line for line in latest.lines if line.guid}
    read: dict[str, object] = {"description": latest.description}
    for place, item in enumerate(element.get("items", ())):
        line = lines.get(item.get("cinx_guid"))
        if line is not None:
            read[f"items[{place}].description"] = line.description
            read[f"items[{place}].quantity"] = line.quantity
            read[f"items[{place}].unit_price"] = line.unit_price
    return read


def endpoint_of(record: WrittenRecord) -> Endpoint:
    """The call behind a record; an adoption sends nothing."""
    if record.operation is WriteOperation.ADOPTED:
        return _LOOK
    return _SUBMISSION if record.operation is WriteOperation.CREATED else _CHANGE


def identified(record: WrittenRecord, entry: LedgerEntry) -> WrittenRecord:
    """The record with id, number and page of the latest POCO."""
    facts = entry.remote
    return replace(
        record, remote_id=facts.get(CinxFact.GUID), number=facts.get(CinxFact.NUMBER), url=facts.get(CinxFact.URL)
    )


def amounts(payload: CinxPayload, held: Mapping[str, Part]) -> dict[str, Decimal]:
    """What the POCOs are worth together, where they say what the payload says: each line in whole cents."""
    part = held.get(CinxPart.POCO)
    if part is None or (part.hash != payload_part(payload) and not is_former(part.hash, payload)):
        return {}
    return {CinxPart.POCO: worth(payload)}


def worth(payload: CinxPayload) -> Decimal:
    """What the lines of a payload are worth together: each in whole cents."""
    return sum((roundings(product(line.quantity, line.unit_price))[0] for line in payload.lines), Decimal(0))
