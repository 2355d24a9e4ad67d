"""What Procore would refuse, round, cut or silently drop is refused before anything is sent.

Procore publishes no lengths and precisions; these are the usual ones of its platform. A badly
formed date would be stored as nothing with a success status (Procore docs, "Working with Dates
and Times"), so dates are read here first.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from relay.domain.commands import ProcoreLine, ProcorePayload
from relay.domain.procore_content import PENDING_BILLABLE, STATUSES
from relay.engine.writer.adapter import Reject
from workers.procore_writer.content import parts
from workers.procore_writer.content.parts import line_name

_SHORT = 255
_LONG = 65_535
_AMOUNT_PLACES = 2
_QUANTITY_PLACES = 6
_LARGEST = Decimal(9_999_999_999_999)
_LARGEST_DAYS = 2_147_483_647


def first_violation(payload: ProcorePayload, tiers: int) -> Reject | None:
    """The first reason why this payload must not be sent, or ``None``."""
    return next(violations(payload, tiers), None)


def violations(payload: ProcorePayload, tiers: int) -> Iterator[Reject]:
    """Every reason, header first."""
    yield from _status(payload, tiers)
    yield from _texts(payload)
    yield from _due_date(payload)
    yield from _days(payload)
    for line in payload.lines:
        yield from _line(line)
    yield from _repeated(payload)


def _status(payload: ProcorePayload, tiers: int) -> Iterator[Reject]:
    allowed = STATUSES | {PENDING_BILLABLE} if tiers == 1 else STATUSES
    if payload.status not in allowed:
        yield Reject(
            reason="procore.status_invalid",
            sentence=f"The status {payload.status!r} is none of Procore's for a project of {tiers} tiers: "
            f"correct it under statuses of the route. Allowed: {', '.join(sorted(allowed))}.",
        )


def _texts(payload: ProcorePayload) -> Iterator[Reject]:
    if parts.header_content(payload).title is None:
        yield Reject(
            reason="procore.title_missing",
            sentence="The change order has no title, which Procore requires: give it one in the source system.",
        )
    yield from _too_long("title", payload.title, _SHORT)
    yield from _too_long("number", payload.number, _SHORT)
    yield from _too_long("description", payload.description, _LONG)


def _too_long(name: str, text: str | None, most: int) -> Iterator[Reject]:
    if text is not None and len(text.strip()) > most:
        yield Reject(
            reason="procore.text_too_long",
            sentence=f"The {name} has {len(text.strip())} characters and Procore takes {most}: "
            "shorten it in the source system.",
        )


def _due_date(payload: ProcorePayload) -> Iterator[Reject]:
    if payload.due_date is None or not payload.due_date.strip():
        return
    try:
        date.fromisoformat(parts.day(payload.due_date) or "")
    except ValueError:
        yield Reject(
            reason="procore.date_malformed",
            sentence=f"The due date {payload.due_date!r} is no date of the form YYYY-MM-DD; Procore would store "
            "none without saying so. Correct it in the source system.",
        )


def _days(payload: ProcorePayload) -> Iterator[Reject]:
    if payload.schedule_days is not None and abs(payload.schedule_days) > _LARGEST_DAYS:
        yield Reject(
            reason="procore.days_out_of_range",
            sentence=f"A schedule impact of {payload.schedule_days} days is more than Procore can hold: "
            "correct it in the source system.",
        )


def _line(line: ProcoreLine) -> Iterator[Reject]:
    name = line_name(line)
    yield from _number(name, "amount", line.amount, _AMOUNT_PLACES)
    if parts.is_calculated(line):
        yield from _number(name, "quantity", line.quantity, _QUANTITY_PLACES)
        yield from _number(name, "unit cost", line.unit_cost, _QUANTITY_PLACES)
    yield from _too_long(f"description of {name}", line.description, _LONG)


def _number(name: str, what: str, value: Decimal | None, places: int) -> Iterator[Reject]:
    if value is None:
        return
    if not value.is_finite() or abs(value) > _LARGEST:
        yield Reject(
            reason="procore.amount_out_of_range",
            sentence=f"The {what} {value} of {name} is larger than Procore can hold: correct it in the source system.",
        )
    elif value != round(value, places):
        yield Reject(
            reason="procore.amount_precision",
            sentence=f"The {what} {value} of {name} has more than {places} decimals; Procore would round it. "
            "Correct it in the source system.",
        )


def _repeated(payload: ProcorePayload) -> Iterator[Reject]:
    if len({line.item_id for line in payload.lines}) < len(payload.lines):
        yield Reject(
            reason="procore.item_repeated",
            sentence="Two items of the change order have the same id, so their lines could not be told apart: "
            "correct the items in the source system.",
        )
