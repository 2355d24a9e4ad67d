"""Whether the stages of this process are alive, ready, and have anything to do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

STALLED_AFTER = 120.0
"""Seconds without a beat after which a stage counts as stuck: more than any commit, call or pause of a
loop that works may take, and far less than a person takes to notice."""

THE_START = "start"
"""What is waited for while the process proves its settings and looks for Kafka."""


@dataclass(slots=True)
class _Pulse:
    """What one stage has said of itself. ``quiet``: how often in a row it was idle."""

    beat_at: float
    ready: bool = False
    quiet: int = 0
    retired: bool = False


class Health:
    """The stages report here; ``/livez``, ``/readyz`` and ``cor run --once`` read it. Thread-safe.

    ``clock`` gives seconds and never goes back.
    """

    def __init__(self, *, stalled_after: float = STALLED_AFTER, clock: Callable[[], float] = time.monotonic) -> None:
        self._stalled_after = stalled_after
        self._clock = clock
        self._lock = threading.Lock()
        self._pulses: dict[str, _Pulse] = {}

    def expect(self, stage: str) -> None:
        """From now on ``stage`` has to beat; it is not ready yet."""
        with self._lock:
            self._pulses[stage] = _Pulse(self._clock())

    def beat(self, stage: str) -> None:
        """The stage's loop has taken a turn."""
        with self._lock:
            self._pulse(stage).beat_at = self._clock()

    def ready(self, stage: str, ready: bool = True) -> None:  # noqa: FBT001, FBT002 - reads as a sentence
        """Whether the stage has its partitions and has restored them."""
        with self._lock:
            self._pulse(stage).ready = ready

    def is_ready(self, stage: str) -> bool:
        """Whether it has said so, and has not taken it back."""
        with self._lock:
            pulse = self._pulses.get(stage)
            return pulse is not None and pulse.ready and not pulse.retired

    def idle(self, stage: str, idle: bool) -> None:  # noqa: FBT001 - reads as a sentence
        """Whether this turn found nothing to do and nothing is under way.

        A turn that did something may have made work for any other stage, so that everybody's
        earlier idleness counts no more.
        """
        with self._lock:
            pulse = self._pulse(stage)
            if idle:
                pulse.quiet += 1
            else:
                for other in self._pulses.values():
                    other.quiet = 0

    def retire(self, stage: str) -> None:
        """The stage has ended as it should: it need not beat any more."""
        with self._lock:
            self._pulse(stage).retired = True

    def settled(self) -> bool:
        """Whether every stage has been idle twice since any of them last did something."""
        with self._lock:
            return all(pulse.retired or pulse.quiet >= 2 for pulse in self._pulses.values())

    def ages(self) -> dict[str, float]:
        """Seconds since the last beat, by stage."""
        with self._lock:
            now = self._clock()
            return {name: now - pulse.beat_at for name, pulse in self._pulses.items() if not pulse.retired}

    def stalled(self) -> list[str]:
        """The stages whose loops are stuck."""
        return [name for name, age in self.ages().items() if age > self._stalled_after]

    def waiting(self) -> list[str]:
        """The stages that are not ready; before any is expected, the start itself."""
        with self._lock:
            if not self._pulses:
                return [THE_START]
            return [name for name, pulse in self._pulses.items() if not (pulse.ready or pulse.retired)]

    def _pulse(self, stage: str) -> _Pulse:
        return self._pulses.setdefault(stage, _Pulse(self._clock()))
