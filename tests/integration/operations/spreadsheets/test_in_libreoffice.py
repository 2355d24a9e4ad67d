"""Workbooks of every table as a spreadsheet program opens them: numbers, dates and texts, and sums that it computes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from deploy.local.libreoffice import libreoffice
from deploy.local.services import NothingToRunOn
from operations.plan.rows import Action, FieldChange, PlanRow
from operations.reconcile import table as reconciliation
from operations.reconcile.command import reconcile_recorded
from operations.reconcile.statement import Reconciliation
from operations.reports import change_order_log, open_items, writes_table
from operations.reports.change_order_log import LogFilter, read_log
from operations.reports.one_change_order import read_writes
from operations.reports.open_items import read_open_items
from operations.reports.tables import moment_of
from operations.spreadsheets import table_of_plan
from operations.spreadsheets.columns import ColumnKind, SpreadsheetTable, Value
from operations.spreadsheets.workbook import about_table, write_workbook
from operations.zones import UTC_ZONE
from relay.domain.side import Side
from tests.browser import world
from tests.unit.operations.reconcile.test_signing import signed
from workers.views.sqlite_store import SqliteStore

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_KINDS = {
    ColumnKind.TEXT: "string",
    ColumnKind.COUNT: "float",
    ColumnKind.MONEY: "float",
    ColumnKind.DATE: "date",
    ColumnKind.TIME: "date",
}


@dataclass(frozen=True)
class Cell:
    """As the program understood it. ``kind``: ``string``, ``float``, ``date``; ``""``: nothing is there."""

    kind: str
    value: str
    formula: str | None


def planned() -> PlanRow:
    """A row whose title and field mean harm."""
    return PlanRow(
        action=Action.CHANGED,
        change_order_key="constructiononline:acme:007",
        sequence=1,
        number="007",
        title="=1+1",
        project="1321036",
        route="lakeside",
        target="owner",
        side=Side.OWNER,
        destination="315/44023",
        status_now="pending",
        status_then="approved",
        amount_now=Decimal("100.00"),
        amount_then=Decimal("-1250.5001"),
        currency="USD",
        changes=(FieldChange(name="title", before="-cmd", after="@SUM(A1)", known=True),),
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    folder = tmp_path_factory.mktemp("tables")
    world.fill(folder, world.story())
    made = SqliteStore(folder / "views.sqlite")
    yield made
    made.close()


@pytest.fixture(scope="module")
def report(store: SqliteStore) -> Reconciliation:
    with moment_of(store) as tables:
        return reconcile_recorded(tables, world.ROUTING, world.LAKESIDE, world.NOW)


@pytest.fixture(scope="module")
def told(store: SqliteStore, report: Reconciliation) -> dict[str, SpreadsheetTable]:
    """The tables, by the names of their files."""
    with moment_of(store) as tables:
        return {
            "log": change_order_log.table_of(read_log(tables, LogFilter(), world.NOW)),
            "items": open_items.table_of(read_open_items(tables)),
            "writes": writes_table.table_of(read_writes(tables, "1 = 1")),
            "reconciliation": reconciliation.table_of(report, signed(report)),
            "plan": SpreadsheetTable(
                title="Plan",
                columns=table_of_plan.COLUMNS,
                rows=[table_of_plan.cells_of(planned())],
                summed=("change",),
                currency="currency",
                side="side",
            ),
        }


@pytest.fixture(scope="module")
def opened(
    told: Mapping[str, SpreadsheetTable], report: Reconciliation, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, list[list[Cell]]]]:
    """The same as the program has read them: file, sheet, rows."""
    folder = tmp_path_factory.mktemp("books")
    files = []
    for name, table in told.items():
        files.append(folder / f"{name}.xlsx")
        facts = reconciliation.facts_of(report, UTC_ZONE) if name == "reconciliation" else ()
        write_workbook(table, about_table(table.title, *facts, read_at=world.NOW), files[-1])
    try:
        with libreoffice() as program:
            made = program.convert(files, "fods", folder)
    except NothingToRunOn as missing:
        if os.environ.get("CI"):
            pytest.fail(f"{missing}")
        pytest.skip(f"NOT OPENED IN A SPREADSHEET PROGRAM: {missing}")
    return {file.stem: sheets(file) for file in made}


def sheets(file: Path) -> dict[str, list[list[Cell]]]:
    """The sheets of a flat OpenDocument file."""
    root = ET.parse(file).getroot()
    return {
        str(sheet.get(f"{_TABLE}name")): [list(cells(row)) for row in sheet.iter(f"{_TABLE}table-row")]
        for sheet in root.iter(f"{_TABLE}table")
    }


def cells(row: ET.Element) -> Iterator[Cell]:
    for one in row.findall(f"{_TABLE}table-cell"):
        kind = one.get(f"{_OFFICE}value-type", "")
        text = "\n".join("".join(line.itertext()) for line in one.findall(f"{_TEXT}p"))
        value = one.get(f"{_OFFICE}value") or one.get(f"{_OFFICE}date-value") or text
        for _ in range(min(int(one.get(f"{_TABLE}number-columns-repeated", "1")), 40)):
            yield Cell(kind, value, one.get(f"{_TABLE}formula"))


def meant(value: Value) -> str:
    """What a cell is to hold."""
    match value:
        case datetime():
            return (value.astimezone(UTC) + timedelta(milliseconds=500)).strftime("%Y-%m-%dT%H:%M:%S")
        case date():
            return value.isoformat()
        case _:
            return str(value)


def as_told(cell: Cell) -> str:
    """A cell's value, to the second where it is a time."""
    if cell.kind != "date" or "T" not in cell.value:
        return cell.value
    moment = datetime.fromisoformat(cell.value)
    return (moment + timedelta(milliseconds=500)).replace(microsecond=0).isoformat()


@pytest.mark.parametrize("name", ["log", "items", "writes", "reconciliation", "plan"])
def test_numbers_are_numbers_dates_dates_and_all_else_text(
    told: dict[str, SpreadsheetTable], opened: dict[str, dict[str, list[list[Cell]]]], name: str
) -> None:
    table, (header, *rows) = told[name], opened[name]["Data"]
    assert [cell.value.partition(" (")[0] for cell in header[: len(table.columns)]] == [
        column.title.partition(" (")[0] for column in table.columns
    ]
    assert len(table.rows) > 0
    for row, found in zip(table.rows, rows, strict=False):
        for column, value, cell in zip(table.columns, row, found, strict=False):
            assert cell.formula is None, "text is never a formula"
            if value is None or value == "":
                assert cell.kind in {"", "string"}
                assert cell.value == ""
            elif isinstance(value, Decimal):
                assert (cell.kind, Decimal(cell.value)) == ("float", value), column.title
            else:
                assert cell.kind == _KINDS[column.kind], f"{column.title}: {cell}"
                assert as_told(cell) == meant(value), column.title


@pytest.mark.parametrize("name", ["log", "items", "writes", "reconciliation", "plan"])
def test_control_totals_equal_the_data(
    told: dict[str, SpreadsheetTable], opened: dict[str, dict[str, list[list[Cell]]]], name: str
) -> None:
    """The program has computed the sums anew; what the workbook says of itself as text is the same."""
    table, summary = told[name], opened[name]["Summary"]
    groups = len(table.grouped_by)
    computed = [row for row in summary if any(cell.formula for cell in row)]
    totals = list(table.totals())
    assert len(computed) == len(totals) > 0
    for row, (values, sums) in zip(computed, totals, strict=True):
        assert [cell.value for cell in row[:groups]] == [value or "(none stated)" for value in values]
        found = [Decimal(cell.value) for cell in row[groups : groups + len(sums)]]
        assert [round(one, 4) for one in found] == list(sums.values())
    facts = {row[0].value: row[1].value for row in opened[name]["About"] if len(row) > 1}
    assert facts["Rows"] == str(len(table.rows))
    told_as_text = [Decimal(value) for fact, value in facts.items() if fact.split(",")[0] in _summed_titles(table)]
    assert told_as_text == [one for _, sums in totals for one in sums.values()]


def test_the_sums_of_a_reconciliation_stand_beside_its_control_totals(
    report: Reconciliation, opened: dict[str, dict[str, list[list[Cell]]]]
) -> None:
    """What was signed can be held against the file, to the last digit."""
    facts = {row[0].value: row[1].value for row in opened["reconciliation"]["About"] if len(row) > 1}
    assert len(report.sides) == 2
    for side in report.sides:
        for name, amounts in (("source", side.source), ("expected", side.expected), ("held", side.held)):
            for bucket in ("approved", "pending"):
                said = Decimal(facts[f"{side.side}, {name}, {bucket}, USD"])
                assert said == getattr(amounts, bucket), (side.side, name, bucket)
        assert side.source.approved > 0


def _summed_titles(table: SpreadsheetTable) -> set[str]:
    return {table.columns[table.place_of(name)].title for name in table.summed}
