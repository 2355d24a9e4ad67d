"""Tables that another release has made."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from operations.errors import Refused
from operations.reports.tables import moment_of
from workers.views.generation import Generation
from workers.views.sqlite_store import SqliteStore
from workers.views.tables import VERSION


def opened(file: Path, version: int) -> SqliteStore:
    """A store whose tables lack one that is read."""
    store = SqliteStore(file)
    generation = Generation(version, "0" * 8)
    engine = store.building(generation)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE sums"))
    engine.dispose()
    store.publish(generation)
    return store


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (VERSION - 1, f"they are of an older release (version {VERSION - 1}, not {VERSION}): once `views`"),
        (VERSION + 1, f"they are of a newer release (version {VERSION + 1}, not {VERSION}): update and restart this"),
        (VERSION, "no such table: sums"),
    ],
)
def test_tables_of_another_release_are_told_apart_from_broken_ones(tmp_path: Path, version: int, said: str) -> None:
    store = opened(tmp_path / "views.sqlite", version)
    try:
        with pytest.raises(Refused) as refused, moment_of(store) as tables:
            tables.rows(text("SELECT * FROM sums"))
    finally:
        store.close()
    assert said in str(refused.value)
