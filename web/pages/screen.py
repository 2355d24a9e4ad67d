"""What every screen shares: the tables of one moment, and the frame around its content."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment as Templates
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from operations.reports.tables import ReadTables
from operations.spreadsheets.columns import SpreadsheetTable
from operations.spreadsheets.csv_file import write_csv
from operations.spreadsheets.workbook import About, about_table, write_workbook
from operations.zones import CompanyZone
from relay.domain.routes import Routing
from web.decisions.desk import Desk
from web.formats import Zone
from workers.views.store import Store

OLD_AFTER = 60.0
"""Seconds after which it is said how old the tables are: they are brought up to date every second or so."""

MOST_IN_A_FILE = 200_000
"""Rows of a file that the page makes, all of them in memory; of more the command does."""

_KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the pages of one installation work with. ``clock`` gives aware times; ``routes`` those in force, or raises
    ``Refused``; ``desk``: where decisions are made, where they are made here at all.
    """

    store: Store
    templates: Templates
    zone: Zone
    clock: Callable[[], datetime]
    routes: Callable[[], Routing]
    desk: Desk | None = None


def site_of(request: Request) -> Site:
    """That of the application."""
    site: Site = request.app.state.site
    return site


def render(request: Request, screen: str, tables: ReadTables, *, status: int = 200, **given: Any) -> HTMLResponse:
    """A screen in its frame. ``screen``: the template's name, and that of its place in the menu."""
    site = site_of(request)
    template = site.templates.get_template(f"{screen}.html")
    now = site.clock()
    read = Read(at=tables.read_at, is_old=tables.read_at is None or (now - tables.read_at).total_seconds() > OLD_AFTER)
    text = template.render(
        request=request,
        site=site,
        zone=site.zone,
        now=now,
        screen=screen,
        read=read,
        decider=site.desk.user_of(request) if site.desk else None,
        query=request.query_params.get("q", "") if screen == "search" else "",
        **given,
    )
    return HTMLResponse(text, status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """When the tables last had everything, and whether that is long ago."""

    at: datetime | None
    is_old: bool


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
    """What is said of a file that the page makes: times are in its zone."""
    return about_table(title, *facts, read_at=read_at, zone=CompanyZone(site_of(request).zone.name))


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
