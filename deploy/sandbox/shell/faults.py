"""Faults that a test arms: which request they take hold of, and what they do to it.

A fault is a JSON object. ``kind`` is one of ``KINDS``. ``match`` narrows by ``method``, ``path`` (a
pattern, searched), ``query`` and ``body`` (texts that occur in them); left out, every request
matches. ``times`` (1) is how many requests it takes, 0 all of them; ``skip`` (0) how many matching
ones pass first; ``chance`` (1) how likely it takes one, drawn from ``seed`` (0). The first armed
fault that matches takes the request. The further members are those of the kind, with their defaults:

``drop_before``   the connection ends before anything is applied; ``how``: ``close`` or ``reset``
``reset``         the same with ``how`` ``reset``
``apply_and_drop`` applied, then the connection ends without an answer; ``how``
``apply_late``    the connection ends at once (``how``), or with a ``status`` as answer; it is applied
                  after ``seconds``, or when it is released if these are null
``delay``         the answer comes after ``seconds``; ``when`` it is applied: ``before`` or ``after``
                  that time
``hold``          as ``delay``, until it is released
``half_body``     applied; half of the answer's bytes, then the connection ends; ``how``
``drip``          applied; the answer in pieces of ``bytes`` every ``seconds``
``status``        answered with ``status``, ``headers`` and ``body``; ``apply`` (false)
``html``          the same with an HTML page; ``status`` 502
``wrong_json``    the status of the true answer with ``body``, that is no JSON; ``apply`` (true)
``duplicate``     applied ``deliveries`` times; the last answer is sent
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from re import Pattern
from typing import Any, Final

from deploy.sandbox.shell.exchange import Call
from deploy.sandbox.shell.history import pattern
from deploy.sandbox.shell.service import Refused

PAGE: Final = "<html><head><title>Error</title></head><body><h1>An error occurred</h1></body></html>"

KINDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "drop_before": {"how": "close"},
    "reset": {"how": "reset"},
    "apply_and_drop": {"how": "close"},
    "apply_late": {"how": "close", "seconds": None, "status": None},
    "delay": {"seconds": 1, "when": "before"},
    "hold": {"when": "before"},
    "half_body": {"how": "close"},
    "drip": {"seconds": 0.05, "bytes": 16},
    "status": {"status": 503, "headers": {}, "body": "", "apply": False},
    "html": {"status": 502, "headers": {"Content-Type": "text/html"}, "body": PAGE, "apply": False},
    "wrong_json": {"body": '{"rows": [', "apply": True},
    "duplicate": {"deliveries": 2},
}
"""The members of each kind with their defaults."""

COMMON: Final = frozenset({"kind", "match", "times", "skip", "chance", "seed"})
CHOICES: Final = {"how": ("close", "reset"), "when": ("before", "after")}
NUMBERS: Final = ("times", "skip", "chance", "seed", "seconds", "status", "bytes", "deliveries")


@dataclass(frozen=True)
class Match:
    """Which requests a fault may take."""

    method: str | None
    path: Pattern[str]
    query: str
    body: bytes

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Match:
        """The match that a JSON object describes; raises Refused."""
        unknown = value.keys() - {"method", "path", "query", "body"}
        if unknown:
            raise Refused(f"a fault cannot be matched by {', '.join(sorted(unknown))}")
        body = str(value.get("body", "")).encode()
        path = pattern(str(value.get("path", "")))
        return cls(value.get("method"), path, str(value.get("query", "")), body)

    def takes(self, call: Call) -> bool:
        """Whether a request is meant."""
        return (
            self.method in (None, call.method)
            and self.path.search(call.path) is not None
            and self.query in call.target.partition("?")[2]
            and self.body in call.body
        )


@dataclass
class Fault:
    """One armed fault; ``left`` is None where it never ends."""

    id: int
    kind: str
    stated: Mapping[str, Any]
    match: Match
    left: int | None
    skip: int
    chance: float
    random: Random
    options: Mapping[str, Any]
    taken: int = 0

    @classmethod
    def of(cls, number: int, value: Any) -> Fault:
        """The fault that a JSON object describes; raises Refused."""
        stated = checked(value)
        kind, times = stated["kind"], int(stated.get("times", 1))
        options = {**KINDS[kind], **{name: stated[name] for name in stated.keys() - COMMON}}
        for name, allowed in CHOICES.items():
            if options.get(name, allowed[0]) not in allowed:
                raise Refused(f"{name} is one of {', '.join(allowed)}, not {options[name]!r}")
        return cls(
            number,
            kind,
            stated,
            Match.of(stated.get("match", {})),
            times or None,
            int(stated.get("skip", 0)),
            float(stated.get("chance", 1)),
            Random(int(stated.get("seed", 0))),
            options,
        )

    @property
    def spent(self) -> bool:
        """Whether it takes no further request."""
        return self.left == 0

    def take(self, call: Call) -> bool:
        """Whether it takes this request, and counts it."""
        if self.spent or not self.match.takes(call) or self.random.random() >= self.chance:
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.taken += 1
        self.left = None if self.left is None else self.left - 1
        return True

    def row(self) -> dict[str, Any]:
        """What a test sees of it."""
        return {**self.stated, "id": self.id, "taken": self.taken, "left": self.left}


def checked(value: Any) -> Mapping[str, Any]:
    """``value`` if it is a fault as far as its members' names go; raises Refused."""
    if not isinstance(value, dict) or value.get("kind") not in KINDS:
        raise Refused(f"a fault is an object whose kind is one of {', '.join(KINDS)}")
    unknown = value.keys() - COMMON - KINDS[value["kind"]].keys()
    if unknown:
        raise Refused(f"{value['kind']} has no {', '.join(sorted(unknown))}")
    for name in value.keys() & set(NUMBERS):
        if value[name] is not None and not isinstance(value[name], (int, float, Decimal)):
            raise Refused(f"{name} is a number, not {value[name]!r}")
    return value


@dataclass
class Release:
    """What holds one request back, until it is let go."""

    n: int
    fault: int
    gone: threading.Event = field(default_factory=threading.Event)


class Faults:
    """The armed faults in their order, and the requests that they hold. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[Fault] = []
        self._last = 0
        self._held: list[Release] = []

    def arm(self, value: Any) -> list[dict[str, Any]]:
        """Adds one fault or a list of them, all or none; raises Refused."""
        stated = value if isinstance(value, list) else [value]
        with self._lock:
            added = [Fault.of(number, one) for number, one in enumerate(stated, self._last + 1)]
            self._last += len(added)
            self._armed += added
            return [fault.row() for fault in added]

    def take(self, call: Call) -> Fault | None:
        """The fault that takes a request, if one does."""
        with self._lock:
            return next((fault for fault in self._armed if fault.take(call)), None)

    def hold(self, n: int, fault: Fault) -> Release:
        """Notes that a request waits to be released."""
        release = Release(n, fault.id)
        with self._lock:
            self._held.append(release)
        return release

    def release(self, wanted: Mapping[str, Any]) -> list[int]:
        """Lets go what the members ``fault`` or ``n`` name, or all; the numbers of the requests."""
        with self._lock:
            gone = [
                release
                for release in self._held
                if wanted.get("fault") in (None, release.fault) and wanted.get("n") in (None, release.n)
            ]
            self._held = [release for release in self._held if release not in gone]
        for release in gone:
            release.gone.set()
        return [release.n for release in gone]

    def disarm(self, fault_id: int | None = None) -> None:
        """Removes one fault, or all; what they hold stays held until it is released."""
        with self._lock:
            self._armed = [] if fault_id is None else [f for f in self._armed if f.id != fault_id]

    def rows(self) -> dict[str, Any]:
        """The faults with what they took, and the numbers of the requests held."""
        with self._lock:
            return {
                "faults": [fault.row() for fault in self._armed],
                "held": [release.n for release in self._held],
            }
