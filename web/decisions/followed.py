"""What came of decisions."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse

from operations.decisions import follow, read_recorded
from operations.reports.tables import moment_of
from web.decisions.submission import known, numbers_in
from web.site import render, site_of

MOST = 500
"""Decisions that are followed at once."""


def page(request: Request) -> HTMLResponse:
    """Decisions by their numbers, and what came of each."""
    decisions, _ = known(request)
    numbers = numbers_in(request.path_params["numbers"], MOST)
    environment = decisions.environment()
    recorded = read_recorded(environment, numbers)
    with moment_of(site_of(request).store) as tables:
        followed = follow(environment, tables, recorded)
        return render(request, "decided", tables, decisions=followed, asked=len(numbers))
