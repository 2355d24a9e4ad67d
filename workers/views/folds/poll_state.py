"""Poll state: when each account was read. What it holds of single change orders is passed over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from relay.domain.records import PollState
from relay.domain.routes import Routing
from workers.views.amounts import milliseconds
from workers.views.folds import Decoded
from workers.views.tables import READS
from workers.views.upserts import keep_newest

_AN_HOUR = 3_600


def fold(connection: Connection, read: Sequence[Decoded[PollState]], routing: Routing) -> None:
    """Takes over when accounts were polled: at least then, since a poll that changes nothing need not be told."""
    rows = [row for one in read if one.value is not None and (row := _row(one.value, one.record.offset))]
    keep_newest(connection, READS, rows, {"offset": ("polled_at", "swept_at")})


def _row(state: PollState, offset: int) -> dict[str, Any] | None:
    if state.change_order_id is not None or state.polled_at is None:
        return None
    return {
        "system": state.system,
        "account": state.account,
        "hour": int(state.polled_at.timestamp()) // _AN_HOUR,
        "offset": offset,
        "polled_at": milliseconds(state.polled_at),
        "swept_at": milliseconds(state.swept_at),
    }
