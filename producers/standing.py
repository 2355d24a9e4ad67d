"""What keeps an account from being polled, for whoever looks from outside. Pure."""

from __future__ import annotations

from datetime import datetime

from relay.domain.failures import CallFailure, TenantBlocked, Throttled
from relay.domain.ledger import Hold, HoldKind
from relay.domain.mapping import in_milliseconds

WORTH_TELLING = 60.0
"""Seconds without a poll before a failure that may pass by itself is worth a record."""


def standing(key: str, error: Exception, known: Hold | None, since: datetime, until: datetime) -> Hold:
    """The hold of the account ``key``; ``known`` itself where it says so already."""
    kind, sentence = _kind(error), _sentence(error)
    if known is not None and kind is not HoldKind.THROTTLED and (known.kind, known.sentence) == (kind, sentence):
        return known
    return Hold(
        scope=f"{key}/polling",
        kind=kind,
        reason=kind.value,
        sentence=sentence,
        since=in_milliseconds(since),
        until=in_milliseconds(until),
        probe=kind is not HoldKind.THROTTLED,
    )


def _kind(error: Exception) -> HoldKind:
    if isinstance(error, TenantBlocked):
        return HoldKind.TENANT_BLOCKED
    return HoldKind.THROTTLED if isinstance(error, Throttled) else HoldKind.UNAVAILABLE


def _sentence(error: Exception) -> str:
    if isinstance(error, CallFailure):
        return error.message
    return f"the relay itself failed over it ({type(error).__name__}); the log holds the details"
