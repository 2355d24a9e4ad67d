"""What people did, as the audit topic tells it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from operations.environment import Environment
from operations.letters.filter import is_of
from operations.reading import offsets_at, pass_over
from relay.domain.records import OperatorAction
from relay.engine.kafka import read_to_end
from relay.engine.topics import AUDIT
from schemas import Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionFilter:
    """Conditions, all of which must hold. ``since`` and ``until``: aware times, ``until`` excluded."""

    person: str | None = None
    change_order: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def fits(self, action: OperatorAction) -> bool:
        """Whether it is meant."""
        return (
            self.person in {None, action.who}
            and self.action in {None, action.action}
            and (self.change_order is None or is_of(action.subject, self.change_order))
            and (self.since is None or action.at >= self.since)
            and (self.until is None or action.at < self.until)
        )


def read_actions(environment: Environment, condition: ActionFilter) -> list[OperatorAction]:
    """Those that fit, the earliest first. What cannot be read is passed over."""
    return sorted(
        filter(condition.fits, _all(environment, condition)), key=lambda action: (action.at, action.action_id)
    )


def _all(environment: Environment, condition: ActionFilter) -> Iterator[OperatorAction]:
    places = environment.every(AUDIT, environment.counts([AUDIT])[AUDIT])
    start: dict[Any, int] = {}
    if condition.since is not None:
        # The entry was made a little before it was written.
        begin = condition.since - timedelta(minutes=10)
        start = dict(offsets_at(environment.connection, places, round(begin.timestamp() * 1000)))
    for record in read_to_end(environment.connection, places, start=start, pass_over=pass_over):
        try:
            yield environment.codec.decode(record.value or b"", OperatorAction)
        except Unreadable:
            continue
