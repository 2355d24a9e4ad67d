"""A project's month: contracts with what was approved, what the remotes hold, and what nobody can explain."""

from __future__ import annotations

from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from operations.errors import WrongUsage
from operations.reconcile.cut_off import MonthSpan, month_span
from operations.reconcile.statement import by_cause
from operations.reconcile.table import facts_of, table_of
from operations.reports.month import MonthReport
from operations.reports.tables import ReadTables, moment_of
from operations.zones import CompanyZone
from web.exports import about_file, exported
from web.site import Site, render, site_of

TABS = ("owner", "cost", "aging", "ordered")
MOST = 500
"""Reconciling items of a contract that are shown one by one; the file has all of them."""


def page(request: Request) -> HTMLResponse:
    """The month that is asked for; without one, this month so far: then it is the project's screen."""
    site = site_of(request)
    tab = request.query_params.get("tab", TABS[0])
    with moment_of(site.store) as tables:
        shown = _read(request, site, tables)
        return render(
            request,
            "month",
            tables,
            shown=shown,
            tab=tab if tab in TABS else TABS[0],
            tabs=TABS,
            project=request.query_params["project"],
            by_cause=by_cause,
            this_month=_month_of(site, site.clock()),
            most=MOST,
        )


def export(request: Request) -> Response:
    """The reconciling items of the same month as a file."""
    site = site_of(request)
    with moment_of(site.store) as tables:
        shown = _read(request, site, tables)
        facts = facts_of(shown.report, CompanyZone(site.zone.name))
        about = about_file(request, "Reconciliation", *facts, read_at=tables.read_at)
        return exported(table_of(shown.report, shown.signed), about, request.path_params["form"], "reconciliation")


def _read(request: Request, site: Site, tables: ReadTables) -> MonthReport:
    project = request.query_params.get("project", "").strip()
    if not project:
        raise HTTPException(404, "Name a project: its number, name or id.")
    now = site.clock()
    return site.months.read(tables, site.routes(), project, _span(request, site, now), now)


def _span(request: Request, site: Site, now: datetime) -> MonthSpan:
    asked = request.query_params.get("month") or _month_of(site, now)
    try:
        return month_span(asked, site.zone.name)
    except WrongUsage as wrong:
        raise HTTPException(404, str(wrong)) from None


def _month_of(site: Site, now: datetime) -> str:
    return f"{site.zone.day(now):%Y-%m}"
