"""*Home* beside the sums that are kept, added up row by row: all projects, and page by page."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from operations.reports.home import HomeReport, ProjectSums, SideSums, read_home
from operations.reports.log_sums import read_approvals, read_sums
from operations.reports.money import KnownSum
from operations.reports.tables import ReadTables
from relay.domain.change_order import ChangeOrder, Item, Status
from relay.domain.events import Change
from relay.domain.routes import Route, Routing
from relay.engine.kafka import Record
from tests.unit.workers.views.tables import (
    AT,
    ROUTING,
    contract,
    fold,
    key_of,
    letter,
    observed,
    origin_of,
    tables,
    wrote,
)

PROJECTS = ["7", "8", "9", "10", "11", "12"]
UNROUTED = ["13", "14"]
NOW = AT + timedelta(days=3)


def route(project: str | None) -> Route:
    (first,) = ROUTING.routes
    return replace(first, source=replace(first.source, project=project))


def history(chance: random.Random) -> Iterator[Record]:
    """Change orders of each project, some of which are written, less or more than they are, and some stand open."""
    yield contract(0)
    for number in range(100, 100 + 8 * len([*PROJECTS, *UNROUTED])):
        project = chance.choice([*PROJECTS, *UNROUTED])
        approved = chance.random() < 0.6
        yield change_order(chance, number, project, Status.APPROVED if approved else chance.choice(list(Status)))
        if chance.random() < 0.6:
            there = Decimal(chance.choice(["30", "50", "70"]))
            yield wrote(str(number), number, str(there), pending_effect=None, approved_effect=there)
        if chance.random() < 0.3:
            named = str(number)
            key, origin_id = key_of(named), origin_of(named)
            yield letter(named, number, f"l-{number}", change_order_key=key, origin_id=origin_id)
        if chance.random() < 0.2:
            yield change_order(chance, number, project, Status.REJECTED, 500)
        elif chance.random() < 0.1:
            yield change_order(chance, number, project, Status.APPROVED, 500, change=Change.DELETED)


def change_order(
    chance: random.Random, number: int, project: str, status: Status, later: int = 0, **more: Any
) -> Record:
    price = chance.choice([None, Decimal(30), Decimal(50), Decimal(-50)])
    shown = ChangeOrder(
        change_order_id=str(number),
        project=project,
        project_name=chance.choice([None, "", f"Tower {project}", f"The tower {project}"]),
        number=str(number),
        title="t",
        status=status,
        currency=chance.choice([None, "USD", "CAD"]),
        cost=price,
        client_price=price,
        items=(Item(item_id="1", name=chance.choice(["Rebar", "Paint"]), cost=price, client_price=price),),
    )
    seen = AT - timedelta(days=chance.choice([0, 1, 40])) if status is Status.APPROVED else None
    more |= {"project": project, "change_order": shown, "approved_seen_at": seen}
    return observed(str(number), number + later, **more)


@pytest.fixture(params=range(6))
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    made = tables()
    routes = Routing(routes=tuple(route(project) for project in PROJECTS))
    assert fold(made, list(history(random.Random(request.param))), routes) == []
    yield made
    made.dispose()


def figures(sides: dict[str, SideSums]) -> dict[tuple[str, str], tuple[dict[str | None, Decimal], int]]:
    names = ("pending", "approved", "not_carried", "more_there", "this_month")
    found = {(side, name): getattr(sums, name) for side, sums in sides.items() for name in names}
    return {place: (dict(told.known), told.unknown) for place, told in found.items() if told.known or told.unknown}


def added_up(read: ReadTables) -> dict[tuple[str, str, str | None], dict[str, SideSums]]:
    """What each project's kept sums come to, one after the other."""
    found: dict[tuple[str, str, str | None], dict[str, SideSums]] = {}
    for one in read_sums(read):
        if not one.is_routed or not (one.status in ("pending", "approved") or one.more_there):
            continue
        sums = found.setdefault(one.project, {"owner": SideSums(), "cost": SideSums()})[one.side]
        known = one.amount if one.unknown < one.rows else None
        if one.status in ("pending", "approved"):
            getattr(sums, one.status).add(one.currency, known, one.unknown)
        if one.is_carried:
            sums.not_carried.add(one.currency, one.less_there or None, one.ahead_unknown)
            sums.more_there.add(one.currency, one.more_there or None)
    for row in read_approvals(read, NOW.replace(day=1, hour=0, minute=0, second=0)):
        sums = found.setdefault(row.project, {"owner": SideSums(), "cost": SideSums()})[row.side]
        sums.this_month.add(row.currency, row.amount if row.unknown < row.rows else None, row.unknown)
    return found


def test_every_figure_is_that_of_the_kept_sums(engine: Engine) -> None:
    with engine.connect() as connection:
        read = ReadTables(connection=connection, place="memory", read_at=NOW)
        report, expected = read_home(read, NOW), added_up(read)
    assert {one.key: figures(one.sides) for one in report.projects} == {
        key: figures(sides) for key, sides in expected.items()
    }
    assert report.count == len(report.projects) == len(expected)
    assert {side: total(report, side) for side in ("owner", "cost")} == {
        side: {name: (dict(told.known), told.unknown) for name, told in of_all(report, side).items()}
        for side in ("owner", "cost")
    }


def of_all(report: HomeReport, side: str) -> dict[str, KnownSum]:
    return {name: getattr(report.total[side], name) for name in ("pending", "approved", "not_carried", "more_there")}


def total(report: HomeReport, side: str) -> dict[str, tuple[dict[str | None, Decimal], int]]:
    found = {}
    for name in ("pending", "approved", "not_carried", "more_there"):
        sums = KnownSum()
        for project in report.projects:
            one: KnownSum = getattr(project.sides[side], name)
            sums.unknown += one.unknown
            for currency, amount in one.known.items():
                sums.add(currency, amount)
        found[name] = (dict(sums.known), sums.unknown)
    return found


def test_pages_show_together_what_all_projects_are(engine: Engine) -> None:
    with engine.connect() as connection:
        read = ReadTables(connection=connection, place="memory", read_at=NOW)
        every = read_home(read, NOW)
        pages = [read_home(read, NOW, first, 3) for first in range(0, every.count, 3)]
        behind = read_home(read, NOW, every.count, 3)
    assert [shown(one) for page in pages for one in page.projects] == [shown(one) for one in every.projects]
    assert {(page.count, page.items.count) for page in pages} == {(every.count, every.items.count)}
    assert all({side: total(every, side) for side in page.total} == totals(page) for page in pages)
    assert (behind.first, [one.key for one in behind.projects]) == (0, [one.key for one in every.projects[:3]])
    assert [one.items.count for one in every.projects] == sorted(one.items.count for one in every.projects)[::-1]


def totals(page: HomeReport) -> dict[str, dict[str, tuple[dict[str | None, Decimal], int]]]:
    return {
        side: {name: (dict(told.known), told.unknown) for name, told in of_all(page, side).items()}
        for side in page.total
    }


def shown(one: ProjectSums) -> tuple[object, ...]:
    behind = {side: (dict(told.known), told.unknown) for side, told in one.items.behind.items()}
    return one.key, one.name, figures(one.sides), one.items.count, behind
