"""What needs a person: open items, what was sent and is not confirmed, what is on hold."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from operations.letters.filter import Filter
from operations.reports.home import amounts_behind
from operations.reports.open_items import ItemGroup, OpenItem, grouped, read_open_items, table_of
from operations.reports.statements import read_holds
from operations.reports.tables import ReadTables, moment_of
from relay.domain.letters import LetterKind
from web.pages.screen import about_file, exported, render, site_of

OPEN, DOUBT, HOLD, SNOOZED = "open", "doubt", "hold", "snoozed"
MOST = 200
"""Items that are shown one by one; groups and files have all of them."""


def page(request: Request) -> HTMLResponse:
    """By reason first; a reason or a project unfolds its items."""
    site = site_of(request)
    tab, now = request.query_params.get("tab", OPEN), site.clock()
    with moment_of(site.store) as tables:
        every = read_open_items(tables)
        items = _chosen(request, every)
        awake = [item for item in every if not item.rests(now)]
        return render(
            request,
            "attention",
            tables,
            tab=tab if tab in {OPEN, DOUBT, HOLD, SNOOZED} else OPEN,
            items=items[:MOST],
            count=len(items),
            behind=amounts_behind(items),
            groups=grouped(items, ItemGroup.REASON),
            projects=grouped(items, ItemGroup.PROJECT),
            doubts=sum(_is_doubt(item) for item in awake),
            everything=len(awake),
            snoozed=len(every) - len(awake),
            holds=read_holds(tables, now),
            reason=request.query_params.get("reason", ""),
            project=request.query_params.get("project", ""),
            most=MOST,
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
    now = site_of(request).clock()
    asked = request.query_params
    condition = Filter(reason=asked.get("reason") or None, project=asked.get("project") or None)
    fitting = [
        item
        for item in items
        if condition.fits_what(item.reason, item.stage, item.source_project, item.change_order_key)
    ]
    tab = asked.get("tab", OPEN)
    fitting = [item for item in fitting if item.rests(now) is (tab == SNOOZED)]
    return [item for item in fitting if _is_doubt(item)] if tab == DOUBT else fitting


def _asked(request: Request) -> list[tuple[str, str]]:
    names = ("tab", "reason", "project")
    return [(f"Filter: {name}", value) for name in names if (value := request.query_params.get(name))]


def _is_doubt(item: OpenItem) -> bool:
    return item.kind == LetterKind.NEEDS_REVIEW
