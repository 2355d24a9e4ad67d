"""Waiting until nothing is left to do."""

from __future__ import annotations

import time
from collections.abc import Mapping

from operations.environment import Environment
from operations.status.report import Status, read_status

_PAUSE = 1.0
"""Seconds between two looks; each reads the topics anew."""


def wait_until_idle(environment: Environment, budgets: Mapping[str, Mapping[str, float]], seconds: float) -> Status:
    """The status once it was idle twice in a row, or as it is after ``seconds``.

    What moves from one stage to the next while the first look reads is seen by the second.
    """
    until = time.monotonic() + seconds
    was_idle = False
    while True:
        status = read_status(environment, budgets)
        if (status.idle and was_idle) or time.monotonic() >= until:
            return status
        was_idle = status.idle
        if not was_idle:
            time.sleep(min(_PAUSE, max(0.0, until - time.monotonic())))
