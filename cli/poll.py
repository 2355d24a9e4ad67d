"""``cor poll``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.discover import MostCalls
from cli.errors import Exit
from cli.options import Who, finite
from cli.screen import AsJson, Screen
from operations.operator import operator

if TYPE_CHECKING:
    from relay.domain.events import ChangeOrderObserved


def poll_command(
    account: Annotated[str, typer.Argument(help="SYSTEM:ACCOUNT, such as procore:acme.", show_default=False)],
    *,
    project: Annotated[
        list[str] | None, typer.Option(help="Only this project of the source; repeatable.", show_default=False)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look from here, and publish nothing.")] = False,
    calls: MostCalls = 100,
    who: Who = None,
    wait: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", callback=finite, help="How long to wait for the poller to hear.")
    ] = 30.0,
    as_json: AsJson = False,
) -> None:
    """Asks the running poller to look at an account now, instead of when it is due.

    Exit code 3 if nobody polls the account. With --dry-run it looks itself, within the part of the rate budget that
    is the commands', and shows the events that the poller would publish.
    """
    screen, projects = Screen(as_json=as_json), tuple(project or ())
    if dry_run:
        _look(screen, account, projects, calls)
        return
    from operations.poll import ask
    from operations.written_versions import writing_environment

    asked = ask(writing_environment(), account, projects, who=operator(who), seconds=wait)
    screen.json({"request": asked.request, "pollers": asked.pollers})
    for poller in asked.pollers:
        screen.line(f"{poller} looks at {account} now, as far as its part of the rate budget allows")
    if not asked.pollers:
        screen.line(f"Nobody polls {account} (see `cor members list`); a poller that starts looks at once.", "bold")
        raise typer.Exit(Exit.DEAD_LETTERS)


def _look(screen: Screen, account: str, projects: tuple[str, ...], most: int) -> None:
    from operations.environment import Environment
    from operations.poll import BoundedPoll, look

    made = BoundedPoll(most, lambda number, most, sent: screen.line(f"{number}/{most} {sent}", "dim", indent=2))
    found = look(Environment.read(), account, projects, made)
    screen.json(
        {
            "events": [_as_json(event) for event in found.events],
            "deletions": found.deletions,
            "failed": found.failed,
            "unread": found.unread,
            "calls": made.made,
        }
    )
    columns = ("change", "change order", "number", "title", "status", "project")
    screen.table(columns, [_row(event) for event in found.events])
    for why in found.failed:
        screen.line(f"No event can be made of a row: {why}.")
    if found.deletions:
        screen.line(f"Nothing would be published before a person has answered: {found.deletions}")
    unread = f", and {found.unread} change orders are still to be read" if found.unread else ""
    screen.line(f"{len(found.events)} events would be published{unread}; {made.made} calls made, nothing written.")


def _row(event: ChangeOrderObserved) -> tuple[str | None, ...]:
    order = event.change_order
    return (event.change.value, event.change_order_id, order.number, order.title, order.status.value, event.project)


def _as_json(event: ChangeOrderObserved) -> dict[str, object]:
    return {
        "change": event.change,
        "key": event.key,
        "sequence": event.sequence,
        "project": event.project,
        "echo": event.echo,
        "change_order": event.change_order,
    }
