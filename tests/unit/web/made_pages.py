"""The page over tables of made-up records, asked without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import httpx
from starlette.applications import Starlette

from relay.domain.change_order import Status
from tests.unit.workers.views.tables import (
    acted,
    applied,
    contract,
    held,
    key_of,
    letter,
    observed,
    polled,
    wrote,
)
from web.read_months import ReadMonths

NOW = datetime(2026, 3, 5, 18, 0, tzinfo=UTC)
READ_AT = datetime(2026, 3, 5, 17, 59, 50, tzinfo=UTC)
HOSTILE = '<script>alert(1)</script> =1+1 \u202eabc "quoted"'

STORY = [
    contract(0),
    observed("17", 0, price="250", status=Status.APPROVED, title="Rebar upgrade"),
    wrote("17", 0, "250", pending_effect=None, approved_effect=None),
    applied("17", 0, "250"),
    observed("18", 1, price="100", title=HOSTILE),
    letter("18", 0),
    acted(0, key_of("17"), who="anna"),
    *(polled(at, system, READ_AT) for at, system in enumerate(("constructiononline", "procore", "cinx"))),
    held(0, "18"),
]


def patient() -> ReadMonths:
    """Months that a page waits for, however busy the machine is."""
    return ReadMonths(patience=120)


class Browser:
    """Asks the application itself, without a socket; it follows nothing."""

    def __init__(self, app: Starlette) -> None:
        self._transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    def get(self, path: str, params: Mapping[str, str] | None = None) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://page.example") as client:
                return await client.get(path, params=params)

        return asyncio.run(ask())


Serve = Callable[..., Browser]
"""What the fixture ``serve`` gives."""
