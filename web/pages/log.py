"""The change order log, and as a file."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from operations.reports.change_order_log import NOTES, NOWHERE, LogFilter, read_log, table_of
from operations.reports.log_page import count_log, read_log_page
from operations.reports.tables import moment_of
from web.exports import about_file, allow_file, exported
from web.site import render, site_of


def page(request: Request) -> HTMLResponse:
    """A page of what is asked for, and the sums of all of it."""
    site = site_of(request)
    condition = _asked(request)
    after = request.query_params.get("after") or None
    with moment_of(site.store) as tables:
        found = read_log_page(tables, condition, site.zone.here(site.clock()), after)
        return render(request, "log", tables, found=found, after=after, asked=condition, nowhere=NOWHERE)


def export(request: Request) -> Response:
    """The log as CSV or a workbook."""
    site = site_of(request)
    condition = _asked(request)
    with moment_of(site.store) as tables:
        allow_file(count_log(tables, condition), "cor log")
        rows = read_log(tables, condition, site.zone.here(site.clock()))
        filters = [(f"Filter: {name}", value) for name, value in condition.asked]
        about = about_file(request, "Change order log", *filters, *NOTES, read_at=tables.read_at)
        return exported(table_of(rows), about, request.path_params["form"], "change-order-log")


def _asked(request: Request) -> LogFilter:
    asked = request.query_params
    return LogFilter(
        project=asked.get("project") or None, side=asked.get("side") or None, status=asked.get("status") or None
    )
