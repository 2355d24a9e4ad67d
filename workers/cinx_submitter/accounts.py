"""The clients of the configured CINX accounts, made when they are first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from relay.clients.cinx import CinxClient
from relay.clients.rate import Governor
from relay.domain.failures import TenantBlocked
from relay.engine.configuration import CinxAccount


@dataclass(frozen=True, slots=True)
class Open:
    """An account that can be called."""

    account: CinxAccount
    client: CinxClient
    governor: Governor


class Opener(Protocol):
    """Makes a client with its governor from an account's settings."""

    def __call__(self, name: str, account: CinxAccount) -> tuple[CinxClient, Governor]:
        """Reads no secret and makes no connection yet."""


class Accounts:
    """Clients by account name; one whose settings have changed is made anew. Thread-safe.

    Calls under way keep the client that they began with; it is closed with the carrier.
    """

    def __init__(
        self, configured: Callable[[], Mapping[str, CinxAccount]], opener: Opener, changed: Callable[[], None]
    ) -> None:
        self._configured = configured
        self._opener = opener
        self._changed = changed
        self._lock = threading.Lock()
        self._open: dict[str, Open] = {}
        self._replaced: list[CinxClient] = []

    def get(self, name: str) -> Open:
        """The company behind an account. Raises ``TenantBlocked`` if it is not configured."""
        account = self._configured().get(name)
        if account is None:
            raise TenantBlocked(f"the cinx account {name!r} is not in the configuration: add it, or end its routes")
        with self._lock:
            known = self._open.get(name)
            if known is not None and known.account == account:
                return known
            return self._make(name, account, known)

    def close(self) -> None:
        """Closes every connection."""
        with self._lock:
            for client in [*self._replaced, *(one.client for one in self._open.values())]:
                client.close()
            self._open.clear()
            self._replaced.clear()

    def _make(self, name: str, account: CinxAccount, known: Open | None) -> Open:
        client, governor = self._opener(name, account)
        if known is not None:
            self._replaced.append(known.client)
            self._changed()
        opened = Open(account, client, governor)
        self._open[name] = opened
        return opened
