"""The page while its PostgreSQL goes away under people who look at it, and comes back: nothing is made up meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from deploy.local.postgresql import Postgresql
from relay.engine.settings import Settings
from tests.unit.workers.views.tables import CODEC, FOLDS, ROUTING, key_of
from tests.unit.workers.views.test_folds import STORY
from tests.views_topics import in_postgresql, postgresql
from web.app import application
from workers.views.batch import fold_records
from workers.views.generation import Generation

GENERATION = Generation(1, "0" * 8)
NOW = datetime(2026, 3, 5, 18, 0, tzinfo=UTC)
SCREENS = ("/", "/log", "/attention", "/writes", "/system", "/search?q=title", f"/change-orders?key={key_of('17')}")


@pytest.fixture
def server() -> Iterator[Postgresql]:
    with postgresql() as server:
        yield server


@pytest.fixture
def app(server: Postgresql, tmp_path: Path) -> Iterator[Starlette]:
    """The page over tables of the story."""
    kept = in_postgresql(server, tmp_path, "page")
    with kept.store() as store:
        engine = store.building(GENERATION)
        with engine.begin() as connection:
            fold_records(connection, STORY, FOLDS, CODEC, ROUTING)
        engine.dispose()
        store.publish(GENERATION)
    settings = Settings(
        kafka_bootstrap_servers="localhost:1",
        views_url=kept.environment["COR_VIEWS_URL"],
        views_password_file=Path(kept.environment["COR_VIEWS_PASSWORD_FILE"]),
    )
    app = application(settings, clock=lambda: NOW)
    yield app
    app.state.site.store.close()


def asked(app: Starlette) -> list[httpx.Response]:
    """Every screen at the same moment."""

    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://page.example") as client:
            return await asyncio.gather(*(client.get(path) for path in SCREENS))

    return asyncio.run(ask())


def test_a_database_that_goes_away_is_told_and_found_again(app: Starlette, server: Postgresql) -> None:
    before = asked(app)
    assert [answer.status_code for answer in before] == [200] * len(SCREENS)
    for _ in range(2):
        server.kill()
        for answer in asked(app):
            assert answer.status_code == 503
            assert "the tables of views cannot be read" in answer.text
            assert server.PASSWORD not in answer.text
        server.start()
        assert [answer.text for answer in asked(app)] == [answer.text for answer in before]
