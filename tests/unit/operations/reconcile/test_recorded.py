"""The books as they were at a time, over tables of made-up records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine

from operations.errors import Refused
from operations.reconcile.project import read_books
from operations.reconcile.recorded import closed_letters
from operations.reconcile.report import as_recorded, report_of
from operations.reconcile.statement import Reconciliation
from operations.reports.tables import ReadTables
from relay.domain.change_order import Status
from relay.domain.directory import DirectoryEntry, DirectoryKind
from relay.domain.events import ChangeOrderObserved
from relay.engine.kafka import Record
from relay.engine.topics import DIRECTORY, OBSERVED
from tests.unit.workers.views.tables import AT, CODEC, ROUTING, acted, contract, fold, observed, record, tables


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = tables()
    yield made
    made.dispose()


def report(engine: Engine, records: Sequence[Record], name: str = "7", minutes: int = 60) -> Reconciliation:
    """As of so many minutes later."""
    fold(engine, records)
    with engine.connect() as connection:
        read = ReadTables(connection=connection, place="memory", read_at=AT + timedelta(days=99))
        books = read_books(read, ROUTING, name, AT + timedelta(minutes=minutes))
        return report_of(books, as_recorded(books))


@pytest.mark.parametrize(("read_after", "revised"), [(30, Decimal(1250)), (90, None)])
def test_a_contracts_own_figure_ties_only_to_books_that_are_no_older(
    engine: Engine, read_after: int, revised: Decimal | None
) -> None:
    named = CODEC.decode(contract(0).value or b"", DirectoryEntry)
    entry = replace(
        named, read_at=AT + timedelta(minutes=read_after), original_amount=Decimal(1000), revised_amount=Decimal(1250)
    )
    seen = observed("17", 0, price="250", status=Status.APPROVED)
    shown = report(engine, [record(DIRECTORY, entry.key, entry, 0), seen])
    (owner,) = [one for side in shown.sides for one in side.contracts if one.place.contract == "44023"]
    assert owner.stated.revised == revised
    assert (owner.tie is None) == (revised is None)
    assert owner.stated.number is not None


def test_a_draft_without_an_amount_is_unknown_and_not_nothing(engine: Engine) -> None:
    seen = CODEC.decode(observed("17", 0, status=Status.DRAFT).value or b"", ChangeOrderObserved)
    bare = replace(seen, change_order=replace(seen.change_order, client_price=None, items=()))
    shown = report(engine, [contract(0), record(OBSERVED, bare.key, bare, 0), observed("18", 1)])
    told = {side.side: [(one.amount, one.unknown) for one in side.not_counted] for side in shown.sides}
    assert told == {"owner": [(None, 1)], "cost": [(Decimal("50.0001"), 0)]}


def test_a_name_that_fits_unrelated_projects_is_refused_with_their_full_names(engine: Engine) -> None:
    records = [observed("17", 0), observed("18", 1, project="8")]  # Both are called Tower B.
    with pytest.raises(Refused, match="constructiononline:acme/project:7, constructiononline:acme/project:8"):
        report(engine, records, "Tower B")
    assert report(engine, [], "constructiononline:acme/project:7").subject == "constructiononline:acme/project:7"
    assert report(engine, [], "constructiononline:acme/project:8").subject == "constructiononline:acme/project:8"
    assert report(engine, [], "315").subject == "constructiononline:acme/project:7"
    with pytest.raises(Refused, match="nothing was seen"):
        report(engine, [], "constructiononline:other/project:7")


def test_a_closing_that_names_no_letter_is_passed_over(engine: Engine) -> None:
    told = ["no JSON", "[]", "{}", '{"letter_id": 7}', '{"letter_id": "l-1"}']
    fold(engine, [acted(at, "x", action="letter.settle", details=details) for at, details in enumerate(told)])
    with engine.connect() as connection:
        assert closed_letters(connection, AT + timedelta(days=1)) == {"l-1"}


@pytest.mark.parametrize("name", ["École Nord", "ÉCOLE NORD", "école  nord"])
def test_a_project_is_found_by_its_name_however_its_letters_are_written(engine: Engine, name: str) -> None:
    assert report(engine, [observed("17", 0, name="École Nord")], name).subject == "constructiononline:acme/project:7"


@pytest.mark.parametrize(("system", "entry_id"), [("constructiononline", "7"), ("procore", "315")])
def test_a_project_is_found_by_the_name_in_the_directory(engine: Engine, system: str, entry_id: str) -> None:
    entry = DirectoryEntry(
        system=system, account="acme", kind=DirectoryKind.PROJECT, entry_id=entry_id, read_at=AT, title="École Nord"
    )
    records = [observed("17", 0), record(DIRECTORY, entry.key, entry, 0)]
    assert report(engine, records, "école nord").subject == "constructiononline:acme/project:7"
