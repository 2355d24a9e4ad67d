"""The page with its decisions switched on, behind a proxy that is trusted; Kafka is not reached."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import httpx
from sqlalchemy import update
from starlette.applications import Starlette

from relay.engine.kafka import Record
from relay.engine.settings import Settings
from tests.unit.workers.views.tables import CODEC, FOLDS, ROUTING
from web.app import application
from workers.views.batch import fold_records
from workers.views.generation import Generation
from workers.views.sqlite_store import SqliteStore
from workers.views.tables import PROGRESS

NOW = datetime(2026, 3, 5, 18, 0, tzinfo=UTC)
PROXY, ELSEWHERE = "10.0.0.7", "10.0.0.8"
HOST = "page.example"
ORIGIN = f"http://{HOST}"


class Person:
    """Somebody at a browser, whom the proxy names; it follows nothing by itself."""

    def __init__(self, app: Starlette, name: str | None, address: str = PROXY) -> None:
        self._app, self._address = app, address
        self.headers = {} if name is None else {"X-Forwarded-User": name}

    def get(self, path: str) -> httpx.Response:
        return asyncio.run(self._ask("GET", path, None, {}))

    def send(
        self, path: str, fields: Sequence[tuple[str, str]], headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """A form as a browser sends it."""
        usual = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
        return asyncio.run(self._ask("POST", path, urlencode(fields).encode(), {**usual, **(headers or {})}))

    async def _ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> httpx.Response:
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False, client=(self._address, 40000))
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            sent = {name: value for name, value in {**self.headers, **headers}.items() if value}
            return await client.request(method, path, content=body, headers=sent)


def served(folder: Path, records: Sequence[Record], **more: object) -> Starlette:
    """The page over tables of some records."""
    file = folder / "views.sqlite"
    store = SqliteStore(file)
    generation = Generation(1, "0" * 8)
    with store.building(generation).begin() as connection:
        fold_records(connection, records, FOLDS, CODEC, ROUTING)
        connection.execute(update(PROGRESS).values(read_at=round(NOW.timestamp() * 1000)))
    store.publish(generation)
    settings = Settings.model_validate(
        {
            "kafka_bootstrap_servers": "localhost:1",
            "views_url": f"sqlite:///{file}",
            "web_decisions": True,
            "web_user_header": "X-Forwarded-User",
            "web_proxy": PROXY,
            **more,
        }
    )
    return application(settings, "America/Chicago", clock=lambda: NOW)


def form_in(page: str, path: str) -> list[tuple[str, str]]:
    """The hidden fields of the form that leads to ``path``."""
    found = re.search(rf'<form[^>]*action="{re.escape(path)}".*?</form>', page, re.DOTALL)
    assert found, f"no form leads to {path}: {page}"
    inputs = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', found[0])
    return [(name, unescape(value)) for name, value in inputs]
