"""The routes that are in force, from the configuration's file: read again where it has changed."""

from __future__ import annotations

from operations.environment import Environment
from operations.errors import Refused
from relay.domain.routes import Routing
from relay.engine.configuration import load_configuration
from relay.engine.configuration.problems import ConfigurationError
from relay.engine.kafka import KafkaFailure


class RoutesFile:
    """Thread-safe. Two requests at once may both read the file, and read the same."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._read: tuple[tuple[int, int], Routing] | None = None

    def __call__(self) -> Routing:
        """The routes. Raises ``Refused`` where they cannot be read."""
        try:
            file = self._environment.settings.configuration_file()
            state = file.stat()
            mark = (state.st_mtime_ns, state.st_size)
            if self._read is None or self._read[0] != mark:
                pins = self._environment.pins
                self._read = (mark, load_configuration(file, secrets_of=(), pins=pins).routing)
            return self._read[1]
        except (ConfigurationError, KafkaFailure, OSError) as error:
            raise Refused(f"what goes where cannot be told without the routes (COR_CONFIG): {error}") from error
