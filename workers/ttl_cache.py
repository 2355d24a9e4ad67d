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
    """A value and when it was read."""

    value: T
    read_at: float


class TtlCache(Generic[T]):
    """Values of bounded age. Thread-safe."""

    def __init__(self, clock: Callable[[], float], most: int = 10_000) -> None:
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._values: OrderedDict[Hashable, CachedValue[T]] = OrderedDict()

    def put(self, key: Hashable, value: T) -> None:
        """``value`` has just been read."""
        with self._lock:
            self._values[key] = CachedValue(value, self._clock())
            self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)

    def change(self, key: Hashable, change: Callable[[T], T]) -> None:
        """Replaces the value by ``change(value)``, of the same age; without a value nothing happens.

        ``change`` runs under the lock, so that changes of several threads do not undo each other.
        """
        with self._lock:
            cached = self._values.get(key)
            if cached is not None:
                self._values[key] = CachedValue(change(cached.value), cached.read_at)

    def get(self, key: Hashable, longest: float = float("inf")) -> T | None:
        """The value, unless it is older than ``longest``."""
        with self._lock:
            aged = self._values.get(key)
        return None if aged is None or self._clock() - aged.read_at > longest else aged.value

    def is_younger(self, key: Hashable, than: float) -> bool:
        """Whether reading it again would hardly tell more."""
        return self.get(key, than) is not None

    def drop(self, key: Hashable) -> None:
        """It is to be read again."""
        with self._lock:
            self._values.pop(key, None)

    def clear(self) -> None:
        """Everything is to be read again."""
        with self._lock:
            self._values.clear()
