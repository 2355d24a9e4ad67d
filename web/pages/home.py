"""How things stand, project by project."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse

from operations.reconcile.signing import last_by_project
from operations.reports.home import read_home
from operations.reports.tables import moment_of
from web.site import render, site_of

AT_ONCE = 50
"""Projects on a page; the figures on top are those of all of them."""


def page(request: Request) -> HTMLResponse:
    """The first screen."""
    site = site_of(request)
    with moment_of(site.store) as tables:
        now = site.zone.here(site.clock())
        report = read_home(tables, now, _first(request.query_params.get("from", "")), AT_ONCE)
        return render(request, "home", tables, report=report, signed=last_by_project(tables))


def _first(asked: str) -> int:
    """Which project comes first, from 0; what is no number is the beginning."""
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0
