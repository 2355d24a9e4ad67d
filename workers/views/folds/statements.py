"""What people did (audit), and what stands on the control topic: holds, and what each member states of itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from relay.domain.canonical_text import canonical
from relay.domain.control import Control, word_of
from relay.domain.follow_up import told_by
from relay.domain.records import OperatorAction
from relay.domain.routes import Routing
from relay.engine.kafka import Record
from workers.views.amounts import milliseconds
from workers.views.folds import Decoded
from workers.views.tables import AUDIT, CONTROL, FOLLOW_UPS
from workers.views.upserts import NEVER, insert_once, keep_newest

_FOLLOWED = {
    "assigned_offset": ("assigned",),
    "note_offset": ("note",),
    "snooze_offset": ("snoozed_until", "snoozed_after"),
}


def fold_audit(connection: Connection, read: Sequence[Decoded[OperatorAction]], routing: Routing) -> None:
    """Takes over what people did."""
    actions = [one.value for one in read if one.value is not None]
    rows = [
        {
            "action_id": action.action_id,
            "at": milliseconds(action.at),
            "subject": action.subject,
            "action": action.action,
            "who": action.who,
            "why": action.why,
            "details": action.details,
        }
        for action in actions
    ]
    insert_once(connection, AUDIT, rows)
    followed = [_follow_up(one.record.offset, *told) for one in read if one.value and (told := told_by(one.value))]
    keep_newest(connection, FOLLOW_UPS, followed, _FOLLOWED)


def _follow_up(offset: int, letter_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"letter_id": letter_id}
    for guard, columns in _FOLLOWED.items():
        row |= {name: fields.get(name) for name in columns}
        row[guard] = offset if columns[0] in fields else NEVER
    for name in _FOLLOWED["snooze_offset"]:
        row[name] = None if row[name] is None else milliseconds(row[name])
    return row


def fold_control(connection: Connection, read: Sequence[Decoded[Control]], routing: Routing) -> None:
    """Takes over what stands under each key of the control topic."""
    rows = [
        {
            "control_key": one.key,
            "offset": one.record.offset,
            "word": word.value if (word := word_of(one.record.key)) else None,
            "content": None if one.value is None else json.dumps(canonical(one.value), sort_keys=True),
        }
        for one in read
    ]
    keep_newest(connection, CONTROL, rows, {"offset": ("word", "content")})


def note_misread(connection: Connection, record: Record, why: str) -> None:
    """Notes what cannot be read under its key, which tells what it is: such a hold holds all that it could be about."""
    told = {
        "unreadable": why,
        "place": f"{record.topic}[{record.partition}] at offset {record.offset}",
        "at": record.timestamp_ms,
    }
    row = {
        "control_key": (record.key or b"").decode("utf-8", "backslashreplace"),
        "offset": record.offset,
        "word": word.value if (word := word_of(record.key)) else None,
        "content": json.dumps(told, sort_keys=True),
    }
    keep_newest(connection, CONTROL, [row], {"offset": ("word", "content")})
