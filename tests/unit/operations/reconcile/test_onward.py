"""Contracts to which records at another contract go on (``own_records: map``), over tables of made-up records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from operations.reconcile.causes import Cause
from operations.reconcile.cut_off import month_span
from operations.reconcile.project import read_books
from operations.reconcile.report import as_recorded, report_of
from operations.reconcile.statement import ContractStatement, Reconciliation
from operations.reports.month import read_month
from operations.reports.tables import ReadTables
from relay.domain.change_order import ChangeOrder, Item, Status
from relay.domain.commands import CinxDestination
from relay.domain.control import Control, PersonHold, Subject
from relay.domain.events import Change
from relay.domain.outcomes import OutcomeKind
from relay.domain.routes import CinxTarget, OwnRecords, Route, RouteMode, Source
from relay.engine.kafka import Record
from relay.engine.topics import CONTROL
from tests.unit.workers.views.tables import (
    AT,
    ROUTING,
    contract,
    ended,
    fold,
    key_of,
    observed,
    origin_of,
    polled,
    read_back,
    record,
    tables,
    wrote,
)

ONWARD = Route(
    source=Source(system="procore", account="acme", project="315"),
    mode=RouteMode.LIVE,
    own_records=OwnRecords.MAP,
    targets=(CinxTarget(name="po", account="acme", destination=CinxDestination(purchase_order="PO-7")),),
)
BOTH = replace(ROUTING, routes=(replace(ROUTING.routes[0], targets=ROUTING.routes[0].targets[:1]), ONWARD))
RAW = b'{"change_order":{"id":1,"contract_id":44023},"items":[]}'
THERE = "procore:acme:598"
PO = origin_of("17", "po")
PAST_PATIENCE = AT + timedelta(hours=3)


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = tables()
    yield made
    made.dispose()


def there(number: str, offset: int, amount: str, *, status: Status = Status.APPROVED, **more: Any) -> Record:
    """A record at the owner's contract, as it was read back."""
    shown = ChangeOrder(
        change_order_id=number,
        project="315",
        number=f"0{number}",
        status=status,
        status_raw=status.value,
        currency="USD",
        cost=Decimal(amount),
        client_price=Decimal(amount),
        items=(Item(item_id="1", cost=Decimal(amount), client_price=Decimal(amount)),),
    )
    return read_back("procore", shown, offset, **({"raw": RAW} | more))


def ours(offset: int, amount: str, **more: Any) -> Record:
    """Our record of change order 17."""
    return there("598", offset, amount, origin_id=origin_of("17"), root=key_of("17"), **more)


def ordered(offset: int, amount: str, **more: Any) -> Record:
    """The POCO that goes on from it, at CINX."""
    shown = ChangeOrder(
        change_order_id="po-1",
        number="1",
        status=Status.APPROVED,
        status_raw="Accepted",
        currency="USD",
        cost=Decimal(amount),
        purchase_order="PO-7",
        items=(Item(item_id="1", cost=Decimal(amount), quantity=Decimal(1), unit_cost=Decimal(amount)),),
    )
    return read_back("cinx", shown, offset, **({"origin_id": PO, "root": key_of("17")} | more))


def onward(offset: int, amount: str, before: str = "0", key: str = THERE) -> Record:
    return wrote(
        "598",
        offset,
        amount,
        system="cinx",
        destination="PO-7",
        change_order_key=key,
        origin_id=PO,
        target="po",
        records=(),
        amount_before=Decimal(before),
        pending_effect=None,
        approved_effect=Decimal(amount) - Decimal(before),
    )


def told(offset: int, sequence: int, kind: OutcomeKind = OutcomeKind.APPLIED, **more: Any) -> Record:
    place = {"system": "cinx", "target": "po", "origin_id": PO, "change_order_key": THERE}
    return ended("598", offset, kind, sequence=sequence, **{**place, **more})


READ = [polled(90 + at, system, PAST_PATIENCE) for at, system in enumerate(("constructiononline", "procore", "cinx"))]
AT_PROCORE = [
    contract(0),
    observed("17", 0, price="250", status=Status.APPROVED),
    wrote("17", 1, "250", pending_effect=None, approved_effect=Decimal(250)),
    ended("17", 2, sequence=1_000),
    ours(3, "250"),
]
CARRIED = [*AT_PROCORE, onward(4, "250"), told(5, 9_003), ordered(6, "250"), *READ]


def report(engine: Engine, records: Sequence[Record], name: str = "7") -> Reconciliation:
    fold(engine, records, BOTH)
    with engine.connect() as connection:
        read = ReadTables(connection=connection, place="memory", read_at=AT + timedelta(days=99))
        books = read_books(read, BOTH, name, PAST_PATIENCE)
        return report_of(books, as_recorded(books))


def order(shown: Reconciliation) -> ContractStatement:
    """The purchase order."""
    return next(one for side in shown.sides for one in side.contracts if one.place.contract == "PO-7")


def causes(statement: ContractStatement) -> list[tuple[Cause, Decimal]]:
    return [(item.cause, item.effect.approved) for item in statement.items]


@pytest.mark.parametrize("name", ["7", "315", "procore:acme/project:315", "constructiononline:acme/project:7"])
def test_what_goes_on_reconciles_and_its_money_is_the_sources_once(engine: Engine, name: str) -> None:
    shown = report(engine, CARRIED, name)
    assert shown.is_reconciled
    assert shown.subject == "constructiononline:acme/project:7,procore:acme/project:315"
    po = order(shown)
    assert causes(po) == [(Cause.CARRIED_ON, Decimal(250))]
    assert "Procore acme 0598" in po.items[0].sentence
    assert po.items[0].key == THERE
    assert [po.source.approved, po.expected.approved, po.held.approved] == [Decimal(0), Decimal(250), Decimal(250)]
    sources = {side.side: side.source.approved for side in shown.sides}
    assert sources == {"owner": 250, "cost": Decimal("50.0001")}


def test_a_change_that_has_not_gone_on_is_in_transit_and_silence_is_no_cause_for_long(engine: Engine) -> None:
    late = 3 * 60 - 30
    shown = report(engine, [*CARRIED, ours(late, "300")])
    assert causes(order(shown)) == [(Cause.CARRIED_ON, Decimal(300)), (Cause.IN_TRANSIT, Decimal(-50))]
    assert not order(shown).unexplained
    silent = tables()
    (left,) = order(report(silent, [*CARRIED, ours(10, "300")])).unexplained
    assert left.difference.approved == -50
    silent.dispose()


def test_what_is_refused_there_is_an_open_item(engine: Engine) -> None:
    refused = told(11, 9_010, OutcomeKind.REJECTED, reason="cinx.cost_code_unknown", sentence="No.", letter_id="l")
    shown = report(engine, [*CARRIED, ours(10, "300"), refused])
    assert causes(order(shown)) == [(Cause.CARRIED_ON, Decimal(300)), (Cause.OPEN_ITEM, Decimal(-50))]


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        (Subject.CHANGE_ORDER, key_of("17")),
        (Subject.CHANGE_ORDER, THERE),
        (Subject.SOURCE_PROJECT, "constructiononline:acme/project:7"),
        (Subject.TARGET, "po"),
    ],
)
def test_a_hold_of_the_root_is_one_of_what_goes_on(engine: Engine, kind: Subject, subject: str) -> None:
    hold = PersonHold(hold_id="h", kind=kind, subject=subject, reason="wait", person="anna", since=AT)
    holds = record(CONTROL, Control(hold=hold).key, Control(hold=hold), 0)
    shown = report(engine, [*CARRIED, ours(10, "300"), holds])
    assert causes(order(shown)) == [(Cause.CARRIED_ON, Decimal(300)), (Cause.ON_HOLD, Decimal(-50))]


def test_what_people_entered_there_goes_on_and_is_no_source(engine: Engine) -> None:
    """Its money counts at the contract where it stands."""
    key, origin = "procore:acme:600", "cor:procore:acme:600:po"
    write = wrote(
        "600",
        21,
        "70",
        system="cinx",
        destination="PO-7",
        change_order_key=key,
        origin_id=origin,
        target="po",
        records=(),
        pending_effect=None,
        approved_effect=Decimal(70),
    )
    end = ended("600", 22, sequence=9_020, system="cinx", target="po", origin_id=origin, change_order_key=key)
    their = ordered(23, "70", change_order_id="po-2", origin_id=origin, root=key)
    shown = report(engine, [*CARRIED, there("600", 20, "70"), write, end, their])
    assert shown.is_reconciled
    assert sorted(causes(order(shown))) == [(Cause.CARRIED_ON, Decimal(70)), (Cause.CARRIED_ON, Decimal(250))]
    owner = shown.sides[0]
    assert owner.source.approved == 250
    assert [(item.cause, item.effect.approved) for item in owner.items] == [(Cause.ENTERED, Decimal(70))]


def test_where_no_record_was_ever_read_nobody_can_tell_and_it_says_what_to_do(engine: Engine) -> None:
    unread = [one for one in CARRIED if one.key not in (b"procore:acme", THERE.encode())]
    po = order(report(engine, unread))
    assert po.cannot_tell is not None
    assert "our records at Procore acme (own_records: map)" in po.cannot_tell
    assert "poll-procore" in po.cannot_tell
    assert not po.items


def test_a_record_that_was_made_again_has_what_is_there(engine: Engine) -> None:
    gone = ours(10, "250", change=Change.DELETED)
    again = there("599", 9, "250", origin_id=origin_of("17"), root=key_of("17"))
    shown = report(engine, [*CARRIED, gone, again, told(11, 9_009, change_order_key="procore:acme:599")])
    assert order(shown).expected.approved == order(shown).held.approved == Decimal(250)
    assert shown.is_reconciled


def test_a_months_row_has_what_goes_on_and_its_age_is_its_roots(engine: Engine) -> None:
    fold(engine, [*CARRIED, ours(10, "250", status=Status.PENDING)], BOTH)
    with engine.connect() as connection:
        read = ReadTables(connection=connection, place="memory", read_at=AT + timedelta(days=99))
        month = read_month(read, BOTH, "7", month_span("2026-03", "UTC"), AT + timedelta(days=99))
    assert {one.amount for one in month.aging} == {0}
    (row,) = [row for row in month.rows["cost"] if row.contract.place.contract == "PO-7"]
    assert [row.closing, row.held] == [Decimal(0), Decimal(250)]
