"""The clients of the configured companies, made when they are first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from relay.clients.procore import ProcoreClient
from relay.clients.rate import Governor
from relay.domain.failures import TenantBlocked
from relay.engine.configuration import ProcoreAccount
from workers.procore_writer.content.links import web_url


@dataclass(frozen=True, slots=True)
class Open:
    """A company that can be called. ``web`` is the host of its pages."""

    client: ProcoreClient
    governor: Governor
    web: str


Opener = Callable[[str, ProcoreAccount], tuple[ProcoreClient, Governor]]
"""Makes a client with its governor from an account's name and settings; reads no secret, connects to nothing."""


class Accounts:
    """Clients by account name; one whose settings have changed is made anew. Thread-safe.

    Calls under way keep the client that they began with; it is closed with the carrier.
    """

    def __init__(
        self,
        configured: Callable[[], Mapping[str, ProcoreAccount]],
        opener: Opener,
        changed: Callable[[], None],
        web: str | None = None,
    ) -> None:
        self._configured = configured
        self._opener = opener
        self._changed = changed
        self._web = web
        self._lock = threading.Lock()
        self._open: dict[str, tuple[ProcoreAccount, Open]] = {}
        self._replaced: list[ProcoreClient] = []

    def get(self, name: str) -> Open:
        """The company behind an account. Raises ``TenantBlocked`` if it is not configured."""
        account = self._configured().get(name)
        if account is None:
            raise TenantBlocked(f"the procore account {name!r} is not in the configuration: add it, or end its routes")
        with self._lock:
            known = self._open.get(name)
            if known is not None and known[0] == account:
                return known[1]
            return self._make(name, account, known)

    def close(self) -> None:
        """Closes every connection."""
        with self._lock:
            for client in [*self._replaced, *(one.client for _, one in self._open.values())]:
                client.close()
            self._open.clear()
            self._replaced.clear()

    def _make(self, name: str, account: ProcoreAccount, known: tuple[ProcoreAccount, Open] | None) -> Open:
        client, governor = self._opener(name, account)
        if known is not None:
            self._replaced.append(known[1].client)
            self._changed()
        opened = Open(client, governor, self._web or web_url(account.api_url))
        self._open[name] = (account, opened)
        return opened
