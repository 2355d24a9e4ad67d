"""A CINX whose answers a test writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from relay.clients.cinx import CinxClient
from relay.clients.rate import Governor
from tests.unit.clients.remote import FakeRemote, answer

API_TOKEN = "5f1c2b3a-0000-4000-8000-abcdefabcdef"
PASSWORD = "pass word/ü?"
EMAIL = "relay@acme.example"
SUB = f"/2.0/sub/{API_TOKEN}"
IMPORT = f"{SUB}/partner/exec/cinx/json-poco-import"
GUID = "a9863525-d926-5441-9f9c-aa47a285a19b"


def frame(rows: list[Any], code: Any = 200, message: str = "OK", http: int = 200, **extra: Any) -> httpx.Response:
    meta = {"status_code": code, "message": message, "record_count": len(rows), "total_count": 0}
    return answer({"response": meta, "rows": rows, **extra}, http)


def company(token: str | None = API_TOKEN, code: Any = 200, name: str = "Acme", reason: str = "OK") -> dict[str, Any]:
    return {
        "cinx_api_token": token,
        "org": {"cinx_org_id": "org-0001-4030", "name": name},
        "subscription": {"status_code": code, "status_message": "x", "status_message_reason": reason},
    }


@dataclass
class FakeCinx(FakeRemote):
    """Has one company unless a test says otherwise."""

    def __post_init__(self) -> None:
        self.on("GET", "/2.0/subs", frame([company()]))

    def client(self, governor: Governor | None = None, *, api_token: str | None = None, **further: Any) -> CinxClient:
        return CinxClient(
            email=EMAIL,
            password=PASSWORD,
            api_token=api_token,
            base_url="https://cinx.test",
            options=self.options(governor),
            **further,
        )
