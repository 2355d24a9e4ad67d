from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from producers.cinx.listing import row_hash
from producers.cinx.statuses import status_change
from producers.poll_state import AccountState, blank
from producers.source import ReadChangeOrder
from relay.clients.cinx import PocoRow
from relay.clients.native_json.records import NativeRecord
from relay.domain.records import PollState
from relay.domain.sources import cinx

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROOT = "constructiononline:acme:498099"
ORIGIN = f"cor:{ROOT}:steel"


def row(guid: str, **changes: Any) -> PocoRow:
    data = {"cinx_guid": guid, "workflow_status": "SUBMITTED", **changes}
    return PocoRow.read(NativeRecord(json.dumps(data).encode(), data))


def poll_state(guid: str, **changes: Any) -> PollState:
    unchanged = PollState(system="cinx", account="acme", change_order_id=guid, row=row_hash(row(guid)), sequence=7)
    return replace(unchanged, **changes)


def account_state(*states: PollState) -> AccountState:
    account = blank("cinx", "acme")
    for each in states:
        account.apply(each)
    return account


def rows(*listed: PocoRow) -> dict[str, PocoRow]:
    return {each.guid: each for each in listed}


def poco(**changes: Any) -> dict[str, Any]:
    references = [
        {"type": "change-order-relay", "description": "x", "value": ORIGIN},
        {"type": "change-order-relay-key", "description": "x", "value": "k1"},
        {"type": "change-order-relay-sequence", "description": "x", "value": "1772460306"},
    ]
    fields = {"cinx_guid": "a", "number": "PO123-01", "purchase_order": {"number": "PO-123"}, "items": []}
    return fields | {"workflow_status": "ERP PENDING", "external_references": references} | changes


def read(**changes: Any) -> ReadChangeOrder:
    data = poco(**changes)
    reading = cinx.read(data)
    return ReadChangeOrder(
        change_order_id="a",
        project=None,
        reading=reading,
        raw=b"{}",
        row="r",
        status="ERP PENDING",
        status_change=status_change(reading, data, None, None),
    )
