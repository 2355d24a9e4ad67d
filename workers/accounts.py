"""The clients of the configured accounts, made when they are first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from relay.clients.rate import Governor
from relay.domain.failures import TenantBlocked


class Client(Protocol):
    """A client that holds connections."""

    def close(self) -> None:
        """Closes the connections."""


AccountT = TypeVar("AccountT")
ClientT = TypeVar("ClientT", bound=Client)

ClientFactory = Callable[[str, AccountT], tuple[ClientT, Governor]]
"""Makes a client with its governor from an account's name and settings; reads no secret, connects to nothing."""


@dataclass(frozen=True, slots=True)
class OpenAccount(Generic[AccountT, ClientT]):
    """An account that can be called, with the settings that its client was made from."""

    account: AccountT
    client: ClientT
    governor: Governor


class RemoteAccounts(Generic[AccountT, ClientT]):
    """Clients of one system by account name; one whose settings have changed is made anew. Thread-safe.

    Calls under way keep the client that they began with; it is closed with the others. ``on_change`` is called when
    an account's settings have changed.
    """

    def __init__(
        self,
        system: str,
        configured: Callable[[], Mapping[str, AccountT]],
        factory: ClientFactory[AccountT, ClientT],
        on_change: Callable[[], None],
    ) -> None:
        self._system = system
        self._configured = configured
        self._factory = factory
        self._on_change = on_change
        self._lock = threading.Lock()
        self._open: dict[str, OpenAccount[AccountT, ClientT]] = {}
        self._replaced: list[ClientT] = []

    def get(self, name: str) -> OpenAccount[AccountT, ClientT]:
        """The client of an account. Raises ``TenantBlocked`` if the account is not configured."""
        account = self._configured().get(name)
        if account is None:
            raise TenantBlocked(
                f"the {self._system} account {name!r} is not in the configuration: add it, or end its routes"
            )
        with self._lock:
            opened = self._open.get(name)
            if opened is not None and opened.account == account:
                return opened
            if opened is not None:
                self._replaced.append(opened.client)
                self._on_change()
            client, governor = self._factory(name, account)
            self._open[name] = OpenAccount(account, client, governor)
            return self._open[name]

    def close(self) -> None:
        """Closes every connection."""
        with self._lock:
            for client in [*self._replaced, *(opened.client for opened in self._open.values())]:
                client.close()
            self._open.clear()
            self._replaced.clear()
