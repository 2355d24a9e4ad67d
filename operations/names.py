"""What names of accounts, targets, routes and topics stand for, as it is recorded."""

from __future__ import annotations

from operations.environment import Environment
from operations.reading import latest_by_key
from relay.domain.records import NameRecord
from relay.engine.provision.names import name_of
from relay.engine.topics import NAMES


def recorded_names(environment: Environment) -> list[NameRecord]:
    """Every name, in order. Raises ``Fatal`` for one that cannot be read, ``TopicsMissing`` without the topic."""
    count = environment.counts([NAMES])[NAMES]
    found = latest_by_key(environment.connection, environment.every(NAMES, count))
    return sorted((name_of(record, environment.codec) for record in found.values()), key=lambda record: record.name)
