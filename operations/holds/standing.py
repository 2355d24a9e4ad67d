"""What stands on the control topic now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from operations.environment import Environment
from relay.domain.commands import Command
from relay.domain.person_holds import AnyHold, bars, is_over
from relay.engine.control.topic_state import ControlFold, Standing
from relay.engine.kafka import Partition, PartitionFollower
from relay.engine.topics import CONTROL


class ControlReader:
    """Reads the topic, and at each further look what is new. Belongs to one thread; used up with :meth:`close`."""

    def __init__(self, environment: Environment) -> None:
        self._reader = PartitionFollower(environment.connection, Partition(environment.name(CONTROL), 0))
        self._fold = ControlFold(environment.codec)

    def look(self) -> Standing:
        """What stands there now. Raises a ``KafkaFailure``."""
        for record in self._reader.news():
            self._fold.add(record)
        return self._fold.standing(self._reader.position)

    def close(self) -> None:
        """Ends the connection."""
        self._reader.close()


def read_standing(environment: Environment) -> Standing:
    """What stands there now. Raises ``TopicsMissing`` where the topic is not there, or another ``KafkaFailure``."""
    environment.counts([CONTROL])
    reader = ControlReader(environment)
    try:
        return reader.look()
    finally:
        reader.close()


def in_force(standing: Standing, at: datetime) -> list[AnyHold]:
    """The holds that have not ended by themselves, the oldest first."""
    return sorted((hold for hold in standing.holds.values() if not is_over(hold, at)), key=lambda hold: hold.since)


def holds_on(holds: Iterable[AnyHold], command: Command | None, written_to: str | None = None) -> list[AnyHold]:
    """Those of ``holds`` that keep ``command`` from being written."""
    return [hold for hold in holds if command is not None and bars(hold, command, written_to)]
