"""Who looks after an open item, what was noted about it, and until when it may rest: told by what people did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from relay.domain.json_object import object_in
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
    said = object_in(action.details)
    if said is None:
        return None
    try:
        letter_id = said["letter_id"]
        fields = _fields(action.action, said)
    except (ValueError, KeyError, TypeError, OverflowError):
        return None  # Anybody may write there: what says nothing sets nothing.
    return (letter_id, fields) if isinstance(letter_id, str) else None


def _fields(action: str, said: Mapping[str, Any]) -> dict[str, Any]:
    match action:
        case "letter.assign":
            return {"assigned": _text(said["to"])}
        case "letter.note":
            return {"note": _text(said["note"])}
    return {"snoozed_until": _time(said["until"]), "snoozed_after": _time(said["after"])}


def _text(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError
    return value


def _time(value: object) -> datetime | None:
    text = _text(value)
    time = None if text is None else datetime.fromisoformat(text)
    if time is not None and time.tzinfo is None:
        raise ValueError
    # One of the last day of all may be in no year that UTC has: nobody could show it.
    return time if time is None else time.astimezone(UTC)


def follow_ups(actions: Iterable[OperatorAction]) -> dict[str, FollowUp]:
    """What stands of each letter after ``actions``, which are in the order of the topic."""
    found: dict[str, FollowUp] = {}
    for action in actions:
        if told := told_by(action):
            letter_id, fields = told
            found[letter_id] = replace(found.get(letter_id, FollowUp()), **fields)
    return found
