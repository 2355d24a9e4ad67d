"""Months that are remembered for a minute, over tables of made-up records."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, update

from operations.reconcile.cut_off import month_span
from operations.reports.month import MonthReport, read_month
from operations.reports.tables import ReadTables
from relay.domain.routes import Routing
from relay.engine.topics import CONTROL, OBSERVED
from tests.unit.workers.views.tables import AT, ROUTING, fold, held, observed, tables
from web import read_months
from web.read_months import ReadMonths
from workers.views.tables import OFFSETS

MARCH = month_span("2026-03", "UTC")
NOW = datetime(2026, 3, 5, 18, 0, tzinfo=UTC)


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = tables()
    fold(made, [observed("17", 0), observed("18", 1, project="8")])
    with made.begin() as connection:
        for topic in (OBSERVED, CONTROL):
            row = {"topic": topic.name(), "topic_id": "t", "partition": 0, "next_offset": 1}
            connection.execute(insert(OFFSETS).values(row))
    yield made
    made.dispose()


class Asking:
    """Asks for months; ``read``: how often one was read of the tables."""

    def __init__(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        self._engine, self._months = engine, ReadMonths()
        self.read = 0

        def counted(*arguments: Any) -> MonthReport:
            self.read += 1
            return read_month(*arguments)

        monkeypatch.setattr(read_months, "read_month", counted)

    def __call__(self, project: str = "7", later: float = 0, routing: Routing = ROUTING) -> MonthReport:
        with self._engine.connect() as connection:
            now = NOW + timedelta(seconds=later)
            shown = ReadTables(connection=connection, place="memory", read_at=AT + timedelta(days=2, seconds=later))
            return self._months.read(shown, routing, project, MARCH, now)


def moved(engine: Engine, topic: str) -> None:
    with engine.begin() as connection:
        connection.execute(update(OFFSETS).where(OFFSETS.c.topic == topic).values(next_offset=2))


def test_a_month_is_read_once_while_nothing_is_told(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Asking(engine, monkeypatch)
    first = ask()
    moved(engine, CONTROL.name())
    assert ask(later=59) is first, "a stage states itself every second"
    assert ask.read == 1
    assert ask(later=60) is not first
    assert ask.read == 2


def test_what_was_told_meanwhile_is_read(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Asking(engine, monkeypatch)
    ask()
    moved(engine, OBSERVED.name())
    ask(later=1)
    assert ask.read == 2
    fold(engine, [held(5, "17")])
    ask(later=2)
    assert ask.read == 3
    ask(later=3, routing=Routing(routes=ROUTING.routes))
    assert ask.read == 4
    ask("8", later=4)
    assert ask.read == 5


def test_no_more_than_some_are_remembered(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Asking(engine, monkeypatch)
    names = ["7", "8", "constructiononline:acme/project:7", "constructiononline:acme/project:8", "315"]
    for name in names:
        ask(name)
    ask("315")
    assert ask.read == 5
    ask("7")
    assert ask.read == 6
