"""A table as a workbook: Summary, Data and About.

The data is flat and typed, with a frozen, filtered header that is printed on every page. Sums are formulas outside the
data, one line for each side and currency, and never across them. All text is text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Final

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from operations.errors import Refused
from operations.spreadsheets.columns import Column, ColumnKind, SpreadsheetTable, Value
from operations.spreadsheets.texts import in_a_cell
from operations.zones import UTC_ZONE, CompanyZone
from relay.domain.quantities import in_whole_cents

Totals = Sequence[tuple[tuple[str | None, ...], Mapping[str, Decimal]]]
"""The sums of each group, by its values."""

_MOST_ROWS: Final = 1_048_575
"""Rows below the header (Microsoft support, "Excel specifications and limits")."""
_FIRST_YEAR: Final = 1901
"""A sheet has no times before 1900; what a remote or a stranger wrote may be of any year."""
_DIGITS: Final = 15
"""Digits that a spreadsheet keeps of a number; an amount with more is text, so that none is lost."""
_FORMATS: Final[Mapping[str, dict[str, object]]] = {
    "header": {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"},
    "title": {"bold": True, "font_size": 14},
    "text": {"num_format": "@"},
    "count": {"num_format": "0"},
    "money": {"num_format": "#,##0.00_);(#,##0.00)"},
    "fine money": {"num_format": "#,##0.0000_);(#,##0.0000)"},
    "date": {"num_format": "yyyy-mm-dd"},
    "time": {"num_format": "yyyy-mm-dd hh:mm:ss"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a reader has to know of a file: names and values, in this order. ``zone``: of its times.

    ``made_by``: who made it, as far as that is known.
    """

    facts: Sequence[tuple[str, str]]
    zone: CompanyZone = UTC_ZONE
    made_by: str | None = None


def about_table(
    title: str, *facts: tuple[str, str], read_at: datetime | None = None, zone: CompanyZone = UTC_ZONE
) -> About:
    """What is said of every file: which table, by which release, when. ``read_at``: everything until then is in it."""
    known = [("Everything until", zone.moment(read_at))] if read_at else []
    made = [("Table", title), ("Release", version("change-order-relay")), ("Made at", zone.moment(datetime.now(UTC)))]
    return About(facts=[*made, *known, *facts], zone=zone)


def write_workbook(table: SpreadsheetTable, about: About, path: Path) -> None:
    """Writes the workbook, replacing what is there. Raises ``OSError``, and ``Refused`` for too many rows."""
    if len(table.rows) > _MOST_ROWS:
        raise Refused(f"{len(table.rows)} rows are more than a workbook holds ({_MOST_ROWS}): use --csv, or a filter")
    # Of each sheet one row at a time is in memory, so they have to come in order, and texts stand in their cells.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "constant_memory": True}
    with path.open("wb") as file, Workbook(file, options) as workbook:
        formats = {name: workbook.add_format(dict(properties)) for name, properties in _FORMATS.items()}
        summary, data = workbook.add_worksheet("Summary"), workbook.add_worksheet("Data")
        totals = list(table.totals())
        _summarize(summary, table, totals, formats)
        _fill(data, table, about, formats)
        _tell(workbook.add_worksheet("About"), table, totals, about, formats)


# -- the data


def _fill(sheet: Worksheet, table: SpreadsheetTable, about: About, formats: Mapping[str, Format]) -> None:
    for place, column in enumerate(table.columns):
        sheet.set_column(place, place, column.width)
        sheet.write_string(0, place, _title(column, about), formats["header"])
    for number, row in enumerate(table.rows, start=1):
        for place, (column, value) in enumerate(zip(table.columns, row, strict=True)):
            _write(sheet, number, place, column.kind, value, about, formats)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(1, len(table.rows)), len(table.columns) - 1)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _title(column: Column, about: About) -> str:
    return f"{column.title} ({about.zone.name})" if column.kind is ColumnKind.TIME else column.title


def _write(
    sheet: Worksheet,
    row: int,
    place: int,
    kind: ColumnKind,
    value: Value,
    about: About,
    formats: Mapping[str, Format],
) -> None:
    match value:
        case None:
            return
        case date() if not _FIRST_YEAR <= value.year < MAXYEAR:
            sheet.write_string(row, place, value.isoformat(), formats["text"])
        case datetime():
            sheet.write_datetime(row, place, value.astimezone(about.zone.zone).replace(tzinfo=None), formats["time"])
        case date():
            sheet.write_datetime(row, place, datetime(value.year, value.month, value.day), formats["date"])  # noqa: DTZ001 - a sheet knows no zones
        case Decimal() if _fits(value):
            sheet.write_number(row, place, float(value), formats["money" if in_whole_cents(value) else "fine money"])
        case int() if kind is ColumnKind.COUNT:
            sheet.write_number(row, place, value, formats["count"])
        case _:
            sheet.write_string(row, place, in_a_cell(str(value)), formats["text"])


def _fits(value: Decimal) -> bool:
    return len(value.normalize().as_tuple().digits) <= _DIGITS


# -- the sums


def _summarize(sheet: Worksheet, table: SpreadsheetTable, totals: Totals, formats: Mapping[str, Format]) -> None:
    groups = table.grouped_by
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, max(1, len(groups) - 1 + len(table.summed)), 20)
    sheet.write_string(0, 0, in_a_cell(table.title), formats["title"])
    sheet.write_string(1, 0, f"{len(table.rows)} rows")
    for place, name in enumerate((*groups, *table.summed)):
        sheet.write_string(3, place, table.columns[table.place_of(name)].title, formats["header"])
    for row, (values, sums) in enumerate(totals, start=4):
        criteria = []
        for place, value in enumerate(values):
            sheet.write_string(row, place, in_a_cell(value) if value else "(none stated)", formats["text"])
            criteria.append(f"${xl_col_to_name(place)}${row + 1}" if value else '"="')
        for place, (name, total) in enumerate(sums.items(), start=len(groups)):
            sheet.write_formula(row, place, _formula(table, name, criteria), formats["money"], float(total))
    sheet.set_landscape()


def _formula(table: SpreadsheetTable, name: str, criteria: Sequence[str]) -> str:
    last = max(2, len(table.rows) + 1)

    def cells(of: str) -> str:
        letter = xl_col_to_name(table.place_of(of))
        return f"Data!${letter}$2:${letter}${last}"

    fitting = [f"{cells(of)},{criterion}" for of, criterion in zip(table.grouped_by, criteria, strict=True)]
    return f"=SUMIFS({','.join((cells(name), *fitting))})"


# -- what it is


def _tell(
    sheet: Worksheet, table: SpreadsheetTable, totals: Totals, about: About, formats: Mapping[str, Format]
) -> None:
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 80)
    made_by = [("Made by", about.made_by)] if about.made_by else []
    for row, (name, value) in enumerate((*about.facts, *made_by, *_control(table, totals, about))):
        sheet.write_string(row, 0, in_a_cell(name), formats["header"])
        sheet.write_string(row, 1, in_a_cell(value), formats["text"])


def _control(table: SpreadsheetTable, totals: Totals, about: About) -> list[tuple[str, str]]:
    """Control totals as text, with which a later copy can be compared."""
    facts = [("Zone of times", about.zone.name), ("Rows", str(len(table.rows)))]
    for values, sums in totals:
        kinds = (table.columns[table.place_of(name)].title.lower() for name in table.grouped_by)
        group = ", ".join(value or f"no {kind} stated" for kind, value in zip(kinds, values, strict=True))
        facts += [(f"{table.columns[table.place_of(name)].title}, {group}", str(total)) for name, total in sums.items()]
    return facts
