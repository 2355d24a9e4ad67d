"""Commands as their lanes would hold them, on the disk: there is one for each change order and target of a plan."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator

from operations.environment import Environment
from operations.values_on_disk import ValuesOnDisk
from relay.domain.commands import COMMAND_TYPES
from relay.engine.kafka import Outgoing, Record
from relay.engine.topics import FAMILIES

LanePlace = tuple[str, int]
"""A target system, and the number of one of its partitions."""


class LanesOnDisk:
    """Commands by place, in the order in which they came. Belongs to one thread."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._values = ValuesOnDisk()
        self._counts: dict[LanePlace, int] = {}
        self.accounts: dict[LanePlace, set[str]] = {}
        """Of which accounts there are commands, by place; the places are in the order in which they came."""

    def close(self) -> None:
        """Removes what is on the disk."""
        self._values.close()

    def fill(self, commands: Iterable[Outgoing]) -> None:
        """Keeps them; called once."""
        self._values.fill(self._placed(commands))

    def records(self, place: LanePlace) -> Iterator[Record]:
        """What the lanes of a place would hand out."""
        for offset in range(self._counts[place]):
            topic, key, value, headers = pickle.loads(self._values.get(_key(place, offset)) or b"")  # noqa: S301 - our own, of a moment ago
            yield Record(topic, place[1], offset, key, value, headers, 0)

    def _placed(self, commands: Iterable[Outgoing]) -> Iterator[tuple[str, bytes]]:
        systems = {
            topic.name(self._environment.prefix): family.system
            for family in FAMILIES.values()
            for topic in family.lanes
        }
        for command in commands:
            place = (systems[command.topic], command.partition or 0)
            offset = self._counts.get(place, 0)
            self._counts[place] = offset + 1
            decoded = self._environment.codec.decode(command.value or b"", COMMAND_TYPES[place[0]])
            self.accounts.setdefault(place, set()).add(decoded.account)
            yield _key(place, offset), pickle.dumps((command.topic, command.key, command.value, tuple(command.headers)))


def _key(place: LanePlace, offset: int) -> str:
    return f"{place[0]} {place[1]} {offset}"
