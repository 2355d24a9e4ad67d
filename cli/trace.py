"""``cor trace``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.screen import AsJson, Screen
from operations.wording import moment

if TYPE_CHECKING:
    from operations.trace.report import Trace
    from operations.trace.timeline import TimelineEntry

Named = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="The source's id (498099), a change-order key (constructiononline:acme:498099) or an origin id; or a "
        "number, a title or a part of it, the id or number of what was written of it, a project or a contract.",
        show_default=False,
    ),
]


def trace_command(change_order: Named, *, as_json: AsJson = False) -> None:
    """The whole story of one change order, from the topics alone."""
    from operations.environment import Environment
    from operations.trace.report import trace

    environment, screen = Environment.read(), Screen(as_json=as_json)
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


def _show(screen: Screen, traced: Trace) -> None:
    history = traced.history
    latest = history.events[-1].change_order if history.events else None
    title = f" {latest.title}" if latest and latest.title else ""
    screen.line(f"{history.key}{title}", "bold")
    if latest and latest.project:
        screen.line(f"project {latest.project} {latest.project_name or ''}".rstrip())
    screen.line()
    rows = [_row(entry) for entry in traced.timeline(for_people=True)]
    screen.table(("time (UTC)", "revision", "what", "story"), rows)
    screen.line()
    screen.line("Now", "bold")
    for line in traced.state or ["Nothing waits, nothing is open."]:
        screen.line(line.lstrip(), indent=2 + len(line) - len(line.lstrip()))
    if history.unreadable:
        screen.line(f"{history.unreadable} records could not be read by this release.", "red")


def _row(entry: TimelineEntry) -> tuple[object, ...]:
    lines = (entry.sentence, *(f"  {line}" for line in entry.lines))
    return moment(entry.at), str(entry.revision or ""), entry.what, lines
