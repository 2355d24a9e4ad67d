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
from operations.reports.named_projects import count_change_orders
from operations.reports.tables import ReadTables, moment_of
from operations.zones import CompanyZone
from web.exports import about_file, exported
from web.site import Site, render, site_of

TABS = ("owner", "cost", "aging", "ordered")
MOST = 200
"""Reconciling items of a contract that are shown one by one; the file has all of them."""
_AGAIN = 2
"""Seconds after which a page comes again whose month is being read."""


def page(request: Request) -> HTMLResponse:
    """The month that is asked for; without one, this month so far: then it is the project's screen."""
    site, tab = site_of(request), request.query_params.get("tab", TABS[0])
    asked = _asked(request, site)
    shown = site.months.read(_moments(site), site.routes(), *asked)
    with moment_of(site.store) as tables:
        if shown is None:
            return _being_read(request, tables, asked[0], asked[1])
        return render(
            request,
            "month",
            tables,
            shown=shown,
            tab=tab if tab in TABS else TABS[0],
            tabs=TABS,
            project=asked[0],
            by_cause=by_cause,
            this_month=_month_of(site, asked[2]),
            most=MOST,
        )


def export(request: Request) -> Response:
    """The reconciling items of the same month as a file, which is waited for."""
    site = site_of(request)
    shown = site.months.wait(_moments(site), site.routes(), *_asked(request, site))
    facts = facts_of(shown.report, CompanyZone(site.zone.name))
    about = about_file(request, "Reconciliation", *facts, read_at=shown.read_at)
    return exported(table_of(shown.report, shown.signed), about, request.path_params["form"], "reconciliation")


def _asked(request: Request, site: Site) -> tuple[str, MonthSpan, datetime]:
    """The project, the month, and when it was asked for."""
    project = request.query_params.get("project", "").strip()
    if not project:
        raise HTTPException(404, "Name a project: its number, name or id.")
    now = site.clock()
    return project, _span(request, site, now), now


def _being_read(request: Request, tables: ReadTables, project: str, span: MonthSpan) -> HTMLResponse:
    """Says so, and comes again by itself, without a script."""
    name, change_orders = count_change_orders(tables, project)
    given = {"name": name or project, "change_orders": change_orders, "span": span}
    answer = render(request, "month_being_read", tables, status=202, **given)
    answer.headers["Refresh"] = str(_AGAIN)
    return answer


def _moments(site: Site) -> Callable[[], AbstractContextManager[ReadTables]]:
    return lambda: moment_of(site.store)


def _span(request: Request, site: Site, now: datetime) -> MonthSpan:
    asked = request.query_params.get("month") or _month_of(site, now)
    try:
        return month_span(asked, site.zone.name)
    except WrongUsage as wrong:
        raise HTTPException(404, str(wrong)) from None


def _month_of(site: Site, now: datetime) -> str:
    return f"{site.zone.day(now):%Y-%m}"
