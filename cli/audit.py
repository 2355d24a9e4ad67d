"""``cor audit``."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cli.screen import AsJson, Screen

if TYPE_CHECKING:
    from operations.zones import CompanyZone
    from relay.domain.records import OperatorAction


def audit_command(
    *,
    person: Annotated[str | None, typer.Option(help="Only what this person did.")] = None,
    day: Annotated[str | None, typer.Option(metavar="DATE", help="Only on this day: 2026-10-31, or today.")] = None,
    change_order: Annotated[
        str | None, typer.Option("--change-order", help="Only about this change order: its key, or its id alone.")
    ] = None,
    action: Annotated[str | None, typer.Option(help="Only this action: letter.redrive, hold.make, replay …")] = None,
    as_json: AsJson = False,
) -> None:
    """What people did, the earliest first, and why.

    A name with "(typed)" is what was typed at a command line, or the user of its operating system: nobody has proven
    it. The others are those of the page, whose proxy knows them. Times and days are in the time_zone of the accounts,
    where it is one; else in UTC.
    """
    from operations.environment import Environment
    from operations.reports.actions import ActionFilter, read_actions
    from operations.zones import zone_of

    environment = Environment.read()
    zone = zone_of(environment.settings)
    chosen = _day(day, zone)
    condition = ActionFilter(
        person=person,
        change_order=change_order,
        action=action,
        since=zone.start_of(chosen) if chosen else None,
        until=zone.start_of(chosen + timedelta(days=1)) if chosen else None,
    )
    actions = read_actions(environment, condition)
    screen = Screen(as_json=as_json)
    screen.json(actions)
    if not actions:
        screen.line("Nobody has done anything that fits.")
        return
    titles = (f"time ({zone.name})", "who", "action", "about", "why")
    screen.table(titles, [_cells(one, zone) for one in actions])
    screen.line(f"{len(actions)} actions. Nobody has proven names that were typed.")


def _day(text: str | None, zone: CompanyZone) -> date | None:
    from operations.audit import now

    if text is None:
        return None
    try:
        return zone.today(now()) if text == "today" else date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day such as 2026-10-31", param_hint="--day") from None


def _cells(action: OperatorAction, zone: CompanyZone) -> tuple[object, ...]:
    from operations.audit import is_typed

    who = f"{action.who} (typed)" if is_typed(action) else action.who
    return zone.moment(action.at), who, action.action, action.subject, action.why
