"""The change order log, and as a file."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from operations.reports.change_order_log import NOTES, NOWHERE, LogFilter, read_log, table_of, totals
from operations.reports.tables import moment_of
from operations.spreadsheets.workbook import about_table
from web.pages.screen import exported, render, site_of

MOST = 1000
"""Rows that are shown; the file has all of them, and sums are over all of them."""


def page(request: Request) -> HTMLResponse:
    """Rows and sums of what is asked for."""
    site = site_of(request)
    condition = _asked(request)
    with moment_of(site.store) as tables:
        rows = read_log(tables, condition, site.clock())
        return render(
            request,
            "log",
            tables,
            rows=rows[:MOST],
            count=len(rows),
            sums=totals(rows),
            most=MOST,
            asked=condition,
            nowhere=NOWHERE,
        )


def export(request: Request) -> Response:
    """The log as CSV or a workbook."""
    site = site_of(request)
    condition = _asked(request)
    with moment_of(site.store) as tables:
        rows = read_log(tables, condition, site.clock())
        filters = [(f"Filter: {name}", value) for name, value in condition.asked]
        about = about_table("Change order log", *filters, *NOTES, read_at=tables.read_at)
        return exported(table_of(rows), about, request.path_params["form"], "change-order-log")


def _asked(request: Request) -> LogFilter:
    asked = request.query_params
    return LogFilter(
        project=asked.get("project") or None, side=asked.get("side") or None, status=asked.get("status") or None
    )
