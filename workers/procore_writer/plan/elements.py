"""The JSON of the calls: plain objects with exactly the fields that change, and our mark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from relay.domain import identity
from relay.domain.commands import ProcoreCommand, ProcoreLine
from relay.domain.ledger_facts import ProcoreFact
from relay.domain.procore_content import HeaderContent, Mark, plain_text
from workers.procore_writer.cache.lookups import Value
from workers.procore_writer.content import parts
from workers.procore_writer.situation import PlanContext

Json = dict[str, object]

_MARK = "origin_data"
_REMOTE_NAMES = {"description": "description", "due_date": "due_date", "schedule_days": "schedule_impact_amount"}


def bytes_hash(element: object) -> str:
    """Over an element without our marks, which say nothing to anybody but us."""
    return identity.part_hash(_unmarked(element))


def _unmarked(value: object) -> object:
    if isinstance(value, Mapping):
        # None is kept apart from absence: it clears a field.
        return [[name, _unmarked(member)] for name, member in sorted(value.items()) if name != _MARK]
    if isinstance(value, list | tuple):
        return [_unmarked(element) for element in value]
    return value


def mark_for(context: PlanContext, content: str, part: str | None = None) -> str:
    """Our mark for what a command writes."""
    return Mark(
        installation=context.facts.installation,
        idempotency_key=context.command.idempotency_key,
        sequence=context.command.sequence,
        content=content,
        part=part,
    ).text()


def header_mark(context: PlanContext, status: str | None) -> str:
    """The mark of a potential change order."""
    return mark_for(context, parts.header_content(context.payload).with_status(status))


def owned_fields(context: PlanContext) -> str:
    """The optional fields that we have ever filled: only these are ours to clear."""
    filled = set((context.ledger_fact(ProcoreFact.FIELDS) or "").split(",")) - {""}
    return ",".join(sorted(filled | {name for name, value in _optional(context).items() if value is not None}))


def _optional(context: PlanContext) -> Json:
    content = parts.header_content(context.payload)
    return {
        "description": content.description,
        "due_date": content.due_date,
        "schedule_days": content.schedule_days,
    }


def header_fields(context: PlanContext, *, midnight: bool) -> Json:
    """Title, description, due date and days. ``midnight``: the date as a moment, as PCOs take it.

    A field that the source leaves empty is cleared only if we filled it before.
    """
    fields: Json = {"title": parts.header_content(context.payload).title}
    filled = (context.ledger_fact(ProcoreFact.FIELDS) or "").split(",")
    for name, value in _optional(context).items():
        if value is not None or name in filled:
            fields[_REMOTE_NAMES[name]] = value
    due = fields.get("due_date")
    if midnight and isinstance(due, str):
        fields["due_date"] = f"{date.fromisoformat(due).isoformat()}T00:00:00Z"
    return fields


def number_to_send(context: PlanContext) -> str | None:
    """The number, after what the remote has refused; ``None``: the remote shall give one."""
    number = parts.wanted_number(context.payload)
    if number is None or context.ledger_fact(ProcoreFact.NUMBER_REFUSED) != number:
        return number
    if context.command.rules.number == "suffix":
        return f"{number}-{context.ledger_fact(ProcoreFact.NUMBER_SUFFIX) or '2'}"
    return None


def line_element(context: PlanContext, part: str, line: ProcoreLine, codes: Mapping[str, Value]) -> Json:
    """One line of the line item sync. ``codes`` are the resolved references by field."""
    content = parts.line_content(line)
    element: Json = {
        "origin_id": identity.item_origin_id(context.command.origin_id, line.item_id),
        "description": content.description or "",
        "amount": line.amount,
        **codes,
    }
    if parts.is_calculated(line):
        element |= {"extended_type": "calculated", "quantity": line.quantity, "unit_cost": line.unit_cost}
    else:
        element["extended_type"] = "manual"
        if context.accepted(part) is not None:
            # It may have been calculated before.
            element |= {"quantity": None, "unit_cost": None, "uom": None}
    unit = codes.get("uom")
    written = replace(content, unit=unit if isinstance(unit, str) else None)
    element[_MARK] = mark_for(context, written.hash, parts.line_hash(line))
    return element


def package_fields(context: PlanContext) -> Json:
    """What a package says besides its status. Its own number cannot be set; people see ``origin_code``."""
    number = parts.wanted_number(context.payload)
    return {**header_fields(context, midnight=False), **({} if number is None else {"origin_code": number})}


def package_mark(context: PlanContext) -> str:
    """The mark of a package."""
    return mark_for(context, parts.package_hash(context.payload))


def request_mark(context: PlanContext) -> str:
    """The mark of a change order request."""
    return mark_for(context, parts.request_hash(context.payload))


def content_of(title: str | None, description: str | None, due_date: str | None, days: int | None) -> HeaderContent:
    """What a record of the remote says, in the comparable form."""
    return HeaderContent(
        title=plain_text(title),
        description=plain_text(description),
        due_date=due_date,
        schedule_days=days,
    )


def preview_of(command: ProcoreCommand) -> Json:
    """The whole payload as it would be sent, codes as text."""
    payload = command.payload
    if payload is None:
        return {}
    content = parts.header_content(payload)
    return {
        "origin_id": command.origin_id,
        "number": parts.wanted_number(payload),
        "title": content.title,
        "description": content.description,
        "due_date": content.due_date,
        "schedule_impact_amount": content.schedule_days,
        "status": payload.status,
        "line_items": [_line_preview(command, line) for line in parts.lines_by_part(payload).values()],
    }


def _line_preview(command: ProcoreCommand, line: ProcoreLine) -> Json:
    content = parts.line_content(line)
    return {
        "origin_id": identity.item_origin_id(command.origin_id, line.item_id),
        "description": content.description,
        "amount": content.amount,
        "quantity": content.quantity,
        "unit_cost": content.unit_cost,
        "uom": content.unit,
        "cost_code": line.cost_code,
        "line_item_type": line.line_item_type,
    }
