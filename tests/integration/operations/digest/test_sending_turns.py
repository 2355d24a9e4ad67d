from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from deploy.local.postgresql import Postgresql
from operations.digest.sending_turns import LASTS, SendingTurns
from tests.views_topics import Tables, in_postgresql, in_sqlite, postgresql
from workers.views.generation import Generation
from workers.views.store import Store

NOW = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)
TODAY = date(2026, 3, 3)
MANY = 4


@pytest.fixture(scope="module")
def server() -> Iterator[Postgresql]:
    with postgresql() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Tables:
    if request.param == "sqlite":
        return in_sqlite(tmp_path)
    return in_postgresql(request.getfixturevalue("server"), tmp_path, "turns-")


def takes(store: Store, instance: str) -> bool:
    turns = SendingTurns(store, instance)
    try:
        return turns.take(TODAY, NOW)
    finally:
        turns.close()


def test_of_many_at_once_one_takes_the_day_and_new_tables_change_nothing(kept: Tables) -> None:
    with kept.store() as store:
        SendingTurns(store, "first").close()  # What is made once, is made.
        with ThreadPoolExecutor(MANY) as pool:
            taken = list(pool.map(lambda number: takes(store, f"views-{number}"), range(MANY)))
        assert sorted(taken) == [False] * (MANY - 1) + [True]
        mine = SendingTurns(store, f"views-{taken.index(True)}")
        mine.sent(TODAY, NOW)
        for version in (1, 2, 3):
            generation = Generation(version, "0" * 8)
            store.building(generation).dispose()
            store.publish(generation)
        assert mine.is_sent(TODAY)
        assert not mine.take(TODAY, NOW + LASTS * 2)
        assert mine.last_before(TODAY + timedelta(days=1)) == TODAY
        mine.close()
