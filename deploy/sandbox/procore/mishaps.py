"""What a test arranges to go wrong with single elements of a sync.

The answer to a sync names each element under ``entities`` or ``errors``; nothing promises that it does.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from deploy.sandbox.procore.errors import Messages

KINDS: Final = ("rejected", "mislaid", "skipped")


@dataclass(frozen=True)
class Mishap:
    """``rejected`` with messages; ``mislaid``: stored but in neither list; ``skipped``: neither stored nor listed."""

    kind: str
    messages: Messages = field(default_factory=dict)


@dataclass
class Mishaps:
    """By ``origin_id``; each happens once."""

    waiting: dict[str, deque[Mishap]] = field(default_factory=dict)

    def arrange(self, origin_id: str, mishap: Mishap, times: int) -> int:
        """Adds some; returns how many wait for that ``origin_id``."""
        queue = self.waiting.setdefault(origin_id, deque())
        queue.extend([mishap] * times)
        return len(queue)

    def take(self, origin_id: object) -> Mishap | None:
        """The next one of an element, if one waits."""
        queue = self.waiting.get(origin_id) if isinstance(origin_id, str) else None
        return queue.popleft() if queue else None
