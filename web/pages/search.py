"""Search by anything; one exact hit opens."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from operations.reports.search import MOST, find
from operations.reports.tables import moment_of
from web.site import render, site_of

_INEXACT = ("title", "project")


def page(request: Request) -> Response:
    """What was found; without words, what can be looked for."""
    words = request.query_params.get("q", "").strip()
    with moment_of(site_of(request).store) as tables:
        found = find(tables, words)
        exact = [one for one in found.change_orders if one.found_by not in _INEXACT]
        if len(exact) == 1:
            where = request.url_for("change_order").path
            return RedirectResponse(f"{where}?{urlencode({'key': exact[0].change_order_key})}", 303)
        return render(
            request, "search", tables, words_sought=words, found=found.change_orders, is_all=found.is_all, most=MOST
        )
