"""A table in the files that were asked for at a command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from operations.errors import Refused
from operations.operator import operator
from operations.spreadsheets.columns import SpreadsheetTable
from operations.spreadsheets.csv_file import write_csv
from operations.spreadsheets.workbook import About, write_workbook


def save(table: SpreadsheetTable, about: About, csv: Path | None, xlsx: Path | None, *, who: str | None = None) -> str:
    """Writes them; returns their names, for people. Raises ``Refused`` for what cannot be written, or too many rows.

    ``who``: the name that was given; else a workbook names the user of the operating system. Neither is proven.
    """
    if csv is not None:
        with _refusing(csv):
            write_csv(table, csv)
    if xlsx is not None:
        with _refusing(xlsx):
            write_workbook(table, replace(about, made_by=f"{operator(who)} (typed)"), xlsx)
    return ", ".join(str(path) for path in (csv, xlsx) if path is not None)


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        refused = f"{path} cannot be written: {error.strerror}"
        raise Refused(f"{refused}; name a file in a folder that is there and that you own") from error
