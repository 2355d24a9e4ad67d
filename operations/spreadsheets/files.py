"""A table in the files that were asked for."""

from __future__ import annotations

from pathlib import Path

from operations.spreadsheets.columns import SpreadsheetTable
from operations.spreadsheets.csv_file import write_csv
from operations.spreadsheets.workbook import About, write_workbook


def save(table: SpreadsheetTable, about: About, csv: Path | None, xlsx: Path | None) -> str:
    """Writes them; returns their names, for people. Raises ``OSError``, and ``Refused`` for too many rows."""
    if csv is not None:
        write_csv(table, csv)
    if xlsx is not None:
        write_workbook(table, about, xlsx)
    return ", ".join(str(path) for path in (csv, xlsx) if path is not None)
