"""``cor trace``."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any

import typer

from cli.screen import AsJson, Screen
from operations.audit import now
from operations.environment import Environment
from operations.errors import Refused
from operations.json_values import plain
from operations.trace.current_state import current_state
from operations.trace.history import TOPICS, History, read_history
from operations.trace.subject import find_change_order
from operations.trace.timeline import TimelineEntry, timeline
from operations.wording import moment

Named = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="The source's id (498099), a change-order key (constructiononline:acme:498099) or an origin id.",
        show_default=False,
    ),
]


def trace_command(change_order: Named, *, as_json: AsJson = False) -> None:
    """The whole story of one change order, from the topics alone."""
    environment = Environment.read()
    counts = environment.counts(TOPICS)
    key = find_change_order(environment, change_order.strip(), counts)
    life = read_history(environment, key, counts)
    if life.is_empty:
        raise Refused(f"nothing is known of {key}: it was never observed, or retention has removed it")
    stands = current_state(life, now())
    screen = Screen(as_json=as_json)
    screen.json({"change_order_key": key, "story": timeline(life), "now": stands, **_records(life)})
    _tell(screen, life, timeline(life, for_people=True), stands)


def _records(life: History) -> dict[str, Any]:
    """The records themselves; the source's raw JSON stays on its topic."""
    found: dict[str, Any] = {one.name: plain(getattr(life, one.name)) for one in fields(life)}
    for event in found["events"]:
        del event["raw"]
    for letter in found["letters"].values():
        for name in ("record_value", "record_key", "headers"):
            del letter[name]
    found["waiting"] = {f"{slot.value} {origin}": plain(one) for (slot, origin), one in life.waiting.items()}
    del found["key"]
    return found


def _tell(screen: Screen, life: History, told: list[TimelineEntry], stands: list[str]) -> None:
    latest = life.events[-1].change_order if life.events else None
    title = f" {latest.title}" if latest and latest.title else ""
    screen.line(f"{life.key}{title}", "bold")
    if latest and latest.project:
        screen.line(f"project {latest.project} {latest.project_name or ''}".rstrip())
    screen.line()
    screen.table(("time (UTC)", "revision", "what", "story"), [_row(entry) for entry in told])
    screen.line()
    screen.line("Now", "bold")
    for line in stands or ["Nothing waits, nothing is open."]:
        screen.line(line.lstrip(), indent=2 + len(line) - len(line.lstrip()))
    if life.unreadable:
        screen.line(f"{life.unreadable} records could not be read by this release.", "red")


def _row(entry: TimelineEntry) -> tuple[str, str, str, str]:
    text = "\n".join((entry.sentence, *(f"  {line}" for line in entry.lines)))
    return moment(entry.at), str(entry.revision or ""), entry.what, text
