from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, delete, event, select

from operations.reports.change_order_log import LogFilter, read_log
from operations.reports.home import read_home
from operations.reports.log_page import read_log_page
from operations.reports.log_sums import read_sums
from operations.reports.search import find
from operations.reports.tables import ReadTables
from operations.reports.writes_total import sum_writes
from relay.domain.change_order import Status
from relay.domain.events import Change
from relay.domain.routes import Match, OwnRecords, Route, Routing, Source
from relay.domain.writes.remote_writes import WriteOperation, WrittenField, WrittenRecord
from relay.engine.kafka import Record
from tests.unit.workers.views.tables import (
    AT,
    ROUTING,
    applied,
    ended,
    fold,
    key_of,
    letter,
    observed,
    origin_of,
    rows,
    tables,
    wrote,
)
from workers.views import sums
from workers.views.stage import _Folding
from workers.views.tables import APPROVALS, CHANGE_ORDERS, HOLDINGS, SUMS, WRITE_SUMS

READ_BACK: dict[str, Any] = {"system": "procore", "project": "315", "origin_id": origin_of("17"), "root": key_of("17")}
(LIVE,) = ROUTING.routes
ON = Route(
    source=Source(system="procore", account="acme", project="315"),
    mode=LIVE.mode,
    own_records=OwnRecords.MAP,
    targets=tuple(replace(target, match=Match()) for target in LIVE.targets[1:]),
)
CHAINED = Routing(routes=(LIVE, ON))
OF_THE_RECORD = origin_of("17", "rebar")
APPROVED: dict[str, Any] = {"status": Status.APPROVED, "approved_seen_at": AT}
STORY: list[Record] = [
    observed("17", 0),
    observed("55", 1, **READ_BACK),
    observed("17", 2, price="250", **APPROVED),
    wrote("17", 0, "100"),
    wrote("17", 1, "30", origin_id=OF_THE_RECORD, target="rebar"),
    wrote("55", 2, "40", change_order_key="procore:acme:55", origin_id=OF_THE_RECORD, target="rebar"),
    applied("17", 0, "100"),
    ended("17", 1, origin_id=OF_THE_RECORD, target="rebar"),
    observed("55", 4, price="80", **APPROVED, **READ_BACK),
    observed("18", 5, project="9"),
    wrote("18", 6, "7.25"),
]


def kept(engine: Engine) -> dict[str, list[Any]]:
    return {
        table.name: sorted((tuple(row.values()) for row in rows(engine, select(table))), key=repr)
        for table in (SUMS, APPROVALS)
    }


def anew(engine: Engine) -> dict[str, list[Any]]:
    """The same added up from nothing."""
    with engine.connect() as connection, connection.begin() as transaction:
        found = sums._sums_of(connection, list(connection.scalars(select(CHANGE_ORDERS.c.change_order_key))))
        for table in (SUMS, APPROVALS):
            connection.execute(delete(table))
            sums._add(connection, table, {}, found[table])
        told = {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in (SUMS, APPROVALS)
        }
        transaction.rollback()
    return told


def folded(records: Sequence[Record], chance: random.Random) -> Engine:
    engine = tables()
    left = list(records)
    while left:
        many = chance.randint(1, 3)
        assert fold(engine, left[:many], chance.choice((CHAINED, CHAINED, ROUTING))) == []
        left = left[many:]
    return engine


@pytest.mark.parametrize("seed", range(25))
def test_sums_are_kept_whichever_change_order_a_destination_is_told_of(seed: int) -> None:
    """A record of ours read back, which a route takes on, has its root's origin ids and a key of its own."""
    chance = random.Random(seed)
    records = STORY[:]
    chance.shuffle(records)
    engine = folded(records, chance)
    assert kept(engine) == anew(engine)


def test_amounts_beyond_what_can_be_added_up_count_as_not_known() -> None:
    engine = tables()
    huge = [observed(str(number), number, price="9" + "0" * 13, **APPROVED) for number in range(20, 40)]
    written = [
        wrote(str(number), number, "9" + "0" * 13, approved_effect=Decimal(9 * 10**13)) for number in range(20, 40)
    ]
    assert (
        fold(engine, [*huge, observed("17", 0), *written, *(letter(str(n), n, f"l-{n}") for n in range(20, 40))]) == []
    )
    with engine.connect() as connection:
        read = ReadTables(connection=connection, place="memory", read_at=None)
        owner = [one for one in read_sums(read) if one.side == "owner"]
        assert {(one.status, one.amount, one.unknown) for one in owner if one.is_carried} == {
            ("approved", Decimal(0), 20),
            ("pending", Decimal(100), 0),
        }
        assert sum_writes(read, AT - timedelta(days=1), AT + timedelta(days=1)).unknown == 20
        assert read_home(read, AT).items.count == 20
    for table in (SUMS, APPROVALS, WRITE_SUMS, HOLDINGS):
        assert not [value for row in rows(engine, select(table)) for value in row.values() if isinstance(value, float)]


def test_a_key_with_a_nul_is_summed_as_it_is_kept() -> None:
    engine = tables()
    fold(engine, [observed("1�", 0), observed("17", 1)])
    fold(engine, [wrote("1\0", 0, "5", origin_id=origin_of("1\0"))])
    assert kept(engine) == anew(engine)
    assert sum(row["there"] for row in rows(engine, select(SUMS))) == 50_000


def test_writes_are_of_their_contracts_side_whatever_became_of_one_change_order() -> None:
    """The first of them goes nowhere any more, and nothing is read of the contract."""
    engine = tables()
    fold(engine, [observed("17", 0), observed("18", 1), wrote("17", 0, "5"), wrote("18", 1, "7")])
    fold(engine, [observed("17", 2, project="9")])
    with engine.connect() as connection:
        read = ReadTables(connection=connection, place="memory", read_at=None)
        told = sum_writes(read, AT - timedelta(days=1), AT + timedelta(days=1))
    assert (dict(told.effects["owner"].pending), dict(told.effects["cost"].pending)) == ({"USD": Decimal(12)}, {})


def test_what_nobody_knows_to_be_there_is_not_counted_as_missing() -> None:
    engine = tables()
    fold(engine, [observed("17", 0, **APPROVED), wrote("17", 0, "5", amount_after=None, pending_effect=None)])
    with engine.connect() as connection:
        read = ReadTables(connection=connection, place="memory", read_at=None)
        (project,) = read_home(read, AT).projects
        (sum_,) = [one for one in read_log_page(read, LogFilter(), AT).sums if one.side == "owner"]
    assert (dict(project.sides["owner"].not_carried.known), project.sides["owner"].not_carried.unknown) == ({}, 1)
    assert (sum_.amount_there, sum_.unknown, sum_.there_unknown) == (Decimal(0), 0, 1)


def test_what_is_there_as_approved_is_told_by_amount_and_status_where_its_beginning_is_not_known() -> None:
    engine = tables()
    header = WrittenRecord(
        kind="potential_change_order",
        operation=WriteOperation.UPDATED,
        fields=(WrittenField(name="status", sent="approved"),),
    )
    written = wrote("17", 0, "60", amount_before=None, pending_effect=None, records=(header,))
    fold(engine, [observed("17", 0, **APPROVED), written])
    with engine.connect() as connection:
        (project,) = read_home(ReadTables(connection=connection, place="memory", read_at=None), AT).projects
    assert project.sides["owner"].not_carried.known == {"USD": Decimal(40)}


@pytest.mark.parametrize("price", ["100", "-100"])
@pytest.mark.parametrize(
    "change", [{"status": Status.PENDING}, {"status": Status.REJECTED}, {"change": Change.DELETED}]
)
def test_an_approval_withdrawn_leaves_more_there(change: dict[str, Any], price: str) -> None:
    """Of a credit that stands there as approved it is less than zero."""
    assert _ahead(price, price, **change) == ({}, {"USD": Decimal(price)})


@pytest.mark.parametrize(
    ("price", "there", "missing", "more"),
    [
        ("100", "60", 40, None),
        ("100", "130", None, 30),
        ("100", "-20", 120, None),
        ("-100", "-60", -40, None),
        ("-100", "-130", None, -30),
        ("-100", "20", -120, None),
        ("-100", None, -100, None),
        ("-100", "-100", None, None),
        ("0", "-20", None, -20),
    ],
)
def test_what_is_approved_and_not_there_has_its_sign(
    price: str, there: str | None, missing: int | None, more: int | None
) -> None:
    sums = tuple({} if amount is None else {"USD": Decimal(amount)} for amount in (missing, more))
    assert _ahead(price, there) == sums


def _ahead(price: str, there: str | None, **change: Any) -> tuple[dict[str | None, Decimal], ...]:
    """What Home says is approved and not there, and what more is there; ``there``: as approved, if it was written."""
    engine = tables()
    fold(engine, [observed("17", 0, price=price, **APPROVED)])
    if there is not None:
        fold(engine, [wrote("17", 0, there, pending_effect=None, approved_effect=Decimal(there))])
    if change:
        fold(engine, [observed("17", 1, price=price, **change)])
    with engine.connect() as connection:
        (project,) = read_home(ReadTables(connection=connection, place="memory", read_at=None), AT).projects
    owner = project.sides["owner"]
    return dict(owner.not_carried.known), dict(owner.more_there.known)


def test_shares_are_made_anew_with_the_sums_locked_before_the_change_orders() -> None:
    """As a batch of records locks them: in another order two instances would wait for each other."""
    engine = tables()
    fold(engine, [observed("17", 0)])
    folding, said = object.__new__(_Folding), list[str]()
    folding._engine = engine

    @event.listens_for(engine, "before_cursor_execute")
    def note(*about: Any) -> None:
        said.append(about[2])

    assert folding._share_page("", ROUTING) == key_of("17")
    places = [next(place for place, words in enumerate(said) if f"FROM {name}" in words) for name in LOCKED]
    assert places == sorted(places)
    assert kept(engine) == anew(engine)


LOCKED = ("progress", "change_orders")


@pytest.mark.parametrize(
    ("words", "many"), [("Tower B", 6), ("TOWER  b", 6), ("7", 6), ("315", 6), ("315-1", 0), ("9", 2)]
)
def test_a_project_s_log_is_the_same_page_by_page_and_as_a_file(words: str, many: int) -> None:
    engine = tables()
    fold(engine, [observed("17", 0), observed("18", 1), observed("19", 2, project="9", name="\u00c9cole")])
    with engine.connect() as connection:
        read = ReadTables(connection=connection, place="memory", read_at=None)
        page = read_log_page(read, LogFilter(project=words), AT)
        assert (page.count, len(page.rows), len(read_log(read, LogFilter(project=words), AT))) == (many, many, many)
        assert len({one.change_order_key for one in find(read, "\u00e9COLE").change_orders}) == 1
