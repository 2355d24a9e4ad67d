"""Who looks after an open item, what was noted about it, and until when it may rest: told by what people did."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from relay.domain.records import OperatorAction

ASSIGN, NOTE, SNOOZE = "letter.assign", "letter.note", "letter.snooze"
"""The actions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """Of one letter. ``snoozed_after``: its last failure when it was snoozed; another one wakes it."""

    assigned: str | None = None
    note: str | None = None
    snoozed_until: datetime | None = None
    snoozed_after: datetime | None = None

    def until(self, last_at: datetime) -> datetime | None:
        """Until when a letter rests that failed last at ``last_at``; ``None``: it is awake."""
        return self.snoozed_until if last_at == self.snoozed_after else None


def told_by(action: OperatorAction) -> tuple[str, dict[str, Any]] | None:
    """The letter's id and the fields that an action sets; ``None`` for an action about something else."""
    if action.action not in (ASSIGN, NOTE, SNOOZE):
        return None
    try:
        said = json.loads(action.details)
        letter_id = said["letter_id"]
        match action.action:
            case "letter.assign":
                return letter_id, {"assigned": said["to"]}
            case "letter.note":
                return letter_id, {"note": said["note"]}
        times = {"snoozed_until": said["until"], "snoozed_after": said["after"]}
        return letter_id, {name: None if text is None else datetime.fromisoformat(text) for name, text in times.items()}
    except (ValueError, KeyError, TypeError):
        return None  # Anybody may write there: what says nothing sets nothing.


def follow_ups(actions: Iterable[OperatorAction]) -> dict[str, FollowUp]:
    """What stands of each letter after ``actions``, which are in the order of the topic."""
    found: dict[str, FollowUp] = {}
    for action in actions:
        if told := told_by(action):
            letter_id, fields = told
            found[letter_id] = replace(found.get(letter_id, FollowUp()), **fields)
    return found
