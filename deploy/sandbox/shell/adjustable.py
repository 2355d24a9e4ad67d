"""Settings of a simulated remote: what its documentation leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, get_type_hints

from deploy.sandbox.shell.service import Refused


@dataclass
class Adjustable:
    """A base for dataclasses whose fields tests may set, each to a value of its own type."""

    CHOICES: ClassVar[Mapping[str, tuple[object, ...]]] = {}
    """The allowed values of the fields that have only a few."""

    def change(self, values: Mapping[str, Any]) -> None:
        """Takes over ``values``; raises Refused, and changes nothing, if one is not possible."""
        for name, value in values.items():
            self._check(name, value)
        for name, value in values.items():
            setattr(self, name, value)

    def dump(self) -> dict[str, Any]:
        """All settings by name."""
        return asdict(self)

    def _check(self, name: str, value: object) -> None:
        names = [field.name for field in fields(self)]
        if name not in names:
            raise Refused(f"no setting {name!r}; there are {', '.join(sorted(names))}")
        wanted = get_type_hints(type(self))[name]
        if type(value) is not wanted:
            raise Refused(f"{name} takes a {wanted.__name__}, not {value!r}")
        if value not in self.CHOICES.get(name, (value,)):
            raise Refused(f"{name} is one of {self.CHOICES[name]}, not {value!r}")
