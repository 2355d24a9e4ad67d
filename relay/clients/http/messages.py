"""What is asked of a remote system, and what it answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from relay.clients.http.body import LARGEST_ERROR_BODY
from relay.clients.native_json import json_text
from relay.domain.failures import CallFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request.

    ``path`` begins with a slash and follows the base URL. ``operation`` names the call in logs
    and metrics, without ids and secrets. ``reading`` says that the call changes nothing at the
    remote, so that an unknown end of it is harmless. ``own_connection``: it goes out on a connection
    that is made for it, which the remote cannot be closing just now; for what must not be sent twice.
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
    """Makes a request that reads. Query members without a value (``None``) are left out."""
    pairs = tuple((name, str(value)) for name, value in (query or {}).items() if value is not None)
    return Request(method="GET", path=path, operation=operation, query=pairs, reading=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer: the code and the phrase of its status line, its headers (names in lower case), its body decompressed.

    The body of an answer other than 2xx ends after :data:`~relay.clients.http.body.LARGEST_ERROR_BODY` bytes.
    ``failure`` is what the status means where the exchange has worked it out.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    phrase: str = ""
    failure: CallFailure | None = None

    @property
    def text(self) -> str:
        """The body as text, whatever it is."""
        return self.body.decode("utf-8", errors="replace")

    @property
    def beginning(self) -> str:
        """As much of the body as may be quoted, as text, whatever it is."""
        return self.body[:LARGEST_ERROR_BODY].decode("utf-8", errors="replace")

    @property
    def is_success(self) -> bool:
        """Whether the status is any 2xx."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body's JSON value. Raises ``ValueError`` where it is none."""
        return json_text.parse(self.body)
