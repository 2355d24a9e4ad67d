"""Tables as files: what a spreadsheet makes of them."""

from __future__ import annotations

import csv
import re
import tracemalloc
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.errors import Refused
from operations.reports import change_order_log, writes_table
from operations.spreadsheets import table_of_writes, workbook
from operations.spreadsheets.columns import Column, ColumnKind, SpreadsheetTable, Value
from operations.spreadsheets.csv_file import write_csv
from operations.spreadsheets.files import save
from operations.spreadsheets.texts import defused, in_a_cell
from operations.spreadsheets.workbook import About, write_workbook
from operations.zones import CompanyZone
from relay.domain.writes.remote_writes import RemoteWrite
from tests.unit.schemas.samples import WRITE

COLUMNS = (
    Column("Time", "time", ColumnKind.TIME),
    Column("CO no.", "change_order_number"),
    Column("Amount", "amount", ColumnKind.MONEY),
    Column("Currency", "currency"),
    Column("On", "on", ColumnKind.DATE),
    Column("Lines", "lines", ColumnKind.COUNT),
)
NOTHING_KNOWN = table_of_writes.KnownNumbers(change_orders={}, directory={})
AT = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
NAMESPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def table(*rows: tuple[Value, ...]) -> SpreadsheetTable:
    return SpreadsheetTable(title="Writes", columns=COLUMNS, rows=rows, summed=("amount",), currency="currency")


def row(
    number: str = "007", amount: Decimal | None = Decimal("-1250.5"), currency: str | None = "USD"
) -> tuple[Value, ...]:
    return (AT, number, amount, currency, date(2026, 10, 30), 3)


def read_back(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def sheets(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml")}


def cells(path: Path, sheet: int) -> dict[str, tuple[str, str]]:
    """Kind and content of each cell: ``s`` is text, nothing a number, ``str`` the text that a formula gave."""
    found = {}
    for cell in ET.fromstring(sheets(path)[f"xl/worksheets/sheet{sheet}.xml"]).iter(f"{NAMESPACE}c"):
        value, formula = cell.find(f"{NAMESPACE}v"), cell.find(f"{NAMESPACE}f")
        if cell.get("t") == "inlineStr":
            found[cell.get("r", "")] = ("s", "".join(part.text or "" for part in cell.iter(f"{NAMESPACE}t")))
        elif value is not None:
            kind, text = cell.get("t", "n"), value.text or ""
            found[cell.get("r", "")] = ("f", f"{formula.text} = {text}") if formula is not None else (kind, text)
    return found


def test_csv_has_a_mark_stable_headers_and_plain_values(tmp_path: Path) -> None:
    path = tmp_path / "writes.csv"
    write_csv(table(row()), path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert read_back(path) == [
        ["time", "change_order_number", "amount", "currency", "on", "lines"],
        ["2026-10-31T23:30:00Z", "007", "-1250.50", "USD", "2026-10-30", "3"],
    ]


def test_a_negative_number_stays_a_number_and_a_text_like_one_does_not(tmp_path: Path) -> None:
    path = tmp_path / "writes.csv"
    write_csv(table(row("-1", Decimal("-0.1234"))), path)
    assert read_back(path)[1][1:3] == ["'-1", "-0.1234"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", '=cmd|"/c calc"!A1'])
def test_what_looks_like_a_formula_is_defused(text: str) -> None:
    assert defused(text) == f"'{text}"


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_no_text_of_a_file_begins_like_a_formula(text: str) -> None:
    assert not defused(text).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
    assert defused(text).endswith(text)


def test_a_workbook_keeps_numbers_texts_and_dates_apart(tmp_path: Path) -> None:
    path = tmp_path / "writes.xlsx"
    write_workbook(table(row("=1+1"), row("598134325500032", Decimal("0.1234"))), About(facts=()), path)
    found = cells(path, 2)
    assert found["A1"] == ("s", "Time (UTC)")
    assert found["B2"] == ("s", "=1+1")
    assert found["B3"] == ("s", "598134325500032")
    assert found["C2"] == ("n", "-1250.5")
    assert found["A2"][0] == found["E2"][0] == "n"
    assert float(found["A2"][1]) == pytest.approx(46326 + 23.5 / 24)
    styles = sheets(path)["xl/styles.xml"]
    assert "#,##0.00_);(#,##0.00)" in styles
    assert "#,##0.0000_);(#,##0.0000)" in styles


def test_times_stand_in_the_zone_that_the_header_names(tmp_path: Path) -> None:
    path = tmp_path / "writes.xlsx"
    write_workbook(table(row()), About(facts=(), zone=CompanyZone("America/Chicago")), path)
    assert cells(path, 2)["A1"] == ("s", "Time (America/Chicago)")
    assert float(cells(path, 2)["A2"][1]) == pytest.approx(46326 + 18.5 / 24)


def test_a_time_that_no_sheet_has_is_text(tmp_path: Path) -> None:
    ends = [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), datetime(1900, 1, 1, tzinfo=UTC)]
    rows = [(one, "007", None, None, one.date(), 3) for one in ends]
    about = About(facts=(), zone=CompanyZone("America/Chicago"))
    write_workbook(table(*rows), about, tmp_path / "writes.xlsx")
    found = cells(tmp_path / "writes.xlsx", 2)
    assert found["A2"] == ("s", "0001-01-01T00:00:00+00:00")
    assert found["E3"] == ("s", "9999-12-31")


def test_the_header_is_frozen_filtered_and_printed_on_every_page(tmp_path: Path) -> None:
    path = tmp_path / "writes.xlsx"
    write_workbook(table(row()), About(facts=()), path)
    files = sheets(path)
    data = files["xl/worksheets/sheet2.xml"]
    assert '<pane ySplit="1"' in data
    assert '<autoFilter ref="A1:F2"' in data
    assert 'orientation="landscape"' in data
    assert re.search(r"Print_Titles[^>]*>Data!\$1:\$1<", files["xl/workbook.xml"])


def test_sums_are_formulas_for_each_currency_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "writes.xlsx"
    rows = [row(amount=Decimal("10.10")), row(amount=Decimal(5)), row(amount=Decimal(7), currency="CAD")]
    rows += [row(amount=Decimal(2), currency=None), row(amount=None)]
    write_workbook(table(*rows), About(facts=[("Filter", "none")]), path)
    found = cells(path, 1)
    assert [found[f"A{number}"][1] for number in (5, 6, 7)] == ["CAD", "USD", "(none stated)"]
    assert found["B6"] == ("f", "SUMIFS(Data!$C$2:$C$6,Data!$D$2:$D$6,$A$6) = 15.1")
    assert found["B7"] == ("f", 'SUMIFS(Data!$C$2:$C$6,Data!$D$2:$D$6,"=") = 2.0')
    about = {text for _, text in cells(path, 3).values()}
    assert {"Filter", "none", "Amount, USD", "15.10", "Rows", "5", "UTC"} <= about


def test_the_two_sides_are_never_added_up(tmp_path: Path) -> None:
    path = tmp_path / "writes.xlsx"
    columns = (Column("Side", "side"), Column("Amount", "amount", ColumnKind.MONEY), Column("Currency", "currency"))
    both = SpreadsheetTable(
        title="Writes",
        columns=columns,
        rows=[("owner", Decimal(10), "USD"), ("cost", Decimal(7), "USD"), ("owner", Decimal(5), "USD")],
        summed=("amount",),
        currency="currency",
        side="side",
    )
    write_workbook(both, About(facts=()), path)
    found = cells(path, 1)
    assert [found[f"{letter}4"][1] for letter in "ABC"] == ["Side", "Currency", "Amount"]
    assert [found[f"A{number}"][1] for number in (5, 6)] == ["cost", "owner"]
    assert found["C6"] == ("f", "SUMIFS(Data!$B$2:$B$4,Data!$A$2:$A$4,$A$6,Data!$C$2:$C$4,$B$6) = 15.0")
    about = {text for _, text in cells(path, 3).values()}
    assert {"Amount, owner, USD", "Amount, cost, USD"} <= about


@pytest.mark.parametrize("who", ["anna", None])
def test_a_file_of_a_command_names_who_made_it_as_somebody_typed_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, who: str | None
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "carla")
    path = tmp_path / "writes.xlsx"
    save(table(row()), About(facts=[("Filter", "none")]), None, path, who=who)
    found = cells(path, 3)
    assert (found["A2"][1], found["B2"][1]) == ("Made by", f"{who or 'carla'} (typed)")


@pytest.mark.parametrize(
    "empty",
    [change_order_log.table_of([]), writes_table.table_of([]), table_of_writes.table_of([], NOTHING_KNOWN)],
    ids=["log", "writes", "writes of the topic"],
)
def test_tables_with_both_sides_are_summed_by_side(empty: SpreadsheetTable) -> None:
    assert empty.grouped_by == ("side", "currency")
    assert {"side", "currency"} <= {column.name for column in empty.columns}


class Many:
    """Writes that exist while they are looked at."""

    def __len__(self) -> int:
        return 3_000

    def __iter__(self) -> Iterator[RemoteWrite]:
        return (replace(WRITE, write_id=f"{number} {'x' * 5_000}") for number in range(len(self)))


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_file_of_many_writes_is_made_row_by_row(tmp_path: Path, form: str) -> None:
    """All of them at once would be 15 MB of ids alone."""
    path = tmp_path / f"writes.{form}"
    tracemalloc.start()
    try:
        made = table_of_writes.table_of(Many(), NOTHING_KNOWN)
        save(made, About(facts=()), path if form == "csv" else None, path if form == "xlsx" else None)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 10_000
    assert peak < 3_000_000


def test_an_amount_with_more_digits_than_a_sheet_keeps_is_text(tmp_path: Path) -> None:
    path = tmp_path / "writes.xlsx"
    write_workbook(table(row(amount=Decimal("99999999999999.9999"))), About(facts=()), path)
    assert cells(path, 2)["C2"] == ("s", "99999999999999.9999")


def test_a_text_too_long_for_a_cell_is_cut_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "writes.xlsx"
    write_workbook(table(row("x" * 40_000), row("\ud800 and \x00")), About(facts=()), path)
    assert cells(path, 2)["B2"][1].endswith("… (40000 characters)")
    assert len(in_a_cell("x" * 40_000)) == 32_767


def test_more_rows_than_a_workbook_holds_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "_MOST_ROWS", 1)
    with pytest.raises(Refused, match="use --csv"):
        write_workbook(table(row(), row()), About(facts=()), tmp_path / "writes.xlsx")


@pytest.mark.parametrize("name", ["csv", "xlsx"])
def test_a_file_that_cannot_be_written_is_refused_by_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "nowhere" / f"writes.{name}"
    files = {"csv": None, "xlsx": None} | {name: path}
    with pytest.raises(Refused, match=f"nowhere/writes.{name} cannot be written: No such file"):
        save(table(row()), About(facts=()), files["csv"], files["xlsx"])
