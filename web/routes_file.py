"""The routes that are in force, from the configuration's file: read again where it has changed."""

from __future__ import annotations

import time
from collections.abc import Callable

from operations.environment import Environment
from operations.errors import Refused
from relay.domain.routes import Routing
from relay.engine.configuration import load_configuration
from relay.engine.configuration.problems import ConfigurationError
from relay.engine.kafka import KafkaFailure

_REMEMBERED = 60.0
"""Seconds for which it is not tried again to read what could not be read."""


class RoutesFile:
    """Thread-safe. Two requests at once may both read the file, and read the same."""

    def __init__(self, environment: Environment, clock: Callable[[], float] = time.monotonic) -> None:
        self._environment = environment
        self._clock = clock
        self._read: tuple[tuple[int, int], Routing] | None = None
        self._failed: tuple[tuple[int, int], float, Refused] | None = None

    def __call__(self) -> Routing:
        """The routes. Raises ``Refused`` where they cannot be read, and for a minute then without trying again."""
        try:
            file = self._environment.settings.configuration_file()
            state = file.stat()
        except (ConfigurationError, OSError) as error:
            raise _refusal(error) from error
        mark = (state.st_mtime_ns, state.st_size)
        read, failed = self._read, self._failed
        if read is not None and read[0] == mark:
            return read[1]
        if failed is not None and failed[0] == mark and self._clock() - failed[1] < _REMEMBERED:
            raise Refused(str(failed[2]))
        try:
            routing = load_configuration(file, secrets_of=(), pins=self._environment.pins).routing
        except (ConfigurationError, KafkaFailure, OSError) as error:
            refused = _refusal(error)
            self._failed = (mark, self._clock(), refused)
            raise refused from error
        self._read = (mark, routing)
        return routing


def _refusal(error: Exception) -> Refused:
    why = str(error)
    if isinstance(error, KafkaFailure):
        why = f"what the projects and contracts that it calls by number or name stand for is read from Kafka, and {why}"
    return Refused(f"what goes where cannot be told without the routes (COR_CONFIG): {why}")
