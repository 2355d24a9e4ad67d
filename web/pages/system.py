"""How the relay itself is."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse

from operations.reports.system import read_system
from operations.reports.tables import moment_of
from web.site import render, site_of


def page(request: Request) -> HTMLResponse:
    """Accounts, stages, holds, plans, and what people did."""
    site = site_of(request)
    with moment_of(site.store) as tables:
        return render(request, "system", tables, report=read_system(tables, site.clock(), site.name_of_target))
