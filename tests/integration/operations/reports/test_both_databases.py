"""SQLite and PostgreSQL answer every question alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from deploy.local.postgresql import Postgresql
from operations.reconcile.cut_off import month_span
from operations.reports.change_order_log import LogFilter, read_log, totals
from operations.reports.home import read_home
from operations.reports.items_page import ItemsAsked, read_items_page
from operations.reports.last_reads import read_last_reads
from operations.reports.log_page import read_log_page
from operations.reports.month import read_month
from operations.reports.one_change_order import read_change_order, read_writes
from operations.reports.open_items import read_open_items
from operations.reports.search import find
from operations.reports.system import read_system
from operations.reports.tables import ReadTables, moment_of
from operations.reports.writes_total import sum_writes
from tests.unit.workers.views.tables import (
    CODEC,
    FOLDS,
    ROUTING,
    acted,
    key_of,
    member,
    observed,
    origin_of,
    polled,
    wrote,
)
from tests.unit.workers.views.test_folds import STORY
from tests.views_topics import Tables, in_postgresql, in_sqlite, postgresql
from workers.views.amounts import milliseconds
from workers.views.batch import fold_records
from workers.views.generation import Generation
from workers.views.tables import PROGRESS

NOW = datetime(2026, 3, 5, 18, 0, tzinfo=UTC)
GENERATION = Generation(1, "0" * 8)
MORE = [
    wrote("a\0b", 8, "2"),
    observed("c\0d", 11),
    acted(20, "p-1", action="plan", details='{"routes": ["tower"], "rows": 3, "calls": 4}'),
    acted(21, "g-1", action="go_live", details='{"plan_id": "p-1"}'),
    acted(22, "p-1", action="plan.rows", details="{}"),
    member(23, "poll-cinx", NOW, ("cinx:acme",)),
    polled(24, "procore", NOW, interval=60),
]


@pytest.fixture(scope="module")
def server() -> Iterator[Postgresql]:
    with postgresql() as server:
        yield server


def answers(tables: ReadTables) -> dict[str, Any]:
    """Everything that commands and screens ask."""
    rows = read_log(tables, LogFilter(), NOW)
    home = read_home(tables, NOW)
    system = read_system(tables, NOW, str)
    return {
        "log": rows,
        "totals": totals(rows),
        "filtered": read_log(tables, LogFilter(project="Tower B", side="owner", status="approved"), NOW),
        "one of the log": read_log(tables, LogFilter(change_order="17"), NOW),
        "home": (home.items, home.last_carried, [(one.key, one.name, one.sides) for one in home.projects]),
        "page of home": [(one.key, one.name, one.sides) for one in read_home(tables, NOW, 1, 1).projects],
        "found": [
            find(tables, words)
            for words in ("17", "0017", "022", "title", "l-1", "9", origin_of("17"), "100%", "bad \0 title", "\0")
        ],
        "none of the log": [*read_log(tables, LogFilter(project="\0", change_order="a:b:\0"), NOW), "nothing"],
        "no change order": [read_change_order(tables, "a:b:\0", NOW, str), "nothing"],
        "change order": read_change_order(tables, key_of("17"), NOW, str),
        "items": read_open_items(tables),
        "pages of items": [
            read_items_page(tables, asked, NOW)
            for asked in (ItemsAsked(), ItemsAsked(reason="procore.*", project="7", doubts=True, rests=True))
        ],
        "writes": read_writes(tables, "at >= :first AND at < :until", first=0, until=2**50),
        "sums of writes": sum_writes(tables, NOW - timedelta(days=60), NOW),
        "pages of the log": [
            read_log_page(tables, asked, NOW) for asked in (LogFilter(), LogFilter(project="Tower B"))
        ],
        "behind the last": [read_log_page(tables, LogFilter(), NOW, key_of("17")), "nothing"],
        "months": [read_month(tables, ROUTING, "7", month_span(f"2026-0{month}", "UTC"), NOW) for month in (2, 3)],
        "system": (system.accounts, system.members, system.holds, system.unreadable),
        "people": (system.actions, system.plans),
        "late": read_last_reads(tables).late,
    }


def asked(kept: Tables) -> dict[str, Any]:
    with kept.store() as store:
        engine = store.building(GENERATION)
        try:
            with engine.begin() as connection:
                fold_records(connection, [*STORY, *MORE], FOLDS, CODEC, ROUTING)
                connection.execute(update(PROGRESS).values(read_at=milliseconds(NOW)))
        finally:
            engine.dispose()
        store.publish(GENERATION)
        with moment_of(store) as tables:
            return answers(tables)


def test_both_say_the_same(server: Postgresql, tmp_path: Path) -> None:
    in_file = asked(in_sqlite(tmp_path))
    in_server = asked(in_postgresql(server, tmp_path, "same"))
    for question, answer in in_file.items():
        assert in_server[question] == answer, question
    assert all(in_file.values())
