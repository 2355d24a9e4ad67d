"""What CINX holds beside what is wanted: what to change in an open POCO, and what to order on top."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from relay.clients.cinx import Poco, PocoLine, PurchaseOrder, PurchaseOrderLine
from relay.domain.cinx_content import comparable, figure
from workers.cinx_submitter.document.content import is_dead
from workers.cinx_submitter.document.document import ITEM_ATTRIBUTE, PO_LINE_ATTRIBUTE
from workers.cinx_submitter.document.lines import WantedLine


@dataclass(frozen=True, slots=True)
class OrderedLine:
    """A line that CINX holds, with what our attributes say of it."""

    line: PocoLine
    items: str | None
    po_line: str | None

    @classmethod
    def of(cls, line: PocoLine) -> OrderedLine:
        """A line with its attributes; CINX's own link stands in for a missing one of ours."""
        attributes = dict(line.attributes)
        return cls(line, attributes.get(ITEM_ATTRIBUTE), attributes.get(PO_LINE_ATTRIBUTE) or line.po_line_guid)


def paired(wanted: Iterable[WantedLine], poco: Poco, order: PurchaseOrder) -> list[WantedLine]:
    """The wanted lines with the guids of the POCO's lines that they change.

    How a line is removed is not documented, so that one that is no longer wanted is changed to nothing:
    to a quantity of 0, or to what was ordered before where it changes a line of the purchase order.
    """
    left, lines = [OrderedLine.of(line) for line in poco.lines if line.guid], []
    wanted = list(wanted)
    items = {" ".join(line.items) for line in wanted}
    for line in wanted:
        held = _partner(line, [ordered for ordered in left if ordered.items not in items], left)
        if held is not None:
            left.remove(held)
        lines.append(line if held is None else replace(line, guid=held.line.guid))
    return [*lines, *(_undone(held, order) for held in left if held.line.quantity)]


def _partner(line: WantedLine, unclaimed: Sequence[OrderedLine], left: Sequence[OrderedLine]) -> OrderedLine | None:
    """The line of the same item, or else one of the same text whose item is no longer wanted; ``None`` for neither."""
    items = " ".join(line.items)
    by_item = [held for held in left if held.items == items]
    by_text = [held for held in unclaimed if comparable(held.line.description) == comparable(line.description)]
    return next(iter(by_item or by_text), None)


def _undone(held: OrderedLine, order: PurchaseOrder) -> WantedLine:
    po_line = _po_line(held, order)
    quantity = po_line.ordered if po_line is not None and po_line.ordered is not None else Decimal(0)
    return replace(_as_wanted(held, order), quantity=quantity, guid=held.line.guid)


def _po_line(held: OrderedLine, order: PurchaseOrder) -> PurchaseOrderLine | None:
    return next((line for line in order.lines if held.po_line is not None and line.guid == held.po_line), None)


def _as_wanted(held: OrderedLine, order: PurchaseOrder) -> WantedLine:
    line = held.line
    return WantedLine(
        items=tuple((held.items or "").split()),
        description=line.description or "",
        quantity=figure(line.quantity or Decimal(0)),
        unit_price=figure(line.unit_price or Decimal(0)),
        cost_code=line.job_cost.cost_code,
        po_line=_po_line(held, order),
    )


def difference(wanted: Iterable[WantedLine], pocos: Iterable[Poco], order: PurchaseOrder) -> list[WantedLine]:
    """The lines that have to be ordered on top of what CINX holds; what was declined or cancelled is not held.

    A line whose price has changed is taken back at the old price and ordered at the new one, so that the
    sum is right to the cent.
    """
    open_lines: dict[tuple[str, Decimal], WantedLine] = {}
    for line in wanted:
        _add(open_lines, line, line.quantity)
    for poco in pocos:
        for held in () if is_dead(poco) else map(OrderedLine.of, poco.lines):
            line = _as_wanted(held, order)
            _add(open_lines, line, -line.quantity)
    return [line for line in open_lines.values() if line.quantity]


def _add(lines: dict[tuple[str, Decimal], WantedLine], line: WantedLine, quantity: Decimal) -> None:
    key = (comparable(line.description), line.unit_price)
    before = lines.get(key) or replace(line, quantity=Decimal(0))
    lines[key] = replace(before, quantity=before.quantity + quantity)
