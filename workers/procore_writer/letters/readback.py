"""What was written, compared with what the answer shows of it.

Procore takes some values without keeping them: a badly formed date becomes nothing, a status is
ignored where there is one tier (Procore docs, "Working with Dates and Times"; the reference of
"Sync Potential Change Orders").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from relay.clients.procore import ChangeOrderRequest, LineItem, Package, PotentialChangeOrder
from relay.domain.ledger_facts import ProcorePart
from relay.domain.procore_content import plain_text
from relay.engine.writer.adapter import Reject

_IGNORED = (
    " A status that is ignored points to a project of one tier (see tiers of the route) or to a workflow in Procore "
    "that owns it."
)


@dataclass(frozen=True, slots=True)
class FieldLoss:
    """A value that was sent and is not there, and the part that it belongs to."""

    part: str
    field: str
    sent: object
    shown: object


def order_losses(element: Mapping[str, object], shown: PotentialChangeOrder) -> Iterator[FieldLoss]:
    """Of a potential change order."""
    yield from _header(element, shown.title, shown.description, shown.due_date, ProcorePart.HEADER)
    yield from _exact("schedule_impact_amount", element, shown.schedule_days, ProcorePart.HEADER)
    yield from _exact("number", element, shown.number, ProcorePart.NUMBER)
    yield from _exact("status", element, shown.status, ProcorePart.STATUS)


def request_losses(element: Mapping[str, object], shown: ChangeOrderRequest) -> Iterator[FieldLoss]:
    """Of a change order request."""
    yield from _header(element, shown.title, shown.description, shown.due_date, ProcorePart.REQUEST)
    yield from _exact("status", element, shown.status, ProcorePart.REQUEST_STATUS)


def package_losses(element: Mapping[str, object], shown: Package) -> Iterator[FieldLoss]:
    """Of a package."""
    yield from _header(element, shown.title, shown.description, shown.due_date, ProcorePart.PACKAGE)
    yield from _exact("origin_id", element, shown.origin_id, ProcorePart.PACKAGE)
    yield from _exact("status", element, shown.status, ProcorePart.PACKAGE_STATUS)


def line_losses(part: str, element: Mapping[str, object], shown: LineItem) -> Iterator[FieldLoss]:
    """Of a line."""
    amount = element.get("amount")
    if isinstance(amount, Decimal) and (shown.amount is None or shown.amount != amount):
        yield FieldLoss(part, "amount", amount, shown.amount)
    yield from _exact("cost_code_id", element, shown.cost_code_id, part)
    yield from _exact("line_item_type_id", element, shown.line_item_type_id, part)


def _header(
    element: Mapping[str, object], title: str | None, description: str | None, due_date: str | None, part: str
) -> Iterator[FieldLoss]:
    sent = element.get("title")
    if isinstance(sent, str) and plain_text(title) != plain_text(sent):
        yield FieldLoss(part, "title", sent, title)
    if element.get("description") and not description:
        yield FieldLoss(part, "description", element["description"], description)
    due = element.get("due_date")
    if isinstance(due, str) and due_date != due[:10]:
        yield FieldLoss(part, "due_date", due, due_date)


def _exact(name: str, element: Mapping[str, object], shown: object, part: str) -> Iterator[FieldLoss]:
    if element.get(name) is not None and element[name] != shown:
        yield FieldLoss(part, name, element[name], shown)


def refusal_of(losses: list[FieldLoss]) -> Reject | None:
    """The letter about values that the remote did not keep."""
    if not losses:
        return None
    told = "; ".join(f"{one.field} was sent as {one.sent!r} and reads {one.shown!r}" for one in losses[:5])
    hint = _IGNORED if any(one.part == ProcorePart.STATUS for one in losses) else ""
    return Reject(
        reason="procore.not_kept",
        sentence=f"Procore accepted the change order without keeping everything: {told}.{hint} Correct the value, then "
        "send the letter again.",
    )
