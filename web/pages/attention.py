"""What needs a person: open items, what was sent and is not confirmed, what is on hold."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from operations.reports.items_page import AT_ONCE, ItemsAsked, read_items_page
from operations.reports.open_items import OpenItem, read_open_items, table_of
from operations.reports.statements import read_holds
from operations.reports.tables import ReadTables, moment_of
from web.exports import about_file, exported
from web.site import render, site_of

OPEN, DOUBT, HOLD, SNOOZED = "open", "doubt", "hold", "snoozed"


def page(request: Request) -> HTMLResponse:
    """By reason first; a reason or a project unfolds its items."""
    site = site_of(request)
    tab, now = request.query_params.get("tab", OPEN), site.clock()
    with moment_of(site.store) as tables:
        shown = read_items_page(tables, _asked_for(request), now)
        return render(
            request,
            "attention",
            tables,
            tab=tab if tab in {OPEN, DOUBT, HOLD, SNOOZED} else OPEN,
            items=shown.items,
            count=shown.count,
            behind=shown.behind,
            groups=shown.reasons,
            projects=shown.projects,
            doubts=shown.doubts,
            everything=shown.open,
            snoozed=shown.snoozed,
            holds=read_holds(tables, now, site.name_of_target),
            reason=request.query_params.get("reason", ""),
            project=request.query_params.get("project", ""),
            most=AT_ONCE,
        )


def export(request: Request) -> Response:
    """The same items as a file."""
    with moment_of(site_of(request).store) as tables:
        items = _chosen(request, read_open_items(tables))
        about = about_file(request, "Open items", *_asked(request), read_at=tables.read_at)
        return exported(table_of(items), about, request.path_params["form"], "open-items")


def chosen_items(request: Request, tables: ReadTables) -> list[OpenItem]:
    """What the screen shows for the same question."""
    return _chosen(request, read_open_items(tables))


def _chosen(request: Request, items: list[OpenItem]) -> list[OpenItem]:
    """Those of the tab, the reason and the project that are asked for."""
    asked, now = _asked_for(request), site_of(request).clock()
    return [item for item in items if asked.fits(item, now)]


def _asked_for(request: Request) -> ItemsAsked:
    given = request.query_params
    tab = given.get("tab", OPEN)
    return ItemsAsked(
        reason=given.get("reason") or None,
        project=given.get("project") or None,
        doubts=tab == DOUBT,
        rests=tab == SNOOZED,
    )


def _asked(request: Request) -> list[tuple[str, str]]:
    names = ("tab", "reason", "project")
    return [(f"Filter: {name}", value) for name in names if (value := request.query_params.get(name))]
