"""How things stand, project by project."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse

from operations.reports.home import amounts_behind, read_home
from operations.reports.tables import moment_of
from web.pages.screen import render, site_of


def page(request: Request) -> HTMLResponse:
    """The first screen."""
    site = site_of(request)
    with moment_of(site.store) as tables:
        report = read_home(tables, site.zone.here(site.clock()))
        return render(request, "home", tables, report=report, behind=amounts_behind)
