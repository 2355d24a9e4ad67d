"""What was written in a period, and what it did to the money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from operations.reports.home import Money
from operations.reports.one_change_order import ShownWrite, read_writes
from operations.reports.tables import ReadTables, moment_of
from operations.reports.writes_table import table_of
from operations.spreadsheets.workbook import about_table
from web.pages.screen import Site, exported, render, site_of
from workers.views.amounts import milliseconds
from workers.views.shares import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days in the page's zone; ``problem``: what cannot be read of what was typed."""

    first: date
    until: date
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What writes of one side did to the money."""

    approved: Money
    pending: Money


def page(request: Request) -> HTMLResponse:
    """The writes of the period, the newest first: today's where none is asked for."""
    site = site_of(request)
    period = _period(request, site)
    with moment_of(site.store) as tables:
        writes = _read(tables, site, period)
        return render(
            request,
            "writes",
            tables,
            writes=writes,
            period=period,
            effects={side.value: _effects(write for write in writes if write.side == side) for side in Side},
            unknown=sum(write.amount_before is None or write.amount_after is None for write in writes),
        )


def export(request: Request) -> Response:
    """The same writes as a file."""
    site = site_of(request)
    period = _period(request, site)
    with moment_of(site.store) as tables:
        asked = (("From", period.first.isoformat()), ("Until (not included)", period.until.isoformat()))
        about = about_table("Writes", *asked, ("Days in", site.zone.name), read_at=tables.read_at)
        return exported(table_of(_read(tables, site, period)), about, request.path_params["form"], "writes")


def _read(tables: ReadTables, site: Site, period: Period) -> list[ShownWrite]:
    first, until = (milliseconds(site.zone.start_of(day)) for day in (period.first, period.until))
    return read_writes(tables, "at >= :first AND at < :until", first=first, until=until)


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
        return Period(first=first, until=first + timedelta(days=1), problem="The period ends before it begins.")
    return Period(first=first, until=until)


def _effects(writes: Iterable[ShownWrite]) -> Effects:
    """The sums of what is known."""
    approved: Money = defaultdict(Decimal)
    pending: Money = defaultdict(Decimal)
    for write in writes:
        approved[write.currency] += write.approved_effect or 0
        pending[write.currency] += write.pending_effect or 0
    return Effects(approved=approved, pending=pending)
