"""A replay's own entries in the audit topic, from which it can go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from operations.environment import Environment
from operations.errors import Refused
from operations.letters.open_letters import Shown
from operations.reading import with_key
from operations.replay.places import Place
from operations.replay.selection import Selection
from relay.domain.json_object import object_in
from relay.domain.records import OperatorAction
from relay.engine.topics import AUDIT
from schemas import Unreadable

BEGUN, ADVANCED, ENDED = "replay", "replay.advanced", "replay.ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayProgress:
    """How far a replay is. ``last`` is the place of the last event that was replayed.

    ``letters``: those about whole projects of its own, as they stood when it began. What a later one tells of may lie
    behind ``ends``, where it replays nothing.
    """

    selection: Selection
    ends: Mapping[int, int]
    letters: Shown
    last: Place | None = None


def beginning(progress: ReplayProgress, events: int) -> dict[str, object]:
    """What is noted at the beginning: enough to make the same choice again."""
    return {
        "selection": progress.selection.as_details(),
        "ends": dict(progress.ends),
        "events": events,
        "project_letters": dict(progress.letters),
    }


def advance(place: Place, done: int) -> dict[str, object]:
    """What is noted with each transaction."""
    return {"last": list(place), "done": done}


def read_progress(environment: Environment, replay_id: str, count: int) -> ReplayProgress:
    """How far the replay is. Raises ``Refused`` where there is none of that id, or nothing is left of it."""
    partitions = environment.every(AUDIT, count)
    begun: ReplayProgress | None = None
    last: Place | None = None
    for record in with_key(environment.connection, partitions, replay_id.encode().__eq__):
        try:
            action = environment.codec.decode(record.value or b"", OperatorAction)
        except Unreadable:  # A stranger's: nobody of ours writes such a record.
            continue
        if action.action == ENDED:
            raise Refused(f"replay {replay_id} has ended: nothing is left of it")
        details = object_in(action.details) or {}
        try:
            if action.action == BEGUN:
                begun = _begun(details)
            elif action.action == ADVANCED:
                last = (int(details["last"][0]), int(details["last"][1]))
        except (KeyError, IndexError, TypeError, ValueError, AttributeError):  # A stranger's, too.
            continue
    if begun is None:
        raise Refused(f"there is no replay {replay_id}; `cor replay` prints the id of each when it begins")
    return replace(begun, last=last)


def _begun(details: Mapping[str, Any]) -> ReplayProgress:
    """Raises one of many errors where these are not what a replay notes at its beginning."""
    return ReplayProgress(
        selection=Selection.of_details(details["selection"]),
        ends={int(number): int(offset) for number, offset in details["ends"].items()},
        # An earlier release noted none: it is not known which may end.
        letters=dict(details.get("project_letters", {})),
    )
