"""What ``cor trace`` tells of one change order."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from operations.audit import now
from operations.environment import Environment
from operations.errors import Refused
from operations.json_values import plain
from operations.trace.current_state import current_state
from operations.trace.history import TOPICS, History, read_history
from operations.trace.subject import find_change_order
from operations.trace.timeline import TimelineEntry, timeline
from relay.engine.kafka import Progress, unwatched


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One change order's past and present. ``state`` are sentences; none where nothing waits and nothing is open."""

    history: History
    state: list[str]

    def timeline(self, *, for_people: bool = False) -> list[TimelineEntry]:
        """What happened, the earliest first."""
        return timeline(self.history, for_people=for_people)

    def records(self) -> dict[str, Any]:
        """The records themselves, by kind; the source's raw JSON stays on its topic."""
        history = self.history
        records: dict[str, Any] = {kind.name: plain(getattr(history, kind.name)) for kind in fields(history)}
        for event in records["events"]:
            del event["raw"]
        for letter in records["letters"].values():
            for name in ("record_value", "record_key", "headers"):
                del letter[name]
        records["waiting"] = {
            f"{slot.value} {origin_id}": plain(waiting) for (slot, origin_id), waiting in history.waiting.items()
        }
        del records["key"], records["places"], records["names"]
        return records


def trace(environment: Environment, named: str, progress: Progress = unwatched) -> Trace:
    """Reads what the topics hold about a change order, in parts of which ``progress`` is told.

    Raises ``Refused`` where that is nothing.
    """
    counts = environment.counts(TOPICS)
    key = find_change_order(environment, named.strip(), counts)
    history = read_history(environment, key, counts, progress)
    if history.is_empty:
        raise Refused(f"nothing is known of {key}: it was never observed, or retention has removed it")
    return Trace(history=history, state=current_state(history, now()))
