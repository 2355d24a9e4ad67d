"""Months that are remembered for a minute, and those that are being read, over tables of made-up records."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, update

from operations.errors import Refused
from operations.reconcile.cut_off import month_span
from operations.reports.month import MonthReport, read_month
from operations.reports.tables import ReadTables, moment_of
from relay.domain.routes import Routing
from relay.engine.topics import CONTROL, OBSERVED
from tests.unit.workers.views.tables import AT, ROUTING, fold, held, observed
from web import read_months
from web.read_months import ReadMonths
from workers.views.generation import Generation
from workers.views.sqlite_store import SqliteStore
from workers.views.tables import OFFSETS

MARCH = month_span("2026-03", "UTC")
NOW = datetime(2026, 3, 5, 18, 0, tzinfo=UTC)
ALL_READ = 60.0
"""Seconds within which whatever is awaited here comes, however busy the machine is."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore(tmp_path / "views.sqlite")
    yield made
    made.close()


@pytest.fixture
def engine(store: SqliteStore) -> Iterator[Engine]:
    """What writes the tables."""
    generation = Generation(1, "0" * 8)
    made = store.building(generation)
    fold(made, [observed("17", 0), observed("18", 1, project="8"), observed("19", 2, project="9")])
    with made.begin() as connection:
        for topic in (OBSERVED, CONTROL):
            row = {"topic": topic.name(), "topic_id": "t", "partition": 0, "next_offset": 1}
            connection.execute(insert(OFFSETS).values(row))
    store.publish(generation)
    yield made
    made.dispose()


class Asking:
    """Asks for months; ``read``: how often one was begun to be read of the tables. While the ``gate`` is shut none is
    read to its end; ``fails``: how it ends then.
    """

    def __init__(self, store: SqliteStore, monkeypatch: pytest.MonkeyPatch, patience: float = ALL_READ) -> None:
        self.seconds = 0.0
        self._store, self._months = store, ReadMonths(patience, lambda: self.seconds)
        self._begun: list[str] = []
        self.connections = threading.Semaphore(40)
        self.gate = threading.Event()
        self.gate.set()
        self.fails: Exception | None = None

        def counted(*arguments: Any) -> MonthReport:
            self._begun.append(arguments[2])
            assert self.gate.wait(ALL_READ)
            if self.fails is not None:
                raise self.fails
            return read_month(*arguments)

        monkeypatch.setattr(read_months, "read_month", counted)

    @property
    def read(self) -> int:
        return len(self._begun)

    def __call__(self, project: str = "7", later: float = 0, routing: Routing = ROUTING) -> MonthReport:
        """A month that has to be there."""
        found = self.ask(project, later, routing)
        assert found is not None
        return found

    def ask(
        self, project: str = "7", later: float = 0, routing: Routing = ROUTING, *, waits: bool = False
    ) -> MonthReport | None:
        now = NOW + timedelta(seconds=later)

        @contextmanager
        def moment() -> Iterator[ReadTables]:
            with self.connections, moment_of(self._store) as tables:
                yield replace(tables, read_at=AT + timedelta(days=2, seconds=later))

        if waits:
            return self._months.wait(moment, routing, project, MARCH, now)
        return self._months.read(moment, routing, project, MARCH, now)

    def waiting(self, project: str = "7") -> Callable[[], MonthReport | None]:
        """Begins to wait on another thread; what is returned gives what it got, once the gate is open."""
        found: list[MonthReport | None] = []
        asking = threading.Thread(target=lambda: found.append(self.ask(project, waits=True)))
        asking.start()

        def joined() -> MonthReport | None:
            asking.join(ALL_READ)
            return found[0]

        return joined


def moved(engine: Engine, topic: str, offset: int = 2) -> None:
    with engine.begin() as connection:
        connection.execute(update(OFFSETS).where(OFFSETS.c.topic == topic).values(next_offset=offset))


def test_a_month_is_read_once_while_nothing_is_told(
    engine: Engine, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Asking(store, monkeypatch)
    first = ask()
    moved(engine, CONTROL.name())
    assert ask(later=59) is first, "a stage states itself every second"
    assert ask.read == 1
    assert ask(later=60) is not first
    assert ask.read == 2


def test_what_was_told_meanwhile_is_read(engine: Engine, store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Asking(store, monkeypatch)
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


@pytest.mark.usefixtures("engine")
def test_no_more_than_some_are_remembered(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Asking(store, monkeypatch)
    names = ["7", "8", "constructiononline:acme/project:7", "constructiononline:acme/project:8", "315"]
    for name in names:
        ask(name)
    ask("315")
    assert ask.read == 5
    ask("7")
    assert ask.read == 6


def test_who_had_to_come_again_is_shown_the_month_whatever_was_told_meanwhile(
    engine: Engine, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Asking(store, monkeypatch, patience=0)
    ask.gate.clear()
    assert ask.ask() is None
    moved(engine, OBSERVED.name())
    assert ask.ask(later=2) is None
    waiting = ask.waiting()
    ask.gate.set()
    month = waiting()
    assert month is not None
    assert ask.read == 1, "one reading for everybody"
    moved(engine, OBSERVED.name(), 3)
    ask.seconds = 9.9
    assert ask.ask(later=12) is month
    ask.seconds = 10.0
    assert ask.ask(later=13, waits=True) is not month
    assert ask.read == 2


@pytest.mark.usefixtures("engine")
def test_what_has_failed_is_told_whoever_had_to_come_again(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Asking(store, monkeypatch, patience=0)
    ask.gate.clear()
    ask.fails = ArithmeticError("no number")
    assert ask.ask() is None
    ask.gate.set()
    for later in (2, 3):
        with pytest.raises(ArithmeticError, match="no number"):
            ask.ask(later=later, waits=True)
    assert ask.read == 1
    ask.seconds, ask.fails = 10.0, None
    assert ask.ask(later=12, waits=True) is not None, "what fails is tried again"


@pytest.mark.usefixtures("engine")
def test_what_fails_at_once_is_told_at_once_and_forgotten(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Asking(store, monkeypatch)
    for _ in range(2):
        with pytest.raises(Refused, match="nothing was seen of a project"):
            ask("no such")
    assert ask.read == 2


@pytest.mark.usefixtures("engine")
def test_no_more_than_two_are_read_at_once(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for a third is kept until there is room; who does not is asked to come again."""
    ask = Asking(store, monkeypatch, patience=0)
    ask.gate.clear()
    assert [ask.ask(project) for project in ("7", "8", "9")] == [None, None, None]
    assert ask.read <= 2
    waiting = ask.waiting("9")
    ask.gate.set()
    found = waiting()
    assert found is not None
    assert found.report.subject == "constructiononline:acme/project:9"
    assert ask.ask("9", waits=True) is found
    assert all(ask.ask(project, waits=True) is not None for project in ("7", "8"))
    assert ask.read == 3


@pytest.mark.usefixtures("engine")
def test_who_waits_keeps_no_connection_from_who_reads(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Asking(store, monkeypatch)
    ask.connections = threading.Semaphore(1)
    waiting = [ask.waiting() for _ in range(3)]
    months = {id(joined()) for joined in waiting}
    assert len(months) == ask.read == 1
