"""What a change order would order, as far as it is known without asking CINX."""

from __future__ import annotations

from relay.clients.json_text import render
from workers.cinx_submitter.marks import references
from workers.cinx_submitter.situation import Situation


def preview(s: Situation) -> str:
    """What is known of the document before anything was read, as JSON text."""
    payload = s.payload
    items = [
        {
            "description": line.description,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "currency": line.currency,
            "cost_code": line.cost_code,
        }
        for line in payload.lines
    ]
    shown = {
        "side": "change order",
        "purchase_order": {"number": s.order},
        "description": payload.description,
        "number": payload.number,
        "title": payload.title,
        "fields": payload.fields or {},
        "external_references": references(s, ""),
        "lines": s.command.rules.lines,
        "quantity": s.command.rules.quantity,
        "items": items,
    }
    return render(shown).decode()
