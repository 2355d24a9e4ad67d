"""Holds wider than one change order: a tenant, its host, a project or contract."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from relay.domain.ledger import Hold

HOST = "host"


def tenant_of(scope: str) -> str:
    """The tenant a scope belongs to."""
    return scope.partition("/")[0]


def scope_of(tenant: str, what: str = "") -> str:
    """The full scope: ``procore:acme``, ``procore:acme/host``, ``procore:acme/project:315``."""
    return f"{tenant}/{what}" if what else tenant


class Holds:
    """Belongs to the worker's thread."""

    def __init__(self) -> None:
        self._holds: dict[str, Hold] = {}

    def put(self, hold: Hold) -> None:
        """It holds from now on."""
        self._holds[hold.scope] = hold

    def release(self, scope: str) -> Hold | None:
        """It holds no longer."""
        return self._holds.pop(scope, None)

    def get(self, scope: str) -> Hold | None:
        """The hold of just this scope."""
        return self._holds.get(scope)

    def on(self, tenant: str, *scopes: str) -> Hold | None:
        """What holds a call of ``tenant`` into ``scopes`` back, if anything."""
        for scope in (scope_of(tenant), scope_of(tenant, HOST), *(scope_of(tenant, one) for one in scopes)):
            if scope in self._holds:
                return self._holds[scope]
        return None

    def due(self, now: datetime) -> Iterator[Hold]:
        """Those whose time has come: to be released, or probed."""
        yield from [hold for hold in self._holds.values() if hold.until <= now]

    def all(self) -> Iterator[Hold]:
        """Every hold."""
        yield from list(self._holds.values())
