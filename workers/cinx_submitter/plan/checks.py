"""What can be foreseen: reasons for which a change order is not ordered at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from relay.clients.cinx import PurchaseOrder
from relay.domain.commands import CinxLine, CinxPayload
from relay.domain.sources.cinx import CANCELLED, DECLINED, IN_PROCESS
from relay.domain.text_folding import shows_something
from relay.engine.writer.adapter import Reject
from workers.cinx_submitter.cache.cache import OrderView
from workers.cinx_submitter.document.lines import line_name
from workers.cinx_submitter.refusals import reject, stop_rejected
from workers.cinx_submitter.situation import PlanContext

_AGAIN = "then send this letter again."
_ENDED = ("CLOSED", CANCELLED)
"""Procurement statuses of a purchase order on which nothing more is ordered."""


def refused_payload(payload: CinxPayload) -> Reject | None:
    """The rejection of what no purchase order could take; ``None`` where there is nothing to refuse."""
    return next(_refusals(payload), None)


def _refusals(payload: CinxPayload) -> Iterator[Reject]:
    if not payload.lines:
        yield reject(
            "no_items",
            "No item of the change order is left for this purchase order, and CINX takes no order without items. Give "
            f"it items in the source system, or correct match of the route's target, {_AGAIN} If there is nothing to "
            "order from this vendor, settle the letter.",
        )
    if not shows_something(payload.description):
        yield reject(
            "description_missing",
            f"The change order has neither a description nor a title. Give it one in the source system, {_AGAIN}",
        )
    for line in payload.lines:
        yield from _line_refusals(line)


def _line_refusals(line: CinxLine) -> Iterator[Reject]:
    if not shows_something(line.description):
        yield reject(
            "description_missing",
            f"An item of the change order ({line.item_id}) has no text. Name it in the source system, {_AGAIN}",
        )
    if not line.quantity.is_finite() or not line.unit_price.is_finite() or line.quantity == 0:
        yield reject(
            "quantity_invalid",
            f"For {line_name(line)} the quantity is {line.quantity} and the price {line.unit_price}, which cannot be "
            f"ordered. Correct it in the source system, {_AGAIN}",
        )


def check_order(context: PlanContext, view: OrderView) -> PurchaseOrder:
    """The purchase order, if it may be changed now. Raises ``PlanStopped`` with a rejection where it may not."""
    order = view.order
    if view.matches > 1:
        raise stop_rejected(
            "po_ambiguous",
            f"CINX has {view.matches} purchase orders numbered {context.order!r}. "
            f"Make the number unique there, {_AGAIN}",
        )
    if order is None:
        raise stop_rejected(
            "po_not_found",
            f"CINX has no purchase order numbered exactly {context.order!r}. Correct purchase_order of the route's "
            f"target, or create the purchase order in CINX, {_AGAIN}",
        )
    _check_state(context, order)
    return order


def _check_state(context: PlanContext, order: PurchaseOrder) -> None:
    refusal = why_unchangeable(context.order, order)
    if refusal is not None:
        raise stop_rejected(refusal.reason, f"{refusal.fact}. {refusal.remedy}, {_AGAIN}")


@dataclass(frozen=True, slots=True)
class Unchangeable:
    """Why a purchase order takes no change order: a reason, what is so, and what to do, without a full stop."""

    reason: str
    fact: str
    remedy: str


def why_unchangeable(number: str, order: PurchaseOrder) -> Unchangeable | None:
    """Why nothing is ordered on a purchase order as it stands; ``None`` where it may be changed."""
    state = f"Purchase order {number} is {order.workflow_status or 'of unknown status'}"
    if order.workflow_status == IN_PROCESS or order.locked is False:
        fact = f"{state}: it has not been submitted yet, and only a submitted one takes change orders"
        return Unchangeable("po_not_submitted", fact, "Change it directly in CINX, or submit it")
    if order.workflow_status == DECLINED:
        fact = f"{state}: the vendor has declined it"
        return Unchangeable("po_declined", fact, "Route to another purchase order")
    ended = order.procurement_status or ""
    if ended in _ENDED:
        fact = f"Purchase order {number} is {ended} in CINX"
        remedy = "Open it again there, or route the change order to another one"
        return Unchangeable(f"po_{ended.lower()}", fact, remedy)
    return None
