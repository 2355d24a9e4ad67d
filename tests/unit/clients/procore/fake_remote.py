"""A Procore whose answers a test writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from relay.clients.procore import ProcoreClient
from relay.clients.rate import Governor
from tests.unit.clients.remote import FakeRemote, Reply, answer

TOKEN = "/oauth/token"
BASE = "/rest/v1.0"
SECRET = "client-secret-4711"
CLIENT_ID = "client-id-0815"


def token(number: int = 1, expires_in: Any = 5400) -> Any:
    body = {"access_token": f"access-token-{number}", "token_type": "bearer", "created_at": 1}
    return answer(body if expires_in is None else {**body, "expires_in": expires_in})


@dataclass
class FakeProcore(FakeRemote):
    """Gives a token unless a test says otherwise."""

    tokens: int = 0
    routes: dict[tuple[str, str], list[Reply]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.on("POST", TOKEN, lambda _: self._next_token())

    def _next_token(self) -> Any:
        self.tokens += 1
        return token(self.tokens)

    def client(self, governor: Governor | None = None, **further: Any) -> ProcoreClient:
        return ProcoreClient(
            company_id=2**40 + 4200,
            client_id=CLIENT_ID,
            client_secret=SECRET,
            api_url="https://api.test",
            login_url="https://login.test/",
            options=self.options(governor, **further),
        )
