"""Waiting for what the story expects."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from deploy.demo.failures import DemoFailed

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds for which one expected thing is waited for."""

_PAUSE = 0.2


def until(
    look: Callable[[], T | None],
    *,
    expected: str,
    found: Callable[[], object] | None = None,
    patience: float = PATIENCE,
) -> T:
    """The first true answer of ``look``.

    Raises :class:`DemoFailed` when there is none in time, with the last answer or what ``found`` says.
    """
    end = time.monotonic() + patience
    while not (answer := look()):
        if time.monotonic() > end:
            raise DemoFailed(f"expected within {patience:.0f} s: {expected}\nfound: {found() if found else answer!r}")
        time.sleep(_PAUSE)
    return answer
