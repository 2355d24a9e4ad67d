"""Writes what replayed events become, in transactions that note how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from operations.audit import AuditedTransaction
from operations.pace import Pace
from operations.replay.events import Replayed
from operations.replay.progress import ADVANCED, advance

_AT_ONCE = 200
_BYTES_AT_ONCE = 16 * 1024 * 1024
"""A transaction is open for as long as it takes to write this much; the broker aborts one after seconds."""


@dataclass(slots=True)
class Tally:
    """What was written so far."""

    events: int = 0
    commands: int = 0
    letters: int = 0
    skipped: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    def add(self, replayed: Replayed) -> None:
        """Counts one event."""
        written = replayed.written
        self.events += 1
        self.commands += len(written.commands)
        if written.letter_reason is not None:
            self.letters += 1
            self.reasons[written.letter_reason] = self.reasons.get(written.letter_reason, 0) + 1
        elif not written.commands:
            self.skipped += 1


def write(
    acts: AuditedTransaction,
    replay_id: str,
    replayed: Iterable[Replayed],
    pace: Pace,
    advanced: Callable[[int], None],
) -> Tally:
    """Writes all of it. ``advanced`` is told how many events each transaction held."""
    tally = Tally()
    for batch in _batches(replayed, pace.at_once(_AT_ONCE)):
        pace.take(len(batch))
        for one in batch:
            tally.add(one)
        note = acts.action(replay_id, ADVANCED, advance(batch[-1].place, tally.events))
        acts.commit([record for one in batch for record in one.written.outgoing], [note])
        advanced(len(batch))
    return tally


def _batches(replayed: Iterable[Replayed], at_once: int) -> Iterator[list[Replayed]]:
    batch: list[Replayed] = []
    size = 0
    for one in replayed:
        if batch and (len(batch) >= at_once or size + one.size > _BYTES_AT_ONCE):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += one.size
    if batch:
        yield batch
