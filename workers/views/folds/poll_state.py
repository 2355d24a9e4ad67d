"""Poll state: when each account was read. What it holds of single change orders is passed over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection

from relay.domain.records import PollState
from relay.domain.routes import Routing
from workers.views.amounts import milliseconds
from workers.views.folds import Decoded
from workers.views.tables import READ_ACCOUNTS, READS
from workers.views.upserts import keep_newest

_AN_HOUR: Final = 3_600
_TOLD: Final = ("polled_at", "interval_seconds", "hold_kind", "hold_sentence", "hold_since")


def fold(connection: Connection, read: Sequence[Decoded[PollState]], routing: Routing) -> None:
    """Takes over when accounts were polled: at least then, since a poll that changes nothing need not be told.

    Of each account the newest record tells besides what keeps it from being polled.
    """
    rows = [row for one in read if one.value is not None and (row := _row(one.value, one.record.offset))]
    keep_newest(connection, READS, rows, {"offset": ("polled_at", "swept_at")})
    keep_newest(connection, READ_ACCOUNTS, [row for one in read if (row := _account(one))], {"offset": _TOLD})


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


def _account(one: Decoded[PollState]) -> dict[str, Any] | None:
    """A tombstone forgets what was told of its account."""
    state = one.value
    if state is None:
        system, _, account = one.key.partition(":")
        if ":" in account:
            return None
        return {"system": system, "account": account, "offset": one.record.offset, **dict.fromkeys(_TOLD)}
    if state.change_order_id is not None:
        return None
    hold = state.hold
    return {
        "system": state.system,
        "account": state.account,
        "offset": one.record.offset,
        "polled_at": milliseconds(state.polled_at),
        "interval_seconds": state.interval,
        "hold_kind": hold.kind.value if hold else None,
        "hold_sentence": hold.sentence if hold else None,
        "hold_since": milliseconds(hold.since) if hold else None,
    }
