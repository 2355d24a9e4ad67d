"""What people did (audit), and what stands on the control topic: holds, and what each member states of itself."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Connection

from relay.domain.canonical_text import canonical
from relay.domain.control import Control, word_of
from relay.domain.records import OperatorAction
from relay.domain.routes import Routing
from relay.engine.kafka import Record
from workers.views.amounts import milliseconds
from workers.views.folds import Decoded
from workers.views.tables import AUDIT, CONTROL
from workers.views.upserts import insert_once, keep_newest


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
