"""Lower-case GUIDs, the same in every run so that a failing test can be repeated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid5

NAMESPACE: Final = UUID("0d4c8e0e-7c0f-5c55-9a6e-5f2f1f0c1a11")


def named(name: str) -> str:
    """The GUID of a thing of the default data."""
    return str(uuid5(NAMESPACE, name))


@dataclass
class Generator:
    """A source of GUIDs that differ from each other and from the named ones."""

    given: int = 0
    """How many it has given out."""

    def __call__(self) -> str:
        self.given += 1
        return named(f"#{self.given}")


def is_guid(value: object) -> bool:
    """Whether ``value`` is a GUID in the spelling CINX uses."""
    if not isinstance(value, str):
        return False
    try:
        return str(UUID(value)) == value.lower()
    except ValueError:
        return False
