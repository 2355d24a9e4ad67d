"""The parts of a change order at Procore, each with a hash of what it says.

Hashes are over the command's own words (a code's text, not the id that it resolves to), so that
what is already applied is recognised without asking the remote anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from relay.domain import procore_content
from relay.domain.commands import ProcoreLine, ProcorePayload
from relay.domain.identity import part_hash
from relay.domain.ledger_facts import ProcorePart, is_line, item_of, line_part
from relay.domain.procore_content import HeaderContent, LineContent, plain_text
from relay.domain.quantities import in_whole_cents, is_lost, product, roundings

APPROVED = "approved"
VOID = "void"
INTERIM = "pending"
"""What a change order is while its lines are written, where its own status would lock them."""
LAST = frozenset({APPROVED, VOID})
"""Statuses that are set when everything else is done.

An approved change order locks its lines (Procore support, "Configure Settings: Change Orders").
"""


_WORDS = {
    ProcorePart.HEADER: "the title, description, due date or schedule impact",
    ProcorePart.NUMBER: "the number",
    ProcorePart.STATUS: "the status",
    ProcorePart.PACKAGE: "the title or description of the package",
    ProcorePart.PACKAGE_STATUS: "the status of the package",
}


def in_words(names: Iterable[str]) -> str:
    """Parts as a person calls them, for sentences of letters."""
    return ", ".join(f"the line of item {item_of(name)}" if is_line(name) else _WORDS.get(name, name) for name in names)


status_hash = procore_content.status_hash
"""Of a status, whichever record it is of."""


def number_hash(number: str) -> str:
    """Of the number that the source states."""
    return part_hash(["number", number])


def reason_hash(reason: str) -> str:
    """Of the change reason."""
    return part_hash(["reason", reason])


def link_hash(kind: str, remote_id: str) -> str:
    """Of a link to another record."""
    return part_hash([kind, remote_id])


def wanted_number(payload: ProcorePayload) -> str | None:
    """The source's number, blanks trimmed; none where it has none."""
    return (payload.number or "").strip() or None


def header_content(payload: ProcorePayload) -> HeaderContent:
    """What the header is to say."""
    return HeaderContent(
        title=plain_text(payload.title),
        description=plain_text(payload.description),
        due_date=day(payload.due_date),
        schedule_days=payload.schedule_days,
    )


def day(text: str | None) -> str | None:
    """``YYYY-MM-DD`` of a date with or without a time, never shifted through a zone.

    What is no date stays as it is, for the message that refuses it.
    """
    given = (text or "").strip()[:10]
    try:
        return date.fromisoformat(given).isoformat() if given else None
    except ValueError:
        return given


def package_hash(payload: ProcorePayload) -> str:
    """What the package says besides its status; the number stands in its ``origin_code``."""
    return package_content_hash(header_content(payload), wanted_number(payload))


def package_content_hash(content: HeaderContent, origin_code: str | None) -> str:
    """The hash of what a package shows besides its status."""
    return part_hash([content, origin_code])


def request_hash(payload: ProcorePayload) -> str:
    """What the change order request says besides its status."""
    return part_hash(["request", header_content(payload)])


def is_calculated(line: ProcoreLine) -> bool:
    """Whether quantity and unit cost make the amount, however the remote rounds their product.

    How many places Procore keeps of a unit cost is not documented; whole cents come back as they are.
    """
    if line.quantity is None or line.unit_cost is None or not in_whole_cents(line.unit_cost):
        return False
    return roundings(product(line.quantity, line.unit_cost)) == (line.amount,)


def line_content(line: ProcoreLine) -> LineContent:
    """What the line is to say, but for its codes."""
    description = plain_text(line.description)
    if not is_calculated(line):
        return LineContent(description=description, amount=line.amount)
    return LineContent(
        description=description,
        amount=line.amount,
        quantity=line.quantity,
        unit_cost=line.unit_cost,
        unit=plain_text(line.unit),
    )


def line_hash(line: ProcoreLine) -> str:
    """Of one line, its codes included."""
    return part_hash([line_content(line), line.cost_code, line.line_item_type])


def former_line_hash(line: ProcoreLine) -> str | None:
    """The hash of a line as it was written when quantities went out only where they made the amount to the last digit.

    ``None`` where that is how it is written today.
    """
    if not is_calculated(line) or line.quantity is None or line.unit_cost is None:
        return None
    if product(line.quantity, line.unit_cost) == line.amount:
        return None
    return line_hash(replace(line, quantity=None, unit_cost=None))


def without_quantity(payload: ProcorePayload) -> list[ProcoreLine]:
    """The lines whose quantity Procore is not told, since with their unit cost it does not make their amount."""
    return [line for line in payload.lines if is_lost(line.quantity) and not is_calculated(line)]


def lines_by_part(payload: ProcorePayload) -> Mapping[str, ProcoreLine]:
    """The lines by the part that each becomes, in their order."""
    return {line_part(line.item_id): line for line in sorted(payload.lines, key=lambda line: line.position)}


def total(payload: ProcorePayload) -> Decimal:
    """The sum of the lines."""
    return sum((line.amount for line in payload.lines), Decimal(0))


def line_name(line: ProcoreLine) -> str:
    """How a person finds the line."""
    text = (line.description or "").strip().splitlines()
    return f"item {line.item_id} ({text[0][:60]})" if text else f"item {line.item_id}"
