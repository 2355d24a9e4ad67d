"""``cor audit``."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cli.screen import AsJson, Screen

if TYPE_CHECKING:
    from relay.domain.records import OperatorAction


def audit_command(
    *,
    person: Annotated[str | None, typer.Option(help="Only what this person did.")] = None,
    day: Annotated[
        str | None, typer.Option(metavar="DATE", help="Only on this day (UTC): 2026-10-31, or today.")
    ] = None,
    change_order: Annotated[
        str | None, typer.Option("--change-order", help="Only about this change order: its key, or its id alone.")
    ] = None,
    action: Annotated[str | None, typer.Option(help="Only this action: letter.redrive, hold.make, replay …")] = None,
    as_json: AsJson = False,
) -> None:
    """What people did, the earliest first, and why.

    A name with "(typed)" is what was typed at a command line, or the user of its operating system: nobody has proven
    it. The others are those of the page, whose proxy knows them.
    """
    from operations.environment import Environment
    from operations.reports.actions import ActionFilter, read_actions

    since = _day(day)
    condition = ActionFilter(
        person=person,
        change_order=change_order,
        action=action,
        since=since,
        until=since + timedelta(days=1) if since else None,
    )
    actions = read_actions(Environment.read(), condition)
    screen = Screen(as_json=as_json)
    screen.json(actions)
    if not actions:
        screen.line("Nobody has done anything that fits.")
        return
    screen.table(("time (UTC)", "who", "action", "about", "why"), [_cells(one) for one in actions])
    screen.line(f"{len(actions)} actions. Nobody has proven names that were typed.")


def _day(text: str | None) -> datetime | None:
    from datetime import UTC

    if text is None:
        return None
    try:
        day = datetime.now(UTC).date() if text == "today" else date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day such as 2026-10-31", param_hint="--day") from None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _cells(action: OperatorAction) -> tuple[object, ...]:
    from operations.audit import is_typed
    from operations.wording import moment

    who = f"{action.who} (typed)" if is_typed(action) else action.who
    return moment(action.at), who, action.action, action.subject, action.why
