"""Tables as files that a browser saves."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from operations.spreadsheets.columns import SpreadsheetTable
from operations.spreadsheets.csv_file import write_csv
from operations.spreadsheets.workbook import About, about_table, write_workbook
from operations.zones import CompanyZone
from web.site import site_of

MOST_IN_A_FILE = 200_000
"""Rows of a file that the page makes, all of them in memory; of more the command does."""

_KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class TooMuchForAFile(HTTPException):
    """More rows than the page makes a file of."""


def allow_file(rows: int, command: str) -> None:
    """Raises :class:`TooMuchForAFile`, in words, for more rows than :data:`MOST_IN_A_FILE`."""
    if rows > MOST_IN_A_FILE:
        raise TooMuchForAFile(
            413,
            f"{rows:,} rows are more than the page makes a file of ({MOST_IN_A_FILE:,}): filter, or use "
            f"`{command} --csv FILE`.",
        )


def about_file(request: Request, title: str, *facts: tuple[str, str], read_at: datetime | None) -> About:
    """What is said of a file that the page makes, in the page's zone, with the name of whom the proxy names."""
    site = site_of(request)
    about = about_table(title, *facts, read_at=read_at, zone=CompanyZone(site.zone.name))
    return replace(about, made_by=site.decider_of(request))


def exported(table: SpreadsheetTable, about: About, form: str, name: str) -> Response:
    """The table as a file that a browser saves."""
    if form not in _KINDS:
        raise HTTPException(404, f"{name} is to be had as csv and xlsx")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{name}.{form}"
        if form == "csv":
            write_csv(table, file)
        else:
            write_workbook(table, about, file)
        content = file.read_bytes()
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    return Response(content, media_type=_KINDS[form], headers=headers)
