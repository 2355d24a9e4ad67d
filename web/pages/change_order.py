"""One change order: its state in a sentence, each place, its history."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from operations.reports.change_order_log import NOWHERE, LogRow
from operations.reports.one_change_order import OneChangeOrder, read_change_order
from operations.reports.tables import moment_of
from web.site import render, site_of


def page(request: Request) -> HTMLResponse:
    """The change order with the key that is asked for."""
    site = site_of(request)
    key = request.query_params.get("key", "")
    with moment_of(site.store) as tables:
        shown = read_change_order(tables, key, site.zone.here(site.clock()), site.name_of_target)
        if shown is None:
            raise HTTPException(404, f"Nothing was seen of a change order {key!r}.")
        return render(request, "change_order", tables, shown=shown, sentence=sentence_of(shown), nowhere=NOWHERE)


def sentence_of(shown: OneChangeOrder) -> str:
    """How it stands, as a colleague would say it."""
    places = [row for row in shown.places if row.destination != NOWHERE]
    if shown.items:
        return f"{_counted(len(shown.items), 'open item')}: {shown.items[0].sentence}"
    if shown.holds:
        return "It is on hold: a person keeps it from being written."
    if not places:
        return "No destination takes it, so nothing is carried."
    there = [row for row in places if row.written_at is not None]
    if not there:
        return f"Nothing of it was written yet at {_named(places)}."
    off = [row for row in there if row.is_as_meant is False]
    if off:
        return f"What is there differs from the source at {_named(off)}."
    unknown = [row for row in there if row.is_as_meant is None]
    if unknown:
        return f"It is not known whether what is at {_named(unknown)} is as the source says."
    missing = [row for row in places if row.written_at is None]
    if missing:
        return f"It is at {_named(there)} as the source says; nothing was written at {_named(missing)}."
    return f"It is at {_named(there)} as the source says."


def _named(rows: list[LogRow]) -> str:
    return ", ".join(dict.fromkeys(row.destination for row in rows))


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number != 1 else ''}"
