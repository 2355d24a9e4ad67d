"""Values that were read from a remote, each of bounded age."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CachedValue(Generic[T]):
    """A value and when it was read, in seconds of the cache's clock."""

    value: T
    read_at: float


class TtlCache(Generic[T]):
    """Values of bounded age by key. Thread-safe."""

    def __init__(self, clock: Callable[[], float], max_entries: int = 10_000) -> None:
        self._clock = clock
        self._max_entries = max_entries
        self._lock = threading.Lock()
        self._values: OrderedDict[Hashable, CachedValue[T]] = OrderedDict()

    def put(self, key: Hashable, value: T) -> None:
        """Keeps a value that has just been read; above ``max_entries`` the one that was put longest ago goes."""
        with self._lock:
            self._values[key] = CachedValue(value, self._clock())
            self._values.move_to_end(key)
            while len(self._values) > self._max_entries:
                self._values.popitem(last=False)

    def change(self, key: Hashable, change: Callable[[T], T]) -> None:
        """Replaces the value by ``change(value)``, of the same age; without a value nothing happens.

        ``change`` runs under the lock, so that changes of several threads do not undo each other.
        """
        with self._lock:
            cached = self._values.get(key)
            if cached is not None:
                self._values[key] = CachedValue(change(cached.value), cached.read_at)

    def get(self, key: Hashable, max_age: float = float("inf")) -> T | None:
        """The value; ``None``: there is none, or it was read more than ``max_age`` seconds ago."""
        with self._lock:
            cached = self._values.get(key)
        return None if cached is None or self._clock() - cached.read_at > max_age else cached.value

    def is_younger(self, key: Hashable, age: float) -> bool:
        """Whether there is a value that was read at most ``age`` seconds ago."""
        return self.get(key, age) is not None

    def drop(self, key: Hashable) -> None:
        """Forgets a value, so that it is read again."""
        with self._lock:
            self._values.pop(key, None)

    def clear(self) -> None:
        """Forgets every value."""
        with self._lock:
            self._values.clear()
