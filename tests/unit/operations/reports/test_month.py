"""A month opens with what the one before closed with, wherever it has gone since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy import event as sql_events

from operations.reconcile.cut_off import month_span
from operations.reports.change_order_log import LogFilter, read_log
from operations.reports.home import read_home
from operations.reports.month import MonthReport, read_month
from operations.reports.tables import ReadTables
from relay.domain.change_order import Status
from relay.domain.events import ChangeOrderObserved
from relay.engine.kafka import Record
from relay.engine.topics import OBSERVED
from tests.unit.workers.views.tables import CODEC, ROUTING, contract, fold, observed, record, tables, wrote

NOW = datetime(2026, 4, 20, tzinfo=UTC)
Figures = tuple[str, str, str, str]


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = tables()
    yield made
    made.dispose()


def month(engine: Engine, records: Sequence[Record], name: str) -> MonthReport:
    fold(engine, records)
    with engine.connect() as connection:
        read = ReadTables(connection=connection, place="memory", read_at=NOW)
        return read_month(read, ROUTING, "7", month_span(name, "UTC"), NOW)


def seen(offset: int, at: datetime, **more: object) -> Record:
    """Change order 17, approved, its items as ``Rebar`` says: first its own contract's, then nobody's."""
    name, approved_at = more.pop("rebar", "Rebar"), more.pop("first_approved", None)
    first = CODEC.decode(observed("17", offset, status=Status.APPROVED).value or b"", ChangeOrderObserved)
    items = first.change_order.items
    shown = replace(first.change_order, items=(replace(items[0], name=str(name)), *items[1:]), **more)  # type: ignore[arg-type]
    event = replace(first, observed_at=at, approved_seen_at=approved_at, change_order=shown)  # type: ignore[arg-type]
    return record(OBSERVED, event.key, event, offset)


def figures(report: MonthReport, side: str) -> dict[tuple[str, str | None], Figures]:
    return {
        (row.contract.place.contract, row.contract.currency): (
            f"{row.opening:.2f}",
            f"{row.approved:.2f}",
            f"{row.revised:.2f}",
            f"{row.closing:.2f}",
        )
        for row in report.rows[side]
    }


def test_what_moves_to_another_contract_opens_where_it_had_closed(engine: Engine) -> None:
    begins = month_span("2026-04", "UTC").begins
    records = [seen(0, begins - timedelta(days=9)), seen(1, begins + timedelta(days=9), rebar="Steel")]
    april = month(engine, records, "2026-04")
    assert figures(april, "cost") == {
        ("44021", "USD"): ("30.00", "0.00", "-30.00", "0.00"),
        ("", "USD"): ("20.00", "0.00", "30.00", "50.00"),
    }
    closed = sum((row.closing for row in month(engine, [], "2026-03").rows["cost"]), Decimal(0))
    assert sum((row.opening for row in april.rows["cost"]), Decimal(0)) == closed
    (left,) = [row for row in april.rows["cost"] if row.contract.place.is_contract]
    assert (left.held, left.difference) == (None, None)


def test_a_currency_that_changes_opens_in_its_own(engine: Engine) -> None:
    begins = month_span("2026-04", "UTC").begins
    records = [seen(0, begins - timedelta(days=9)), seen(1, begins + timedelta(days=9), currency="CAD")]
    assert figures(month(engine, records, "2026-04"), "owner") == {
        ("44023", "CAD"): ("0.00", "0.00", "100.00", "100.00"),
        ("44023", "USD"): ("100.00", "0.00", "-100.00", "0.00"),
    }


def test_ages_are_counted_in_days_of_the_companys_zone(engine: Engine) -> None:
    span = month_span("2026-03", "America/Chicago")
    submitted = {"status": Status.PENDING, "submitted_on": "2026-03-01"}
    fold(engine, [seen(0, span.begins + timedelta(days=1), **submitted)])
    with engine.connect() as connection:
        read = ReadTables(connection=connection, place="memory", read_at=NOW)
        report = read_month(read, ROUTING, "7", span, NOW)
    assert {(one.side, one.bucket) for one in report.aging if one.change_orders} == {
        ("owner", "0-30"),
        ("cost", "0-30"),
    }


def test_what_is_approved_again_is_in_the_project_s_month_and_not_in_home_s(engine: Engine) -> None:
    """Home counts each once, by when it was first seen approved, and says so."""
    begins = month_span("2026-04", "UTC").begins
    told = [(-9, Status.APPROVED), (-5, Status.PENDING), (9, Status.APPROVED)]
    records = [
        seen(at, begins + timedelta(days=day), status=status, first_approved=begins - timedelta(days=9))
        for at, (day, status) in enumerate(told)
    ]
    april = month(engine, records, "2026-04")
    assert figures(april, "owner")["44023", "USD"] == ("0.00", "100.00", "0.00", "100.00")
    with engine.connect() as connection:
        (project,) = read_home(ReadTables(connection=connection, place="memory", read_at=NOW), NOW).projects
    owner = project.sides["owner"]
    assert (dict(owner.approved.known), dict(owner.this_month.known)) == ({"USD": Decimal(100)}, {})


def test_a_revision_makes_what_is_pending_no_younger(engine: Engine) -> None:
    """As the change order log has it: where no date is stated, it is counted from when it was seen first."""
    undated = {"status": Status.PENDING, "submitted_on": None, "created_on": None}
    first, again = NOW - timedelta(days=100), NOW - timedelta(days=1)
    report = month(engine, [seen(0, first, **undated), seen(1, again, title="Mended", **undated)], "2026-04")
    with engine.connect() as connection:
        log = read_log(ReadTables(connection=connection, place="memory", read_at=NOW), LogFilter(), NOW)
    buckets = {one.bucket for one in report.aging if one.change_orders}
    assert buckets == {row.bucket for row in log} == {"91-120"}


LARGE = ("change_orders", "observations", "shares", "destinations", "holdings", "outcomes", "remote_writes")


@pytest.mark.parametrize("project", ["7", "Tower B", "315"])
def test_a_month_goes_through_no_large_table_whole(engine: Engine, project: str) -> None:
    """Of a million change orders it reads those of its project."""
    fold(engine, [observed("17", 0, status=Status.APPROVED), contract(0), wrote("17", 0, "100")])
    asked: list[tuple[str, Any]] = []
    sql_events.listen(engine, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
    with engine.connect() as connection:
        read_month(
            ReadTables(connection=connection, place="memory", read_at=NOW),
            ROUTING,
            project,
            month_span("2026-03", "UTC"),
            NOW,
        )
        plans = [
            (question, row[3])
            for question, values in list(asked)
            for row in connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {question}", values)
        ]
    assert len(asked) > 10
    assert not [(step, question) for question, step in plans if step.startswith(tuple(f"SCAN {one}" for one in LARGE))]
