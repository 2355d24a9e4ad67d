"""What a simulator begins with: settings, deeds of people, and faults."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.sandbox.shell.json_text import parse
from deploy.sandbox.shell.service import Refused, Service

MEMBERS = ("settings", "people", "faults")


@dataclass(frozen=True)
class Seed:
    """Settings first, then the operations in their order; faults are armed last."""

    settings: dict[str, Any] = field(default_factory=dict)
    people: list[dict[str, Any]] = field(default_factory=list)
    faults: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, value: Any) -> Seed:
        """The seed that a JSON value describes; raises Refused."""
        if not isinstance(value, dict) or not value.keys() <= set(MEMBERS):
            raise Refused(f"a seed is an object of {', '.join(MEMBERS)}")
        return cls(**value)

    @classmethod
    def read(cls, path: Path) -> Seed:
        """The seed of a file; raises Refused or OSError."""
        return cls.of(parse(path.read_bytes()))

    def sow(self, service: Service) -> None:
        """Applies settings and operations; raises Refused at the first that is not possible."""
        service.change_settings(self.settings)
        for deed in self.people:
            body = {name: value for name, value in deed.items() if name != "operation"}
            service.operate(str(deed.get("operation")), body)
