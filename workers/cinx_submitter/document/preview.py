"""What a change order would order, as far as it is known without asking CINX."""

from __future__ import annotations

from relay.clients.native_json.json_text import render
from workers.cinx_submitter.document.content import references
from workers.cinx_submitter.situation import PlanContext


def preview(s: PlanContext) -> str:
    """What is known of the document before anything was read, as JSON text."""
    rules = s.command.rules
    more = {"external_references": references(s, ""), "lines": rules.lines, "quantity": rules.quantity}
    return render(_header(s) | more | {"items": _items(s)}).decode()


def our_side(s: PlanContext) -> str:
    """The same for whoever has to decide: what CINX holds can be compared with it."""
    return render({"side": "change order"} | _header(s) | {"items": _items(s)}).decode()


def _header(s: PlanContext) -> dict[str, object]:
    payload = s.payload
    return {
        "purchase_order": {"number": s.order},
        "description": payload.description,
        "number": payload.number,
        "title": payload.title,
        "fields": payload.fields or {},
    }


def _items(s: PlanContext) -> list[dict[str, object]]:
    return [
        {
            "description": line.description,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "currency": line.currency,
            "cost_code": line.cost_code,
        }
        for line in s.payload.lines
    ]
