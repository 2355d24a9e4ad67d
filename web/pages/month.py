"""A project's month: contracts with what was approved, what the remotes hold, and what nobody can explain."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from operations.errors import WrongUsage
from operations.reconcile.cut_off import MonthSpan, month_span
from operations.reconcile.statement import by_cause
from operations.reconcile.table import facts_of, table_of
from operations.reports.month import MonthReport
from operations.reports.named_projects import count_change_orders
from operations.reports.tables import ReadTables, moment_of
from operations.zones import CompanyZone
from web.exports import about_file, exported
from web.site import Site, render, site_of

TABS = ("owner", "cost", "aging", "ordered")
MOST = 500
"""Reconciling items of a contract that are shown one by one; the file has all of them."""
_AGAIN = 2
"""Seconds after which a page comes again whose month is being read."""


def page(request: Request) -> HTMLResponse:
    """The month that is asked for; without one, this month so far: then it is the project's screen."""
    site = site_of(request)
    tab = request.query_params.get("tab", TABS[0])
    with moment_of(site.store) as tables:
        project, now = _project(request), site.clock()
        span = _span(request, site, now)
        shown = site.months.read(_moments(site), tables, site.routes(), project, span, now)
        if shown is None:
            return _being_read(request, tables, project, span)
        return render(
            request,
            "month",
            tables,
            shown=shown,
            tab=tab if tab in TABS else TABS[0],
            tabs=TABS,
            project=project,
            by_cause=by_cause,
            this_month=_month_of(site, now),
            most=MOST,
        )


def export(request: Request) -> Response:
    """The reconciling items of the same month as a file, which is waited for."""
    site = site_of(request)
    with moment_of(site.store) as tables:
        shown = _waited_for(request, site, tables)
        facts = facts_of(shown.report, CompanyZone(site.zone.name))
        about = about_file(request, "Reconciliation", *facts, read_at=tables.read_at)
        return exported(table_of(shown.report, shown.signed), about, request.path_params["form"], "reconciliation")


def _waited_for(request: Request, site: Site, tables: ReadTables) -> MonthReport:
    project, now = _project(request), site.clock()
    span = _span(request, site, now)
    shown = site.months.read(_moments(site), tables, site.routes(), project, span, now, waits=True)
    if shown is None:
        raise ValueError("a month that was waited for is not there")
    return shown


def _being_read(request: Request, tables: ReadTables, project: str, span: MonthSpan) -> HTMLResponse:
    """Says so, and comes again by itself, without a script."""
    name, change_orders = count_change_orders(tables, project)
    given = {"name": name or project, "change_orders": change_orders, "span": span}
    answer = render(request, "month_being_read", tables, status=202, **given)
    answer.headers["Refresh"] = str(_AGAIN)
    return answer


def _moments(site: Site) -> Callable[[], AbstractContextManager[ReadTables]]:
    return lambda: moment_of(site.store)


def _project(request: Request) -> str:
    project = request.query_params.get("project", "").strip()
    if not project:
        raise HTTPException(404, "Name a project: its number, name or id.")
    return project


def _span(request: Request, site: Site, now: datetime) -> MonthSpan:
    asked = request.query_params.get("month") or _month_of(site, now)
    try:
        return month_span(asked, site.zone.name)
    except WrongUsage as wrong:
        raise HTTPException(404, str(wrong)) from None


def _month_of(site: Site, now: datetime) -> str:
    return f"{site.zone.day(now):%Y-%m}"
