"""Who owns what, as the group says it and as the owner gets to know it."""

from __future__ import annotations

import queue
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from kafka import ConsumerRebalanceListener

from relay.engine.kafka.client import ours
from relay.engine.kafka.records import Partition


class Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # the client's class has no types
    """Notes what the group assigns. Runs on the client's I/O thread, so it only enqueues.

    ``pause`` keeps the client from reading a partition before its owner has placed it, and has said whether it is to be
    read at all: a poll in which a member joins would go on to read in the same turn.
    """

    def __init__(self, pause: Callable[..., None]) -> None:
        self._pause = pause
        self._told: queue.SimpleQueue[frozenset[Partition]] = queue.SimpleQueue()

    def on_partitions_revoked(self, revoked: Collection[Any]) -> None:
        """Not the end of ownership yet: most partitions come back with the assignment that follows."""

    def on_partitions_lost(self, lost: Collection[Any]) -> None:
        """The group went on without us; somebody else may own all of it already."""
        self._told.put(frozenset())

    def on_partitions_assigned(self, assigned: Collection[Any]) -> None:
        """The whole new assignment (eager protocol)."""
        self._pause(*assigned)
        self._told.put(frozenset(ours(one) for one in assigned))

    def told(self) -> list[frozenset[Partition]]:
        """The assignments since the last look, in order; an empty one for a lost membership."""
        found = []
        while not self._told.empty():
            found.append(self._told.get())
        return found


@dataclass(frozen=True, slots=True)
class Change:
    """What became of the assignment. A partition in both was taken away and has come back."""

    gained: frozenset[Partition] = frozenset()
    lost: frozenset[Partition] = frozenset()

    def then(self, later: Change) -> Change:
        """Both in one: what came and went in between was never there."""
        return Change(
            gained=(self.gained - later.lost) | later.gained,
            lost=self.lost | (later.lost - self.gained),
        )


NO_CHANGE = Change()


class Assignment:
    """The partitions that are owned now."""

    def __init__(self) -> None:
        self.owned: frozenset[Partition] = frozenset()

    def follow(self, told: Collection[frozenset[Partition]]) -> Change:
        """Takes over what the listener was told, and says what that changes."""
        change = NO_CHANGE
        for owned in told:
            change = change.then(Change(gained=owned - self.owned, lost=self.owned - owned))
            self.owned = owned
        return change
