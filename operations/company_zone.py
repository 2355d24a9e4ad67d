"""The time zone of the company's people."""

from __future__ import annotations

from typing import Final

from operations.environment import Environment
from relay.engine.configuration.problems import ConfigurationError

UTC_ZONE: Final = "UTC"


def time_zone(environment: Environment) -> str:
    """The zone of the company's people, where the configuration's accounts name one and the same; else UTC."""
    if environment.settings.config is None:
        return UTC_ZONE
    try:
        accounts = environment.configuration.accounts().values()
    except (ConfigurationError, OSError):
        return UTC_ZONE  # What is shown does not depend on the file; who works by it says what is wrong.
    zones = {account.time_zone for account in accounts} - {UTC_ZONE}
    return zones.pop() if len(zones) == 1 else UTC_ZONE
