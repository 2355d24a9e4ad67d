"""What was written in a period, and what it did to the money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from operations.reports.one_change_order import read_writes
from operations.reports.tables import ReadTables, moment_of
from operations.reports.writes_table import table_of
from operations.reports.writes_total import WritesTotal, sum_writes
from web.exports import about_file, allow_file, exported
from web.site import Site, render, site_of
from workers.views.amounts import milliseconds

MOST = 200
"""Writes that are shown; the file has all of them, and sums are over all of them."""
_WITHIN = "at >= :first AND at < :until"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days in the page's zone; ``problem``: what cannot be read of what was typed."""

    first: date
    until: date
    problem: str | None = None


def page(request: Request) -> HTMLResponse:
    """The writes of the period, the newest first: today's where none is asked for."""
    site = site_of(request)
    period = _period(request, site)
    with moment_of(site.store) as tables:
        return render(
            request,
            "writes",
            tables,
            writes=read_writes(tables, _WITHIN, most=MOST, **_limits(site, period)),
            total=_total(tables, site, period),
            most=MOST,
            period=period,
        )


def export(request: Request) -> Response:
    """The same writes as a file."""
    site = site_of(request)
    period = _period(request, site)
    with moment_of(site.store) as tables:
        asked = (("From", period.first.isoformat()), ("Until (not included)", period.until.isoformat()))
        about = about_file(request, "Writes", *asked, ("Days in", site.zone.name), read_at=tables.read_at)
        allow_file(_total(tables, site, period).count, "cor writes")
        writes = read_writes(tables, _WITHIN, **_limits(site, period))
        return exported(table_of(writes), about, request.path_params["form"], "writes")


def _total(tables: ReadTables, site: Site, period: Period) -> WritesTotal:
    return sum_writes(tables, site.zone.start_of(period.first), site.zone.start_of(period.until))


def _limits(site: Site, period: Period) -> dict[str, int | None]:
    return {name: milliseconds(site.zone.start_of(getattr(period, name))) for name in ("first", "until")}


def _period(request: Request, site: Site) -> Period:
    today = site.zone.day(site.clock())
    usual = Period(first=today, until=today + timedelta(days=1))
    asked = request.query_params
    try:
        first = date.fromisoformat(asked["from"]) if asked.get("from") else usual.first
        until = date.fromisoformat(asked["to"]) if asked.get("to") else max(usual.until, first + timedelta(days=1))
    except (ValueError, OverflowError):
        return Period(first=usual.first, until=usual.until, problem="A day is written like 2026-10-31.")
    if until <= first:
        return Period(first=usual.first, until=usual.until, problem="The period ends before it begins.")
    return Period(first=first, until=until)
