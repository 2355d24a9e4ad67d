from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import update
from starlette.applications import Starlette

from relay.domain.routes import Routing
from relay.engine.kafka import Record
from relay.engine.settings import Settings
from tests.unit.web.made_pages import NOW, READ_AT, STORY, Browser, Serve, patient
from tests.unit.workers.views.tables import CODEC, FOLDS, ROUTING
from web.app import application
from workers.views.batch import fold_records
from workers.views.generation import Generation
from workers.views.sqlite_store import SqliteStore
from workers.views.tables import PROGRESS


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Serves tables of some records; ``None``: there are no tables."""
    opened: list[Starlette] = []

    def made(
        records: Sequence[Record] | None = STORY,
        read_at: datetime | None = READ_AT,
        now: datetime = NOW,
        routes: Callable[[], Routing] | None = None,
    ) -> Browser:
        file = tmp_path / "views.sqlite"
        if records is not None:
            store = SqliteStore(file)
            generation = Generation(1, "0" * 8)
            with store.building(generation).begin() as connection:
                fold_records(connection, records, FOLDS, CODEC, ROUTING)
                at = None if read_at is None else round(read_at.timestamp() * 1000)
                connection.execute(update(PROGRESS).values(read_at=at))
            store.publish(generation)
        settings = Settings(kafka_bootstrap_servers="localhost:1", views_url=f"sqlite:///{file}")
        app = application(settings, "America/Chicago", clock=lambda: now, routes=routes, months=patient())
        opened.append(app)
        return Browser(app)

    yield made
    for app in opened:
        app.state.site.store.close()
