"""What a purchase order is called, as a look at it says. CINX states no total, and none is made up here.

Source: CINX API docs, "Purchase Orders" (detail).
"""

from __future__ import annotations

from datetime import datetime

from relay.clients.cinx import SYSTEM, PurchaseOrder
from relay.domain.directory import DirectoryEntry, DirectoryKind
from relay.domain.mapping import in_milliseconds

_ISO_4217 = 3
"""Letters of a currency code."""


def purchase_order_entry(order: PurchaseOrder, account: str, at: datetime) -> DirectoryEntry:
    """The purchase order as it was read ``at``; its currency is that of its lines, if they have one alone."""
    currencies = {line.currency.strip().upper() for line in order.lines if line.currency}
    currency = next(iter(currencies)) if len(currencies) == 1 else None
    return DirectoryEntry(
        system=SYSTEM,
        account=account,
        kind=DirectoryKind.PURCHASE_ORDER,
        entry_id=order.guid,
        read_at=in_milliseconds(at),
        project_id=order.project.guid,
        number=order.number,
        title=order.name,
        vendor=order.vendor.name,
        status=order.workflow_status,
        currency=currency if currency and len(currency) == _ISO_4217 else None,
    )
