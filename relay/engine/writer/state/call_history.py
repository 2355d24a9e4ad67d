"""How calls have fared in a row. Kept in memory only: a successor begins anew."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from relay.engine.writer.state.holds import HOST, scope_of


class CallKey(NamedTuple):
    """What makes two calls the same: at most one of them is under way at a time."""

    tenant: str
    step: str
    batch: str


class CallHistory:
    """Counts failures in a row until a success forgets them. Belongs to the stage's thread."""

    def __init__(self) -> None:
        self._scopes = Counter[tuple[str, str]]()
        self._calls = Counter[CallKey]()

    def scope_failed(self, scope: str, step: str = "") -> int:
        """Counts a failure of ``scope`` in ``step`` (empty: of its probe); returns how many there are in a row."""
        self._scopes[scope, step] += 1
        return self._scopes[scope, step]

    def call_failed(self, call: CallKey) -> int:
        """Counts a failure of the whole call; returns how many there are in a row."""
        self._calls[call] += 1
        return self._calls[call]

    def call_answered(self, call: CallKey) -> None:
        """Forgets the failures of this very call, and those of its tenant and host in this step."""
        for scope in (scope_of(call.tenant, HOST), scope_of(call.tenant)):
            self._scopes.pop((scope, call.step), None)
        self._calls.pop(call, None)

    def probe_succeeded(self, scope: str) -> None:
        """Forgets failed probes. Failures in a step stay: a probe says nothing about other calls."""
        self._scopes.pop((scope, ""), None)
