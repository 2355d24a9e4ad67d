"""A change order's order as far as it is known without asking CINX, as JSON text."""

from __future__ import annotations

from relay.clients.native_json.json_text import render
from workers.cinx_submitter.document.content import our_references
from workers.cinx_submitter.situation import PlanContext


def preview(context: PlanContext) -> str:
    """The document of a dry run, as far as it is known before anything was read."""
    rules = context.command.rules
    other = {"external_references": our_references(context, ""), "lines": rules.lines, "quantity": rules.quantity}
    return render(_header(context) | other | {"items": _items(context)}).decode()


def our_side(context: PlanContext) -> str:
    """The change order beside which a person compares what CINX holds."""
    return render({"side": "change order"} | _header(context) | {"items": _items(context)}).decode()


def _header(context: PlanContext) -> dict[str, object]:
    payload = context.payload
    return {
        "purchase_order": {"number": context.order},
        "description": payload.description,
        "number": payload.number,
        "title": payload.title,
        "fields": payload.fields or {},
    }


def _items(context: PlanContext) -> list[dict[str, object]]:
    return [
        {
            "description": line.description,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "currency": line.currency,
            "cost_code": line.cost_code,
        }
        for line in context.payload.lines
    ]
