"""What a simulated remote holds, as a JSON value, and back.

Unlike the state that tests judge by, a snapshot leaves nothing out: a simulator that is given one goes on where the
other stood, with the same ids to give out next. A member that a later version of a class adds has its default in what
an earlier one wrote; one that is gone, and a class that is gone, are refused.

Text, whole numbers, truth and nothing stand for themselves, and lists for lists. Everything else is an object of one
member, whose name says what it is. An object of the sandbox's own classes carries a number by which later places
name it again: two that share their settings share them afterwards, too.
"""

from __future__ import annotations

import importlib
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

from deploy.sandbox.shell.clock import Clock
from deploy.sandbox.shell.service import Refused

HOME: Final = "deploy.sandbox."
"""Only what lives here is written as an object, and only that is made again."""

Json = Any

WRITTEN: Final[Mapping[type, tuple[str, Callable[[Any], Json]]]] = {
    float: ("float", repr),
    Decimal: ("decimal", str),
    datetime: ("instant", datetime.isoformat),
    date: ("day", date.isoformat),
    timedelta: ("seconds", timedelta.total_seconds),
}
READ: Final[Mapping[str, Callable[[Any], Any]]] = {
    "float": float,
    "decimal": Decimal,
    "instant": datetime.fromisoformat,
    "day": date.fromisoformat,
    "seconds": lambda value: timedelta(seconds=float(value)),
    "random": Random,
}
SERIES: Final[Mapping[type, str]] = {tuple: "tuple", set: "set", frozenset: "frozenset", deque: "deque"}
MAPPINGS: Final[Mapping[type, str]] = {dict: "dict", Counter: "counter"}
MADE: Final[Mapping[str, type]] = {name: kind for kinds in (SERIES, MAPPINGS) for kind, name in kinds.items()}


def taken(value: object) -> Json:
    """The snapshot of ``value``; raises TypeError for what has no form here."""
    return _Taking().of(value)


def restored(snapshot: Json, clock: Clock) -> Any:
    """The value again, its clock being ``clock``; raises Refused for what is no snapshot of this version."""
    return _Restoring(clock).of(snapshot)


class _Taking:
    """One snapshot. The objects that are written stay alive with it, so that no identity is used twice."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}

    def of(self, value: Any) -> Json:
        kind = type(value)
        if value is None or kind in (bool, int, str):
            return value
        if kind is list:
            return [self.of(member) for member in value]
        if kind in WRITTEN:
            name, write = WRITTEN[kind]
            return {name: write(value)}
        if kind in SERIES:
            members = sorted(value, key=repr) if kind in (set, frozenset) else value
            return {SERIES[kind]: [self.of(member) for member in members]}
        if kind in MAPPINGS:
            return {MAPPINGS[kind]: [[self.of(key), self.of(member)] for key, member in value.items()]}
        if kind is Random:
            return {"random": 0}  # as every simulator begins: it decides the order of rows that have none
        if kind is Clock:
            return {"clock": None}
        return self._object(value)

    def _object(self, value: object) -> Json:
        kind = type(value)
        if not kind.__module__.startswith(HOME):
            raise TypeError(f"{value!r} has no form in a snapshot")
        if id(value) in self._numbers:
            return {"same": self._numbers[id(value)]}
        number = self._numbers[id(value)] = len(self._numbers) + 1
        members = {name: self.of(member) for name, member in vars(value).items()}
        return {"object": [number, f"{kind.__module__.removeprefix(HOME)}.{kind.__qualname__}", members]}


class _Restoring:
    """What one snapshot is read into."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._objects: dict[int, object] = {}

    def of(self, value: Json) -> Any:
        if isinstance(value, list):
            return [self.of(member) for member in value]
        if not isinstance(value, dict):
            return value
        if len(value) != 1:
            raise Refused(f"a snapshot's objects have one member, not {', '.join(value)}")
        [(name, content)] = value.items()
        if name == "clock":
            return self._clock
        if name == "same":
            return self._objects[content]
        if name == "object":
            return self._object(*content)
        if name in READ:
            return READ[name](content)
        if name not in MADE:
            raise Refused(f"a snapshot has no {name!r}")
        if name in MAPPINGS.values():
            return MADE[name]({self.of(key): self.of(member) for key, member in content})
        return MADE[name](self.of(content))

    def _object(self, number: int, name: str, members: Mapping[str, Json]) -> object:
        kind = _class(name)
        made: object = object.__new__(kind)
        self._objects[number] = made
        values = {member: self.of(value) for member, value in members.items()}
        if is_dataclass(kind):
            own = {field.name: field for field in fields(kind)}
            absent = {member: _default(name, field) for member, field in own.items() if member not in values}
            values = {**absent, **values}
        for member, value in values.items():
            object.__setattr__(made, member, value)  # also where the class allows no change
        return made


def _class(name: str) -> type:
    module, _, found = name.rpartition(".")
    try:
        kind = getattr(importlib.import_module(HOME + module), found)
    except (ImportError, AttributeError):
        raise Refused(f"the snapshot has a {name}, which this version of the sandbox does not have") from None
    if not isinstance(kind, type):
        raise Refused(f"{name} is no class")
    return kind


def _default(name: str, field: Field[Any]) -> object:
    if field.default is not MISSING:
        return field.default
    if field.default_factory is not MISSING:
        return field.default_factory()
    raise Refused(f"the snapshot has no {field.name} of a {name}, and there is no default")
