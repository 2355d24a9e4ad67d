"""What is signed of a report, and what has changed since."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from operations.reconcile.books import StatedAmounts, SystemRead
from operations.reconcile.signing import (
    LINES,
    SIGNED,
    SignOff,
    changes_since,
    last_by_project,
    last_sign_off,
    lines_of,
    totals_of,
)
from operations.reconcile.statement import ContractStatement, Reconciliation, sides_of
from operations.reconcile.table import facts_of
from operations.reports.tables import ReadTables
from operations.zones import UTC_ZONE
from relay.engine.kafka import Record
from tests.unit.operations.reconcile.test_rules import PRIME, SETTLED, compared
from tests.unit.workers.views.tables import AT, acted, fold, tables

OTHER = "constructiononline:acme/project:9"
PROJECT = "constructiononline:acme/project:7"


def report(held: str = "250", *, subject: str = PROJECT, **more: Any) -> Reconciliation:
    contract = ContractStatement(
        place=PRIME,
        currency="USD",
        stated=StatedAmounts(),
        compared=(compared(PRIME, "250", "250", held, SETTLED),),
        **more,
    )
    reads = (SystemRead(system="procore", account="acme", at=AT),)
    return Reconciliation(
        subject=subject, names="Tower B (7)", as_of=AT, live=False, reads=reads, sides=sides_of([contract], {})
    )


def signed(shown: Reconciliation, **more: Any) -> SignOff:
    made = SignOff(
        sign_off_id="s",
        who="anna",
        why="Month end",
        at=AT,
        as_of=shown.as_of,
        digest="d",
        projects=frozenset({PROJECT}),
        reconciled=shown.is_reconciled,
        totals=tuple(totals_of(shown)),
        lines=lines_of(shown),
    )
    return replace(made, **more)


def kept(records: list[Record], subject: str, before: datetime) -> SignOff | None:
    engine = tables()
    fold(engine, records)
    try:
        with engine.connect() as connection:
            return last_sign_off(ReadTables(connection=connection, place="memory", read_at=AT), subject, before)
    finally:
        engine.dispose()


def last(records: list[Record]) -> dict[str, SignOff]:
    engine = tables()
    fold(engine, records)
    try:
        with engine.connect() as connection:
            return last_by_project(ReadTables(connection=connection, place="memory", read_at=AT))
    finally:
        engine.dispose()


def of(offset: int, subject: str, as_of: datetime) -> Record:
    about = {"digest": "d", "as_of": as_of.isoformat(), "reconciled": offset == 0, "totals": []}
    return acted(offset, subject, action=SIGNED, why=f"No. {offset}", details=json.dumps(about))


def test_a_report_is_compared_with_the_last_sign_off_before_it() -> None:
    records = [of(0, PROJECT, AT), of(1, PROJECT, AT + timedelta(days=60)), of(2, PROJECT, AT + timedelta(days=30))]
    for days, which in ((10, "No. 0"), (40, "No. 2"), (70, "No. 1")):
        found = kept(records, PROJECT, AT + timedelta(days=days))
        assert found is not None
        assert found.why == which
        assert found.reconciled == (which == "No. 0")
    assert kept(records, PROJECT, AT - timedelta(days=1)) is None


def test_of_each_project_the_latest_cut_off_is_the_last_sign_off() -> None:
    both = f"{PROJECT},{OTHER}"
    records = [of(0, both, AT + timedelta(days=30)), of(1, PROJECT, AT), of(2, OTHER, AT + timedelta(days=60))]
    assert {project: one.why for project, one in last(records).items()} == {PROJECT: "No. 0", OTHER: "No. 2"}
    again = [of(0, PROJECT, AT), of(1, PROJECT, AT)]
    assert last(again)[PROJECT].why == "No. 1", "of the same cut-off the one made last"


def test_a_sign_off_of_some_of_the_projects_counts_and_says_so() -> None:
    both = f"{PROJECT},{OTHER}"
    records = [of(0, OTHER, AT), of(1, "constructiononline:acme/project:8", AT)]
    found = kept(records, both, AT)
    assert found is not None
    assert (found.why, found.not_of(both)) == ("No. 0", [PROJECT])
    assert found.not_of(OTHER) == []


GOOD = {"digest": "d", "as_of": AT.isoformat(), "reconciled": True, "totals": []}
TOTAL = {"side": "owner", "contract": "c", "currency": "USD", "unreconciled_approved": "1"}


@pytest.mark.parametrize(
    "details",
    [
        "{}",
        "no JSON",
        "[]",
        "[" * 100_000,
        json.dumps({**GOOD, "digest": ["d"]}),
        json.dumps({**GOOD, "as_of": 7}),
        json.dumps({**GOOD, "as_of": "2026-03-02T00:00:00"}),
        json.dumps({**GOOD, "as_of": "9999-12-31T23:59:00-05:00"}),
        json.dumps({**GOOD, "totals": [{}]}),
        json.dumps({**GOOD, "totals": [{**TOTAL, "unreconciled_approved": "much"}]}),
        json.dumps({**GOOD, "totals": [{**TOTAL, "unreconciled_approved": "NaN"}]}),
    ],
    ids=range(11),
)
def test_a_sign_off_that_says_nothing_is_passed_over(details: str) -> None:
    odd = acted(1, PROJECT, action=SIGNED, why="Odd", details=details)
    found = kept([of(0, PROJECT, AT), odd], PROJECT, AT + timedelta(days=9))
    assert found is not None
    assert found.why == "No. 0"
    assert [*last([of(0, PROJECT, AT), odd]).values()] == [found]


@pytest.mark.parametrize(
    "details",
    [
        "{}",
        "no JSON",
        '{"digest": "d", "lines": [["owner"]]}',
        '{"digest": "d", "lines": [["owner", "c", "USD", "k", "1"]]}',
        '{"digest": "d", "lines": [["owner", "c", "USD", "k", "1", "2", "3", "much"]]}',
    ],
)
def test_lines_that_say_nothing_are_passed_over(details: str) -> None:
    line = ["owner", "c", "USD", "k", "1", "2", "3", None]
    good = json.dumps({"digest": "d", "lines": [line]})
    records = [acted(1, PROJECT, action=LINES, details=details), acted(2, PROJECT, action=LINES, details=good)]
    found = kept([of(0, PROJECT, AT), *records], PROJECT, AT)
    assert found is not None
    assert found.lines == {("owner", "c", "USD", "k"): ("1", "2", "3", None)}


def test_what_cannot_be_told_is_not_zero_in_totals_lines_and_the_workbook() -> None:
    unread = report(cannot_tell="not read")
    (total,) = totals_of(unread)
    assert (total["held_approved"], total["source_approved"]) == (None, "250")
    assert list(lines_of(unread).values()) == [("250", "0", None, None)]
    assert ("owner, held, approved, USD", "cannot tell") in facts_of(unread, UTC_ZONE)
    assert ("owner, held, approved, USD", "250") in facts_of(report(), UTC_ZONE)


def test_what_cannot_be_told_has_not_changed() -> None:
    unread = report(cannot_tell="not read")
    assert not changes_since(signed(report()), unread)
    assert not changes_since(signed(unread), report())
    empty = replace(unread, sides=sides_of([replace(unread.sides[0].contracts[0], compared=())], {}))
    assert [one.what for one in changes_since(signed(report()), empty)] == ["approved in the source"]
    (change,) = changes_since(signed(report()), report("300"))
    assert (change.what, str(change.before), str(change.after)) == ("approved there", "250", "300")


def test_what_was_signed_of_another_project_besides_has_not_changed() -> None:
    elsewhere = ("owner", "procore:acme/316/44099", "USD", "constructiononline:acme:900")
    both = signed(report(), projects=frozenset({PROJECT, OTHER}))
    both = replace(both, lines={**both.lines, elsewhere: ("700", "0", "700", "0")})
    assert not changes_since(both, report())
    (change,) = changes_since(both, report("300"))
    assert change.after == Decimal(300)
    together = report(subject=f"{PROJECT},{OTHER}")
    assert {one.name for one in changes_since(both, together)} == {elsewhere[3]}
