"""The directory: what projects, contracts and purchase orders are called, and amount to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from relay.domain.directory import DirectoryEntry, DirectoryKind
from relay.domain.routes import Routing
from workers.views.amounts import milliseconds, ten_thousandths
from workers.views.folds import Decoded
from workers.views.tables import DIRECTORY
from workers.views.upserts import keep_newest

_COLUMNS = [column.name for column in DIRECTORY.c if column.name not in {"entry_key", "offset"}]


def fold(connection: Connection, read: Sequence[Decoded[DirectoryEntry]], routing: Routing) -> None:
    """Takes entries over."""
    keep_newest(connection, DIRECTORY, [_row(one) for one in read], {"offset": _COLUMNS})


def _row(one: Decoded[DirectoryEntry]) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(_COLUMNS)
    row |= {"entry_key": one.key, "offset": one.record.offset}
    entry = one.value
    if entry is None:
        return row
    return row | {
        "system": entry.system,
        "account": entry.account,
        "kind": entry.kind.value,
        "entry_id": entry.entry_id,
        "named": _named(entry),
        "project_id": entry.project_id,
        "number": entry.number,
        "title": entry.title,
        "vendor": entry.vendor,
        "status": entry.status,
        "currency": entry.currency,
        "url": entry.url,
        "original_amount": ten_thousandths(entry.original_amount),
        "approved_changes": ten_thousandths(entry.approved_changes),
        "pending_changes": ten_thousandths(entry.pending_changes),
        "revised_amount": ten_thousandths(entry.revised_amount),
        "read_at": milliseconds(entry.read_at),
        "absent": entry.absent,
    }


def _named(entry: DirectoryEntry) -> str:
    """Routes name a purchase order of CINX by its number, everything else by its id."""
    is_order = entry.system == "cinx" and entry.kind is DirectoryKind.PURCHASE_ORDER
    return entry.number if is_order and entry.number else entry.entry_id
