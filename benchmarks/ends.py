"""When each command ended, followed on the outcomes topic while a benchmark runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from benchmarks.ground import Ground, awaited
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind
from relay.engine.kafka import Partition, read_to_end
from relay.engine.record_codec import record_codec
from relay.engine.topics import OUTCOMES


class Ends:
    """Reads each outcome once: reading all of them over and over would take the machine from what is measured."""

    def __init__(self, here: Ground) -> None:
        self._here = here
        self._codec = record_codec()
        name = OUTCOMES.name(here.prefix)
        self._next = {Partition(name, number): 0 for number in range(here.partitions)}
        self._ends: dict[str, tuple[OutcomeKind, datetime]] = {}

    def wait(self, commands: Iterable[str]) -> None:
        """Until each of these has ended."""
        left = set(commands)

        def all_ended() -> bool:
            self._read()
            left.difference_update(self._ends)
            return not left

        awaited(all_ended, f"{len(left)} commands")

    def seconds(self, commands: Iterable[str], since: datetime) -> list[float]:
        """From ``since`` to each one's end."""
        return [(self._ends[one][1] - since).total_seconds() for one in commands]

    def kinds(self, commands: Iterable[str]) -> dict[str, int]:
        """How many ended in which way."""
        return dict(Counter(self._ends[one][0].value for one in commands))

    def _read(self) -> None:
        for record in read_to_end(self._here.connection, list(self._next), start=self._next):
            self._next[Partition(record.topic, record.partition)] = record.offset + 1
            outcome = self._codec.decode(record.value or b"", ChangeOrderOutcome)
            if outcome.kind.is_terminal and outcome.command_id is not None:
                self._ends[outcome.command_id] = (outcome.kind, outcome.at)
