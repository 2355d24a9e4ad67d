"""What was seen, as it is said."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class NotProven(Exception):
    """Something is not as it must be; the message says what was expected, and what was found."""


STEPS = (
    "provisioning",
    "readiness",
    "work",
    "a rolling restart under load",
    "a killed pod",
    "a wrong configuration, rolled out and back",
    "grace times",
)
"""What is proven on a cluster, in order."""


class Record:
    """Says each step as it is done, and how many seconds it took."""

    def __init__(self, say: Callable[[str], None] = print) -> None:
        self._say = say
        self.done: list[str] = []

    @contextmanager
    def step(self, name: str) -> Iterator[list[str]]:
        """One of :data:`STEPS`; the block adds what it saw to the list."""
        began = time.monotonic()
        seen: list[str] = []
        yield seen
        self.done.append(name)
        told = f": {'; '.join(seen)}" if seen else ""
        self._say(f"{name}: {time.monotonic() - began:.0f} s{told}")


def until(condition: Callable[[], bool], what: str, seconds: float, pause: float = 1.0) -> None:
    """Waits for it. Raises :class:`NotProven`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise NotProven(f"expected within {seconds:.0f} s: {what}")
        time.sleep(pause)
