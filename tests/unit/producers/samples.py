"""What the tests of pollers start from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from producers.changes.events import observed
from producers.poll_state import AccountState, blank
from producers.source import ReadChangeOrder
from relay.domain.change_order import ChangeOrder
from relay.domain.events import ChangeOrderObserved
from relay.domain.fingerprint import CURRENT_VERSION, fingerprint
from relay.domain.records import PollState
from relay.domain.sources.reading import Reading

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def account_state(*states: PollState, loaded: bool = True) -> AccountState:
    account = blank("constructiononline", "acme")
    account.account_state = replace(account.account_state, loaded=loaded)
    for each in states:
        account.apply(each)
    return account


def poll_state(number: str = "1", **changes: Any) -> PollState:
    unchanged = PollState(
        system="constructiononline",
        account="acme",
        change_order_id=number,
        project="7",
        sequence=100,
        fingerprint=fingerprint(order(number)),
        fingerprint_version=CURRENT_VERSION,
    )
    return replace(unchanged, **changes)


def order(number: str = "1", **changes: Any) -> ChangeOrder:
    return replace(ChangeOrder(change_order_id=number, project="7", title="A"), **changes)


def read(number: str = "1", raw: bytes = b"{}", **changes: Any) -> ReadChangeOrder:
    reading = Reading(
        change_order=order(number, **changes), defects=(), modified_at="2026-03-01T08:00:00", item_order=()
    )
    return ReadChangeOrder(change_order_id=number, project="7", reading=reading, raw=raw)


def event_of(number: str = "1", **changes: Any) -> ChangeOrderObserved:
    """The event of a change order that is observed for the first time."""
    event = observed(account_state(), read(number, **changes), AT).event
    assert event is not None
    return event
