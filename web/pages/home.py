"""How things stand, project by project."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse

from operations.reconcile.signing import last_by_project
from operations.reports.home import amounts_behind, read_home
from operations.reports.tables import moment_of
from web.pages.screen import render, site_of


def page(request: Request) -> HTMLResponse:
    """The first screen."""
    site = site_of(request)
    with moment_of(site.store) as tables:
        report = read_home(tables, site.clock())
        signed = last_by_project(tables)
        return render(request, "home", tables, report=report, behind=amounts_behind, signed=signed)
