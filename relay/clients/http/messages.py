"""What a remote system answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from relay.clients.native_json import json_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request.

    ``path`` begins with a slash and follows the base URL. ``operation`` names the call in logs
    and metrics, without ids and secrets. ``reading`` says that the call changes nothing at the
    remote, so that an unknown end of it is harmless. ``alone``: on a connection of its own, which
    the remote cannot be closing just now; for what nobody may repeat.
    """

    method: str
    path: str
    operation: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    reading: bool = False
    own_connection: bool = False


def get(path: str, operation: str, query: Mapping[str, object] | None = None) -> Request:
    """A call that reads. Query members without a value (``None``) are left out."""
    pairs = tuple((name, str(value)) for name, value in (query or {}).items() if value is not None)
    return Request(method="GET", path=path, operation=operation, query=pairs, reading=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A complete answer: status line's code, header (names in lower case), decoded body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text, whatever it is."""
        return self.body.decode("utf-8", errors="replace")

    @property
    def is_success(self) -> bool:
        """Any 2xx."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body's JSON value. Raises ``ValueError`` if it is none."""
        return json_text.parse(self.body)
