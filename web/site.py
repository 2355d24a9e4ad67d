"""What every screen shares: what the installation's pages work with, and the frame around a screen's content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jinja2 import Environment as Templates
from starlette.requests import Request
from starlette.responses import HTMLResponse

from operations.errors import Refused
from operations.reports.last_reads import LastReads, read_last_reads
from operations.reports.tables import ReadTables
from relay.domain.route_names import RouteNames
from relay.domain.routes import Routing
from web.formats import Zone
from web.read_months import ReadMonths
from workers.views.store import Store

OLD_AFTER = 60.0
"""Seconds after which it is said how old the tables are: they are brought up to date every second or so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the pages of one installation work with. ``clock`` gives aware times; ``routes`` those in force, or raises
    ``Refused``; ``decider_of``: who may decide here, by a request; ``months``: those read last, and being read.
    """

    store: Store
    templates: Templates
    zone: Zone
    clock: Callable[[], datetime]
    routes: Callable[[], Routing]
    decider_of: Callable[[Request], str | None] = lambda request: None
    months: ReadMonths = field(default_factory=ReadMonths)

    def name_of_target(self, target: str) -> str:
        """What a target of this name is called; just so where the routes cannot be read."""
        try:
            return RouteNames(routes=self.routes().routes).of_target(target)
        except Refused:
            return target


def site_of(request: Request) -> Site:
    """That of the application."""
    site: Site = request.app.state.site
    return site


def render(request: Request, screen: str, tables: ReadTables, *, status: int = 200, **given: Any) -> HTMLResponse:
    """A screen in its frame. ``screen``: the template's name, and that of its place in the menu."""
    site = site_of(request)
    template = site.templates.get_template(f"{screen}.html")
    now = site.clock()
    read = Read(
        at=tables.read_at,
        is_old=tables.read_at is None or (now - tables.read_at).total_seconds() > OLD_AFTER,
        last=read_last_reads(tables),
    )
    text = template.render(
        request=request,
        site=site,
        zone=site.zone,
        now=now,
        screen=screen,
        order_page=request.url_for("change_order").path,  # Linked to hundreds of times on some.
        read=read,
        decider=site.decider_of(request),
        query=request.query_params.get("q", "") if screen == "search" else "",
        **given,
    )
    return HTMLResponse(text, status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """When the tables last had everything, and whether that is long ago; ``last``: when each account was last read."""

    at: datetime | None
    is_old: bool
    last: LastReads
