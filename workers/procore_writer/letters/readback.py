"""What was written, compared with what the answer shows of it.

Procore takes some values without keeping them: a badly formed date becomes nothing, a status is
ignored where there is one tier (Procore docs, "Working with Dates and Times"; the reference of
"Sync Potential Change Orders"). A member that an answer leaves out tells nothing: it is unknown, not lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from relay.clients.native_json.declared import NativeDeclared
from relay.clients.procore import ChangeOrderRequest, LineItem, Package, PotentialChangeOrder
from relay.domain.ledger_facts import ProcorePart
from relay.domain.procore_content import plain_text
from relay.engine.writer.adapter import Reject

_IGNORED = (
    " A status that is ignored points to a project of one tier (see tiers of the route) or to a workflow in Procore "
    "that owns it."
)


PACKAGE_LINK = "change_order_request"
"""The field that links a change order to its package with two tiers."""
_READ_FROM: Mapping[str, tuple[str, ...]] = {
    "amount": ("amount", "extended_amount", "total_amount"),
    "cost_code_id": ("cost_code_id", "cost_code"),
    "line_item_type_id": ("line_item_type_id", "line_item_type"),
    PACKAGE_LINK: ("change_order_request_id",),
}
"""The members of an answer that tell what became of a field; of any other it is the one of its name."""
_PACKAGE_FIELDS = ("title", "description", "due_date", "origin_id", "status")


@dataclass(frozen=True, slots=True)
class FieldLoss:
    """A value that was sent and is not there, and the part that it belongs to."""

    part: str
    field: str
    sent: object
    shown: object


def order_losses(element: Mapping[str, object], shown: PotentialChangeOrder) -> Iterator[FieldLoss]:
    """Of a potential change order."""
    losses = chain(
        _header(element, shown.title, shown.description, shown.due_date, ProcorePart.HEADER),
        _exact("schedule_impact_amount", element, shown.schedule_days, ProcorePart.HEADER),
        _exact("number", element, shown.number, ProcorePart.NUMBER),
        _exact("status", element, shown.status, ProcorePart.STATUS),
        _exact("change_order_request_id", element, shown.change_order_request_id, ProcorePart.LINK),
        _link_to_package(element, shown.change_order_request_id),
    )
    return _told(losses, shown)


def request_losses(element: Mapping[str, object], shown: ChangeOrderRequest) -> Iterator[FieldLoss]:
    """Of a change order request."""
    losses = chain(
        _header(element, shown.title, shown.description, shown.due_date, ProcorePart.REQUEST),
        _exact("status", element, shown.status, ProcorePart.REQUEST_STATUS),
    )
    return _told(losses, shown)


def package_losses(element: Mapping[str, object], shown: Package) -> Iterator[FieldLoss]:
    """Of a package."""
    losses = chain(
        _header(element, shown.title, shown.description, shown.due_date, ProcorePart.PACKAGE),
        _exact("origin_id", element, shown.origin_id, ProcorePart.PACKAGE),
        _exact("status", element, shown.status, ProcorePart.PACKAGE_STATUS),
    )
    return _told(losses, shown)


def tells_all(element: Mapping[str, object], shown: Package) -> bool:
    """Whether the package as it is shown tells of every field that was sent."""
    return all(name in shown.native.data for name in _PACKAGE_FIELDS if element.get(name))


def line_losses(part: str, element: Mapping[str, object], shown: LineItem) -> Iterator[FieldLoss]:
    """Of a line."""
    losses = chain(
        _exact("amount", element, shown.amount, part),
        _exact("cost_code_id", element, shown.cost_code_id, part),
        _exact("line_item_type_id", element, shown.line_item_type_id, part),
    )
    return _told(losses, shown)


def _told(losses: Iterable[FieldLoss], shown: NativeDeclared) -> Iterator[FieldLoss]:
    for loss in losses:
        if any(name in shown.native.data for name in _READ_FROM.get(loss.field, (loss.field,))):
            yield loss


def _link_to_package(element: Mapping[str, object], request_id: int | None) -> Iterator[FieldLoss]:
    """With two tiers Procore puts a request between the two, which it shows here alone."""
    link = element.get(PACKAGE_LINK)
    if link is not None and request_id is None:
        yield FieldLoss(ProcorePart.LINK, PACKAGE_LINK, link, None)


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
    listed = "; ".join(f"{loss.field} was sent as {loss.sent!r} and reads {loss.shown!r}" for loss in losses[:5])
    hint = _IGNORED if any(loss.part == ProcorePart.STATUS for loss in losses) else ""
    return Reject(
        reason="procore.not_kept",
        sentence=f"Procore accepted the change order without keeping everything: {listed}.{hint} Correct the value, "
        "then send the letter again.",
    )
