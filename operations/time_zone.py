"""The zone in which the company's people read times and days."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from operations.environment import Environment
from relay.engine.configuration.document import read_document
from relay.engine.configuration.problems import ConfigurationError

_UTC = "UTC"


def time_zone(environment: Environment) -> str:
    """That which the configuration's accounts name, where it is one and the same; else UTC.

    Read of the file alone: routes whose projects are pinned would ask Kafka, which need not be there.
    """
    if environment.settings.config is None:
        return _UTC
    try:
        content = read_document(environment.settings.config).content
    except ConfigurationError:
        return _UTC  # What is shown does not depend on the file; who works by it says what is wrong.
    zones = set(_named(content)) - {_UTC}
    return zones.pop() if len(zones) == 1 else _UTC


def _named(content: Any) -> Iterator[str]:
    systems = content.get("accounts") if isinstance(content, dict) else None
    for accounts in systems.values() if isinstance(systems, dict) else ():
        for account in accounts.values() if isinstance(accounts, dict) else ():
            zone = account.get("time_zone") if isinstance(account, dict) else None
            if isinstance(zone, str) and _is_zone(zone):
                yield zone


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
