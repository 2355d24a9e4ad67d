"""The lines of a change order as lines of a POCO: matched to lines of the purchase order, or new.

Whether CINX takes an item's quantity as the new total or as the difference is not documented (CINX API
docs, "PO Change Orders"): the route says which. It matters only for lines that change a line of the
purchase order; a new line's quantity is its total.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from relay.clients.cinx import CostList, PurchaseOrder, PurchaseOrderLine
from relay.domain.cinx_content import ContentLine, comparable, figure
from relay.domain.commands import CinxLine
from workers.cinx_submitter.document.references import resolve
from workers.cinx_submitter.refusals import stop_rejected
from workers.cinx_submitter.situation import PlanContext

_EACH = {"", "e", "ea", "each", "pc", "pcs"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedLine:
    """``items``: ids of the change order's items. ``quantity``: as it is sent. ``guid``: of the POCO's line to change.

    ``po_line`` is the line of the purchase order that is changed; ``None`` makes a new one.
    """

    items: tuple[str, ...]
    description: str
    quantity: Decimal
    unit_price: Decimal
    cost_code: str | None = None
    po_line: PurchaseOrderLine | None = None
    guid: str | None = None

    @property
    def content(self) -> ContentLine:
        """What is compared of the line."""
        return ContentLine(description=self.description, quantity=self.quantity, unit_price=self.unit_price)


def line_name(line: CinxLine) -> str:
    """An item in a sentence."""
    return f"the item {line.description!r}"


def line_text(line: CinxLine) -> str:
    """The text that the vendor reads. The price is always per piece, so another unit is named in the text."""
    unit = (line.unit or "").strip()
    return line.description if unit.casefold() in _EACH else f"{line.description} (unit: {unit})"


def wanted_lines(context: PlanContext, order: PurchaseOrder) -> list[WantedLine]:
    """The lines of the payload as they are ordered. Raises ``PlanStopped`` where one cannot be."""
    lines = [_line(context, order, line) for line in context.payload.lines]
    return _totals(lines) if context.command.rules.quantity == "absolute" else lines


def _line(context: PlanContext, order: PurchaseOrder, line: CinxLine) -> WantedLine:
    po_line = None if context.command.rules.lines == "new" else _match(context, order, line)
    if po_line is not None:
        _check_price(context, line, po_line)
    return WantedLine(
        items=(line.item_id,),
        description=line_text(line),
        quantity=line.quantity,
        unit_price=line.unit_price,
        cost_code=line.cost_code,
        po_line=po_line,
    )


def _match(context: PlanContext, order: PurchaseOrder, line: CinxLine) -> PurchaseOrderLine:
    rule = context.command.rules.lines
    fitting = [po_line for po_line in order.lines if po_line.guid and _fits(context, rule, line, po_line)]
    if len(fitting) == 1:
        return fitting[0]
    what = f"purchase order {context.order} has {'several lines' if fitting else 'no line'} for {line_name(line)}"
    raise stop_rejected(
        "line_ambiguous" if fitting else "line_unmatched",
        f"By the rule lines: {rule}, {what}. Make the two agree in the source system or in CINX, or set lines: new on "
        "the route so that it is ordered as a line of its own, then send this letter again.",
    )


def _fits(context: PlanContext, rule: str, line: CinxLine, po_line: PurchaseOrderLine) -> bool:
    if rule == "by_description":
        return comparable(po_line.description) == comparable(line.description)
    if rule == "by_cost_code":
        return _same_code(context, line, po_line)
    ids = (po_line.org_item_id, po_line.hph_code, po_line.mfr_part_number, po_line.upc)
    return line.item_id in {item_id for item_id in ids if item_id}


def _same_code(context: PlanContext, line: CinxLine, po_line: PurchaseOrderLine) -> bool:
    if not line.cost_code:
        return False
    entry = resolve(context, CostList.MATERIAL_COST_CODES, line.cost_code, line_name(line))
    held = po_line.job_cost
    return entry.guid == held.cost_code_guid if held.cost_code_guid else entry.name == held.cost_code is not None


def _check_price(context: PlanContext, line: CinxLine, po_line: PurchaseOrderLine) -> None:
    """Raises ``PlanStopped`` for another price than the purchase order's line has: it would reprice earlier orders."""
    per_piece = (po_line.price_uom or "E").upper() == "E"
    if per_piece and po_line.unit_price is not None and figure(po_line.unit_price) == line.unit_price:
        return
    price = f"{po_line.unit_price} per {po_line.price_uom or 'E'}"
    raise stop_rejected(
        "line_price_differs",
        f"In the change order, {line_name(line)} costs {line.unit_price} a piece, and the line of purchase order "
        f"{context.order} that it would change costs {price}; changing it would reprice what was ordered before. Set "
        "lines: new on the route so that it is ordered as a line of its own, then send this letter again.",
    )


def _totals(lines: Iterable[WantedLine]) -> list[WantedLine]:
    """The lines with all changes of one line of the purchase order as one line with the new total."""
    totals: dict[str, WantedLine] = {}
    for place, line in enumerate(lines):
        if line.po_line is None:
            totals[f"new {place}"] = line
            continue
        key = f"line {line.po_line.guid}"
        before = totals.get(key) or _as_ordered(line, line.po_line)
        totals[key] = replace(before, items=(*before.items, *line.items), quantity=before.quantity + line.quantity)
    for line in totals.values():
        _check_total(line)
    return list(totals.values())


def _as_ordered(line: WantedLine, po_line: PurchaseOrderLine) -> WantedLine:
    if po_line.ordered is None:
        raise stop_rejected(
            "ordered_unknown",
            f"CINX does not say how much of {line.description!r} is ordered, so that the new total cannot be worked "
            "out. Set cinx_quantity: delta or lines: new on the route, then send this letter again.",
        )
    return replace(line, items=(), quantity=figure(po_line.ordered))


def _check_total(line: WantedLine) -> None:
    if line.po_line is not None and line.quantity < 0:
        raise stop_rejected(
            "quantity_below_zero",
            f"The change order takes away more of {line.description!r} than is ordered ({line.po_line.ordered}). "
            "Correct it in the source system, or set lines: new on the route, then send this letter again.",
        )
