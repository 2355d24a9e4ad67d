"""``cor trace``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.screen import AsJson, Screen
from operations.wording import moment

if TYPE_CHECKING:
    from operations.environment import Environment
    from operations.trace.report import Trace
    from operations.trace.timeline import TimelineEntry
    from relay.domain.change_order import ChangeOrder

Named = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="The source's id (498099), a change-order key (constructiononline:acme:498099) or an origin id; or a "
        "number, a title or a part of it, the id or number of what was written of it, a project or a contract.",
        show_default=False,
    ),
]


Tables = Annotated[
    bool,
    typer.Option(
        "--tables",
        help="Tell it from the tables of `views`: at once, without the commands and what the writers hold.",
    ),
]


def trace_command(change_order: Named, *, tables: Tables = False, as_json: AsJson = False) -> None:
    """The whole story of one change order, from the topics alone, or what the tables tell of it."""
    from operations.environment import Environment
    from operations.trace.report import trace

    environment, screen = Environment.read(), Screen(as_json=as_json)
    if tables:
        _from_tables(environment, screen, change_order)
        return
    with screen.busy("reading the topics") as told:
        traced = trace(environment, change_order, told)
    screen.json(
        {
            "change_order_key": traced.history.key,
            "story": traced.timeline(),
            "now": traced.state,
            **traced.records(),
        }
    )
    _show(screen, traced)


def _from_tables(environment: Environment, screen: Screen, named: str) -> None:
    from operations.trace.from_tables import trace_in_tables

    traced = trace_in_tables(environment, named)
    found = traced.found
    screen.json(
        {
            "change_order_key": traced.key,
            "tables_read_at": traced.read_at,
            "story": found.history,
            "places": found.places,
            "writes": found.writes,
            "open_items": found.items,
        }
    )
    _told(screen, traced.key, found.newest.change_order, found.history)
    screen.line(f"By the tables, as of {moment(traced.read_at)} UTC" if traced.read_at else "By the tables", "bold")
    for place in found.places:
        there = "nothing there" if place.status_there is None else place.status_there
        screen.line(f"{place.destination}: {there}{f', {place.sentence}' if place.sentence else ''}", indent=2)
    for item in found.items:
        screen.line(f"open letter {item.letter_id} ({item.reason}): cor letters show {item.letter_id}", indent=2)


def _told(screen: Screen, key: str, latest: ChangeOrder | None, story: list[TimelineEntry]) -> None:
    title = f" {latest.title}" if latest and latest.title else ""
    screen.line(f"{key}{title}", "bold")
    if latest and latest.project:
        screen.line(f"project {latest.project} {latest.project_name or ''}".rstrip())
    screen.line()
    screen.table(("time (UTC)", "revision", "what", "story"), [_row(entry) for entry in story])
    screen.line()


def _show(screen: Screen, traced: Trace) -> None:
    history = traced.history
    latest = history.events[-1].change_order if history.events else None
    _told(screen, history.key, latest, traced.timeline(for_people=True))
    screen.line("Now", "bold")
    for line in traced.state or ["Nothing waits, nothing is open."]:
        screen.line(line.lstrip(), indent=2 + len(line) - len(line.lstrip()))
    if history.unreadable:
        screen.line(f"{history.unreadable} records could not be read by this release.", "red")


def _row(entry: TimelineEntry) -> tuple[object, ...]:
    lines = (entry.sentence, *(f"  {line}" for line in entry.lines))
    return moment(entry.at), str(entry.revision or ""), entry.what, lines
