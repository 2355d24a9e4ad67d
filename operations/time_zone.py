"""The zone in which the company's people read times and days."""

from __future__ import annotations

from operations.environment import Environment
from relay.engine.configuration.problems import ConfigurationError

_UTC = "UTC"


def time_zone(environment: Environment) -> str:
    """That which the configuration's accounts name, where it is one and the same; else UTC."""
    if environment.settings.config is None:
        return _UTC
    try:
        accounts = environment.configuration.accounts().values()
    except (ConfigurationError, OSError):
        return _UTC  # What is shown does not depend on the file; who works by it says what is wrong.
    zones = {account.time_zone for account in accounts} - {_UTC}
    return zones.pop() if len(zones) == 1 else _UTC
