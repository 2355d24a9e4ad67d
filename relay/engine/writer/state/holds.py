"""Holds wider than one change order: a tenant, its host, a project or contract."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from relay.domain.ledger import Hold, HoldKind

HOST = "host"
_ORIGIN = "cor:"  # With it every origin id begins; a destination's name may hold a slash.


def tenant_of(scope: str) -> str:
    """The tenant a scope belongs to."""
    return scope.partition("/")[0]


def scope_of(tenant: str, destination: str = "") -> str:
    """The full scope: ``procore:acme``, ``procore:acme/host``, ``procore:acme/project:315``."""
    return f"{tenant}/{destination}" if destination else tenant


def claimant(claim: str, destination: str) -> str | None:
    """The origin id whose claim it is, if it is one to ``destination``; both are scopes of holds.

    A claim whose destination is not known is one to every destination of its tenant.
    """
    for scope in (destination, tenant_of(destination)):
        origin_id = claim.removeprefix(f"{scope}/")
        if origin_id != claim and origin_id.startswith(_ORIGIN):
            return origin_id
    return None


class Holds:
    """The holds in force, and those whose destination is being tried again. Belongs to the stage's thread."""

    def __init__(self) -> None:
        self._holds: dict[str, Hold] = {}
        self._retried: dict[str, Hold] = {}

    def put(self, hold: Hold) -> None:
        """Puts ``hold`` in force, in place of an earlier one of its scope."""
        self._holds[hold.scope] = hold

    def release(self, scope: str) -> Hold | None:
        """Ends the hold of just this scope and returns it; ``None``: there was none."""
        return self._holds.pop(scope, None)

    def get(self, scope: str) -> Hold | None:
        """The hold of just this scope, or ``None``."""
        return self._holds.get(scope)

    def on(self, tenant: str, *destinations: str) -> Hold | None:
        """The hold that bars a call of ``tenant`` into ``destinations``; ``None``: nothing bars it."""
        for destination in ("", HOST, *destinations):
            scope = scope_of(tenant, destination)
            if scope in self._holds:
                return self._holds[scope]
        return None

    def due(self, now: datetime) -> Iterator[Hold]:
        """Iterates over the holds whose time has come: to be released, or probed."""
        yield from [hold for hold in self._holds.values() if hold.until <= now]

    def all(self) -> Iterator[Hold]:
        """Iterates over the holds in force."""
        yield from list(self._holds.values())

    def denied(self) -> dict[str, Hold]:
        """The holds of destinations that refused as a whole, in force or being tried again, by their scopes."""
        return {scope: hold for scope, hold in (self._holds | self._retried).items() if hold.kind is HoldKind.DENIED}

    # -- destinations that refused as a whole and are being tried again

    def retry(self, hold: Hold) -> None:
        """Lets calls to the held destination out again, and remembers the hold until one is answered or refused."""
        self.release(hold.scope)
        self._retried[hold.scope] = hold

    def retried(self, scope: str) -> Hold | None:
        """The hold under which the destination was refused last, or ``None``."""
        return self._retried.get(scope)

    @property
    def is_retrying(self) -> bool:
        """Whether any destination is being tried again."""
        return bool(self._retried)

    def end_retry(self, scope: str) -> Hold | None:
        """Forgets that the destination was refused; returns its hold, or ``None``."""
        return self._retried.pop(scope, None)
