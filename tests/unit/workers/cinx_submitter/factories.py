"""Makes records of CINX, commands, ledger entries and cached facts, as planning meets them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from relay.clients.cinx import CostEntry, CostList, Poco, PocoRow, PurchaseOrder, Template
from relay.clients.native_json.json_text import render
from relay.clients.native_json.records import NativeRecord
from relay.domain import identity
from relay.domain.commands import CinxCommand, CinxLine, CinxPayload, CinxRules, Operation
from relay.domain.ledger import Intent, LedgerEntry, Part
from relay.domain.ledger_facts import CinxFact
from tests.commands import cinx_command
from workers.cinx_submitter.cache.cache import CachedFacts, CachedPoco, OrderView
from workers.cinx_submitter.cache.lookups import CostLookup
from workers.cinx_submitter.situation import PART, payload_part

MOMENT = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
ORDER = "11111111-0000-4000-8000-000000000001"
POCO = "22222222-0000-4000-8000-000000000001"
ORIGIN = "cor:constructiononline:acme:498099:steel"
CODE = "33333333-0000-4000-8000-000000000001"


def native(row: Mapping[str, Any]) -> NativeRecord:
    raw = render(row)
    return NativeRecord(data=json.loads(raw, parse_float=Decimal), raw=raw)


def order(*items: Mapping[str, Any], **more: Any) -> PurchaseOrder:
    header = {"cinx_guid": ORDER, "number": "PO-1", "locked": "1", "workflow_status": "SUBMITTED"}
    return PurchaseOrder.read(native({**header, "procurement_status": "ORDERED", "items": list(items), **more}))


def poco(*items: Mapping[str, Any], guid: str = POCO, **more: Any) -> Poco:
    header = {"cinx_guid": guid, "number": "PO1-01", "locked": "0", "workflow_status": "IN-PROCESS"}
    return Poco.read(native({**header, "description": "Footing", "items": list(items), **more}))


def row(guid: str = POCO, **more: Any) -> PocoRow:
    return PocoRow.read(native({"cinx_guid": guid, "number": "-01", "description": "Footing", **more}))


def item(description: str, quantity: Decimal, price: Decimal, **more: Any) -> dict[str, Any]:
    return {"description": description, "quantity": quantity, "unit_price": price, **more}


def line(item_id: str, price: Decimal, quantity: Decimal = Decimal(1), **more: Any) -> CinxLine:
    defaults: dict[str, Any] = {"position": 1, "description": f"Item {item_id}"}
    return CinxLine(item_id=item_id, quantity=quantity, unit_price=price, **(defaults | more))


def payload(*lines: CinxLine, **more: Any) -> CinxPayload:
    return CinxPayload(lines=lines or (line("1", Decimal(5)),), **({"description": "Footing"} | more))


def command(
    content: CinxPayload | None, operation: Operation = Operation.APPLY, *, purchase_order: str = "PO-1", **more: Any
) -> CinxCommand:
    stated: dict[str, Any] = {
        "command_id": "c-1",
        "mapped_at": MOMENT,
        "idempotency_key": "key-1",
        "rules": CinxRules(),
    }
    return cinx_command("498099", content, purchase_order, operation=operation, **(stated | more))


def entry(content: CinxPayload | None = None, guid: str | None = POCO, **more: Any) -> LedgerEntry:
    """An entry whose POCO says ``content``."""
    defaults: dict[str, Any] = {
        "origin_id": ORIGIN,
        "change_order_key": "constructiononline:acme:498099",
        "destination": "PO-1",
        "seen_sequence": 1,
        "seen_mapped_at": MOMENT,
        "sent_sequence": 1,
        "sent_payload_hash": identity.content_hash(content),
        "parts": {PART: Part(hash=payload_part(content))} if content else {},
        "remote": {CinxFact.GUID: guid, CinxFact.NUMBER: "PO1-01"} if guid else {},
    }
    return LedgerEntry(**(defaults | more))


def intent(**more: Any) -> Intent:
    defaults: dict[str, Any] = {
        "origin_id": ORIGIN,
        "command_id": "c-1",
        "step": "submit",
        "parts": {},
        "bytes_hash": "b",
        "intended_at": MOMENT,
        "sent": True,
    }
    return Intent(**(defaults | more))


SKELETON: dict[str, Any] = {
    "cinx_guid": None,
    "description": None,
    "user_comment": None,
    "procurement_status": "NOT ORDERED",
    "allow_substitutes": True,
    "purchase_order": {"cinx_guid": None, "number": None},
    "delivery": {"country": "USA", "location_type": "JOB SITE", "attention": None},
    "taxes": {"taxable": True, "cinx_guid": None, "tax_group_name": None},
    "external_references": [{"type": None, "description": None, "value": None}],
    "items": [
        {
            "cinx_guid": None,
            "cinx_po_item_guid": None,
            "description": None,
            "quantity": 1,
            "unit_price": None,
            "price_uom": "E",
            "currency": "USD",
            "job_cost": {"cinx_material_cost_code_guid": None, "material_cost_code_name": None},
            "attributes": [{"name": None, "value": None}],
        }
    ],
}


def template(skeleton: Mapping[str, Any] = SKELETON, **more: Any) -> Template:
    about = {"doc_info": {"type": "BOM-PO-MEMO", "version": "1.0"}, "template": skeleton}
    return Template.read({**about, **more})


def cost_codes(*names: str) -> CostLookup:
    entries = [
        CostEntry.read(native({"cinx_guid": f"{CODE[:-1]}{place}", "name": name})) for place, name in enumerate(names)
    ]
    return CostLookup.of(entries)


def cached(
    *,
    view: OrderView | None = None,
    pocos: Iterable[Poco] = (),
    deleted: Iterable[str] = (),
    codes: CostLookup | None = None,
    live: Template | None = None,
) -> CachedFacts:
    read = {poco.guid: CachedPoco(poco) for poco in pocos} | {guid: CachedPoco(None) for guid in deleted}
    return CachedFacts(
        installation="test",
        template=live or template(),
        order=view or OrderView(matches=1, order=order()),
        lists={} if codes is None else {CostList.MATERIAL_COST_CODES: codes},
        fresh_pocos=read,
        pocos=read,
    )
