"""Writes what replayed events become, in transactions that note how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from operations.audit import AuditedTransaction
from operations.pace import Pace
from operations.replay.events import Replayed
from operations.replay.progress import ADVANCED, advance
from relay.engine.kafka import bounded_batches

_AT_ONCE = 200
"""Events of one transaction."""


@dataclass(slots=True)
class Tally:
    """What was written so far. ``number``: of the audit entry that says that it has ended."""

    events: int = 0
    commands: int = 0
    letters: int = 0
    skipped: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    number: int | None = None

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
    transaction: AuditedTransaction,
    replay_id: str,
    events: Iterable[Replayed],
    pace: Pace,
    advanced: Callable[[int], None],
) -> Tally:
    """Writes what ``events`` became; returns what that was. ``advanced`` gets the number in each transaction."""
    tally = Tally()
    for batch in bounded_batches(events, lambda replayed: replayed.size, most=pace.at_once(_AT_ONCE)):
        pace.take(len(batch))
        for replayed in batch:
            tally.add(replayed)
        note = transaction.action(replay_id, ADVANCED, advance(batch[-1].place, tally.events))
        transaction.commit([record for replayed in batch for record in replayed.written.outgoing], [note])
        advanced(len(batch))
    return tally
