"""Every request that a simulated remote received, and what became of it."""

from __future__ import annotations

import re
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from deploy.sandbox.shell.exchange import Answer, Call
from deploy.sandbox.shell.service import Refused

CREDENTIALS: Final = frozenset({"authorization", "proxy-authorization", "apikey", "bearer", "cookie"})
"""Headers that are recorded as present, without their value."""

HIDDEN: Final = "***"


class Bodies:
    """Bodies, each different one kept once and compressed: pollers read the same lists for hours."""

    def __init__(self) -> None:
        self._kept: dict[bytes, bytes] = {}

    def keep(self, data: bytes) -> bytes:
        """Stores a body and returns its name."""
        name = sha256(data).digest()
        if name not in self._kept:
            self._kept[name] = zlib.compress(data, 1)
        return name

    def text(self, name: bytes) -> str:
        """The stored body as text; bytes that are no UTF-8 are replaced."""
        return zlib.decompress(self._kept[name]).decode("utf-8", "replace")

    def clear(self) -> None:
        """Forgets all."""
        self._kept.clear()


@dataclass
class Entry:
    """One request; ``applied`` counts how many times the service acted on it."""

    n: int
    at: datetime
    call: Call
    body: bytes
    headers: Mapping[str, str]
    status: int | None = None
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    answer: bytes | None = None
    applied: int = 0
    applied_at: datetime | None = None
    answered: bool = False
    finished_at: datetime | None = None
    fault: str | None = None
    fault_id: int | None = None
    phase: str = "received"
    error: str | None = None
    """The traceback if the simulator itself failed."""


class History:
    """The requests in the order in which they came. Thread-safe."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._entries: list[Entry] = []
        self._bodies = Bodies()
        self._last = 0
        self._changed = threading.Condition(threading.RLock())

    def receive(self, call: Call, secrets: Iterable[str]) -> Entry:
        """Notes a request before anything is done about it."""
        with self._changed:
            self._last += 1
            body = self._bodies.keep(hidden(call.body, secrets))
            headers = {name: HIDDEN if name in CREDENTIALS else text for name, text in call.headers.items()}
            entry = Entry(self._last, self._now(), call, body, headers)
            self._entries.append(entry)
            self._changed.notify_all()
            return entry

    def applied(self, entry: Entry, error: str | None = None) -> None:
        """Notes that the service acted on a request, or failed to."""
        with self._changed:
            entry.applied += 1
            entry.applied_at = self._now()
            entry.error = error
            self._changed.notify_all()

    def answers(self, entry: Entry, answer: Answer, secrets: Iterable[str]) -> None:
        """Notes the answer that is about to be sent, or that is kept back."""
        with self._changed:
            entry.status = answer.status
            entry.answer_headers = dict(answer.headers)
            entry.answer = self._bodies.keep(hidden(answer.content, secrets))

    def faulty(self, entry: Entry, kind: str, fault_id: int) -> None:
        """Notes that a fault takes hold of a request."""
        with self._changed:
            entry.fault, entry.fault_id = kind, fault_id
            self._changed.notify_all()

    def phase(self, entry: Entry, phase: str) -> None:
        """Notes where a request stands."""
        with self._changed:
            entry.phase = phase
            self._lighten(entry)
            self._changed.notify_all()

    def finish(self, entry: Entry, answered: bool) -> None:
        """Notes that nothing more is sent; ``answered``: the whole answer was.

        What is still to be applied late stays ``held``.
        """
        with self._changed:
            entry.answered, entry.finished_at = answered, self._now()
            entry.phase = "held" if entry.phase == "held" else "done"
            self._lighten(entry)
            self._changed.notify_all()

    def _lighten(self, entry: Entry) -> None:
        """Of a request that nobody will act on any more, only the compressed body is kept."""
        if entry.phase == "done":
            entry.call = replace(entry.call, body=b"")

    def clear(self) -> None:
        """Forgets all requests; their numbers go on."""
        with self._changed:
            self._entries.clear()
            self._bodies.clear()

    def found(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """The requests that the filters leave, waiting for them if asked to; raises Refused."""
        wanted, count = Filter.of(query), whole(query, "count", 1)
        end = time.monotonic() + float(query.get("wait", "0"))
        with self._changed:
            while True:
                rows = [entry for entry in self._entries if wanted.takes(entry, self._bodies)]
                left = end - time.monotonic()
                if len(rows) >= count or left <= 0:
                    return [self._row(entry, query.get("bodies") != "0") for entry in rows]
                self._changed.wait(left)

    def _row(self, entry: Entry, bodies: bool) -> dict[str, Any]:
        row: dict[str, Any] = {
            "n": entry.n,
            "at": entry.at.isoformat(),
            "method": entry.call.method,
            "path": entry.call.path,
            "target": entry.call.target,
            "query": [list(pair) for pair in entry.call.pairs],
            "headers": dict(entry.headers),
            "status": entry.status,
            "answer_headers": dict(entry.answer_headers),
            "applied": entry.applied,
            "applied_at": moment(entry.applied_at),
            "answered": entry.answered,
            "finished_at": moment(entry.finished_at),
            "fault": entry.fault,
            "fault_id": entry.fault_id,
            "phase": entry.phase,
            "error": entry.error,
        }
        if bodies:
            row["body"] = self._bodies.text(entry.body)
            row["answer"] = None if entry.answer is None else self._bodies.text(entry.answer)
        return row


@dataclass(frozen=True)
class Filter:
    """Which requests a caller wants to see; None leaves a member out of account."""

    since: int
    method: str | None
    path: re.Pattern[str]
    body: str
    fault: str | None
    phase: str | None
    applied: bool | None
    answered: bool | None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filter:
        """The filter that query parameters describe; raises Refused."""
        return cls(
            whole(query, "since", 0),
            query.get("method"),
            pattern(query.get("path", "")),
            query.get("body", ""),
            query.get("fault"),
            query.get("phase"),
            flag(query, "applied"),
            flag(query, "answered"),
        )

    def takes(self, entry: Entry, bodies: Bodies) -> bool:
        """Whether it lets a request pass."""
        return (
            entry.n > self.since
            and self.method in (None, entry.call.method)
            and self.fault in (None, entry.fault)
            and self.phase in (None, entry.phase)
            and self.applied in (None, bool(entry.applied))
            and self.answered in (None, entry.answered)
            and self.path.search(entry.call.path) is not None
            and (not self.body or self.body in bodies.text(entry.body))
        )


def whole(query: Mapping[str, str], name: str, default: int) -> int:
    """A count of the query; raises Refused."""
    text = query.get(name, str(default))
    if not text.isdecimal():
        raise Refused(f"{name} is a count, not {text!r}")
    return int(text)


def flag(query: Mapping[str, str], name: str) -> bool | None:
    """0 or 1, or None if it is absent; raises Refused."""
    value = query.get(name)
    if value not in (None, "0", "1"):
        raise Refused(f"{name} is 0 or 1, not {value!r}")
    return None if value is None else value == "1"


def pattern(text: str) -> re.Pattern[str]:
    """The compiled pattern; raises Refused."""
    try:
        return re.compile(text)
    except re.error as error:
        raise Refused(f"{text!r} is no pattern: {error}") from None


def hidden(data: bytes, secrets: Iterable[str]) -> bytes:
    """``data`` without the secrets."""
    for secret in secrets:
        data = data.replace(secret.encode(), HIDDEN.encode())
    return data


def moment(instant: datetime | None) -> str | None:
    """An instant as text."""
    return None if instant is None else instant.isoformat()
