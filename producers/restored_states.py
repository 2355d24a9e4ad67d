"""Reads what a partition of the poll state holds of one system's accounts."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from producers.poll_state import AccountState, blank
from relay.domain.records import PollState
from relay.engine.kafka import Connection, Partition, Record, read_to_end
from relay.engine.kafka.foreign_records import tell_foreign, tell_withheld
from relay.engine.telemetry import events
from schemas.codec import Codec
from schemas.failures import Unreadable

_log = structlog.get_logger(__name__)

_SYSTEMS = ("constructiononline:", "procore:", "cinx:")
"""With one of these every key of the poll state begins."""


def restored_states(
    connection: Connection,
    codec: Codec,
    place: Partition,
    system: str,
    on_foreign: Callable[[Record], None] = lambda record: None,
) -> dict[str, AccountState]:
    """The accounts of ``system``, by name. What cannot be read of them is observed anew.

    What is none of ours is passed over and told; ``on_foreign`` is called with each such record that is handed out.
    """
    states: dict[str, AccountState] = {}
    for record in read_to_end(connection, [place], pass_over=tell_withheld):
        key = (record.key or b"").decode("utf-8", "replace")
        if not key.startswith(_SYSTEMS):
            on_foreign(record)
            tell_foreign(record)
        if not key.startswith(f"{system}:"):
            continue
        account, _, change_order_id = key.removeprefix(f"{system}:").partition(":")
        account_state = states.setdefault(account, blank(system, account))
        poll_state = _state(record, key, codec)
        if poll_state is None:
            account_state.forget(change_order_id)
        else:
            account_state.apply(poll_state)
    return states


def _state(record: Record, key: str, codec: Codec) -> PollState | None:
    """The state that a record holds; ``None`` where it holds none, or none that can be read."""
    if record.value is None:
        return None
    try:
        state = codec.decode(record.value, PollState)
    except Unreadable as error:
        why = error.message
    else:
        if _key_of(state) == key:
            return state
        why = f"it is the state of {_key_of(state)}"
    _log.error(
        events.POLL_STATE_UNREADABLE,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=key,
        message=why,
    )
    return None


def _key_of(state: PollState) -> str:
    key = f"{state.system}:{state.account}"
    return key if state.change_order_id is None else f"{key}:{state.change_order_id}"
