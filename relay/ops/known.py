"""Which accounts there are, or ever were: from the names topic, without any configuration."""

from __future__ import annotations

from dataclasses import dataclass

from operations.environment import Environment
from operations.reading import newest
from relay.domain.records import NameRecord
from relay.engine.topics import NAMES

_ACCOUNT = "account:"


@dataclass(frozen=True, slots=True, order=True)
class KnownAccount:
    """An account of a remote system, by the name that stands for it for ever."""

    system: str
    name: str

    @property
    def key(self) -> str:
        """``{system}:{account}``."""
        return f"{self.system}:{self.name}"


def known_accounts(environment: Environment, count: int) -> list[KnownAccount]:
    """Every account whose name is recorded. ``count``: partitions of the names topic."""
    found = newest(environment.connection, environment.every(NAMES, count), lambda key: key.startswith(b"account:"))
    names = [environment.codec.decode(record.value or b"", NameRecord).name for record in found.values()]
    pairs = [name.removeprefix(_ACCOUNT).partition(":") for name in names]
    return sorted(KnownAccount(system, name) for system, _, name in pairs)
