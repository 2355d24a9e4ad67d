"""Tells when what people hold has become too old to write by, and when no longer."""

from __future__ import annotations

import structlog

from relay.clients.http.clock import running_seconds
from relay.engine.control.membership import ControlView, Membership
from relay.engine.telemetry import events

_log = structlog.get_logger(__name__)


class ControlWatch:
    """The view of people's holds for each turn of a writer. It is too old to write by after ``window`` seconds."""

    def __init__(self, member: Membership, stage: str, window: float) -> None:
        self._member = member
        self._stage = stage
        self._window = window
        self._is_fresh = True

    @property
    def view(self) -> ControlView:
        """The view of this turn."""
        return self._member.view

    def look(self) -> None:
        """Called once a turn."""
        now = running_seconds()
        was_fresh, self._is_fresh = self._is_fresh, self.view.is_fresh(now, self._window)
        if was_fresh and not self._is_fresh:
            _log.error(events.CONTROL_TOO_OLD, stage=self._stage, seconds=round(now - self.view.read_at, 1))
        elif self._is_fresh and not was_fresh:
            _log.info(events.CONTROL_READ_AGAIN, stage=self._stage)
