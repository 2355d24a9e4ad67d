"""``cor hold``, ``cor release`` and ``cor holds list``: people keep something from being written."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.command import Command
from cli.errors import Exit
from cli.options import Who, Why, finite
from cli.screen import AsJson, Screen
from operations.json_values import plain
from operations.operator import operator, stated
from operations.wording import moment

if TYPE_CHECKING:
    from operations.environment import Environment
    from operations.holds.hold import HoldWritten
    from operations.holds.obeyed import Obeyed
    from relay.domain.control import PersonHold
    from relay.domain.person_holds import AnyHold
    from relay.domain.route_names import RouteNames

app = typer.Typer(help="What people hold.", no_args_is_help=True)

Wait = Annotated[
    float,
    typer.Option(
        min=0, metavar="SECONDS", callback=finite, help="How long to wait until every writer says that it obeys."
    ),
]


ChangeOrder = Annotated[
    str | None,
    typer.Option(
        "--change-order",
        help="A change order: its key, or its id alone; or those of a record that was written for it.",
        show_default=False,
    ),
]
SourceProject = Annotated[
    str | None,
    typer.Option(
        metavar="PROJECT", help="A project of a source: ID, or SYSTEM:ACCOUNT/project:ID.", show_default=False
    ),
]
Target = Annotated[
    str | None, typer.Option(help="A target of a route: tower/owner, or by its own name.", show_default=False)
]
DestinationProject = Annotated[
    str | None,
    typer.Option(
        metavar="PROJECT", help="A project that is written to: ID, or procore:ACCOUNT/project:ID.", show_default=False
    ),
]
Account = Annotated[
    str | None, typer.Option(metavar="SYSTEM:NAME", help="An account that is written to.", show_default=False)
]
Until = Annotated[
    str | None,
    typer.Option(
        metavar="TIME", help="When it ends by itself: ISO 8601, UTC unless a zone is given.", show_default=False
    ),
]


def hold_command(
    *,
    change_order: ChangeOrder = None,
    source_project: SourceProject = None,
    target: Target = None,
    destination_project: DestinationProject = None,
    account: Account = None,
    until: Until = None,
    why: Why,
    who: Who = None,
    wait: Wait = 60.0,
    as_json: AsJson = False,
) -> None:
    """Keeps one thing from being written, until it is released.

    Receiving and reading go on. It returns when every writer has said that it obeys; exit code 3 if that takes longer
    or the wait is interrupted: the hold stands all the same.
    """
    from operations.holds.hold import make_hold, until_of
    from operations.holds.subject import chosen
    from operations.route_names import route_names
    from operations.written_versions import writing_environment
    from relay.domain.control import PersonHold, Subject
    from relay.domain.person_holds import about

    kind, named = chosen(
        {
            Subject.CHANGE_ORDER: change_order,
            Subject.SOURCE_PROJECT: source_project,
            Subject.TARGET: target,
            Subject.DESTINATION_PROJECT: destination_project,
            Subject.ACCOUNT: account,
        }
    )
    person, reason, end = operator(who), stated(why), until_of(until)
    environment, screen = writing_environment(), Screen(as_json=as_json)
    names = route_names(environment)
    written = make_hold(environment, kind, named, until=end, who=person, why=reason)
    hold = written.hold
    ends = _end(hold) if isinstance(hold, PersonHold) else "until released"
    screen.line(f"Hold {hold.hold_id} stands: {about(hold, names.of_target)}, {ends}.", "bold")
    if written.record is not None:
        screen.line(f"{written.record} was written for it; all that is written for that change order is on hold.")
    obeyed = _awaited(screen, environment, written, wait)
    screen.json({"hold": hold, "record": written.record, **_as_object(obeyed)})
    _show(screen, obeyed, wait)
    raise typer.Exit(Exit.DONE if obeyed.is_confirmed else Exit.DEAD_LETTERS)


def release_command(
    hold: Annotated[str, typer.Argument(metavar="ID", help="The hold's id, or its beginning.", show_default=False)],
    *,
    why: Why,
    who: Who = None,
    wait: Wait = 60.0,
    as_json: AsJson = False,
) -> None:
    """Ends one hold. What waited for it, and for no other, is planned anew: the newest of each change order.

    It returns when every writer has read it; exit code 3 if that takes longer.
    """
    from operations.holds.hold import release_hold
    from operations.route_names import route_names
    from operations.written_versions import writing_environment
    from relay.domain.person_holds import about

    person, reason = operator(who), stated(why)
    environment, screen = writing_environment(), Screen(as_json=as_json)
    names = route_names(environment)
    written = release_hold(environment, hold, who=person, why=reason)
    released, left = written.hold, written.others
    screen.line(f"Hold {released.hold_id} is released: {about(released, names.of_target)}.", "bold")
    if left:
        screen.line(f"{left} other hold{'s stand' if left > 1 else ' stands'}: `cor holds list`.")
    obeyed = _awaited(screen, environment, written, wait)
    screen.json({"released": released.hold_id, **_as_object(obeyed)})
    _show(screen, obeyed, wait)
    raise typer.Exit(Exit.DONE if obeyed.is_confirmed else Exit.DEAD_LETTERS)


@app.command("list", cls=Command)
def list_command(*, as_json: AsJson = False) -> None:
    """The holds that stand, the oldest first."""
    from operations.audit import now
    from operations.environment import Environment
    from operations.holds.standing import read_standing
    from operations.route_names import route_names

    environment = Environment.read()
    holds = sorted(read_standing(environment).holds.values(), key=lambda hold: hold.since)
    screen, at = Screen(as_json=as_json), now()
    screen.json([as_object(hold, at) for hold in holds])
    if not holds:
        screen.line("Nothing is held.")
        return
    names = route_names(environment)
    screen.table(("hold", "what", "by", "since (UTC)", "end", "why"), [_row(hold, at, names) for hold in holds])
    screen.line()
    screen.line("End one with `cor release ID --why ...`.")


def as_object(hold: AnyHold, at: datetime) -> dict[str, object]:
    """A hold for machines."""
    from relay.domain.control import PersonHold
    from relay.domain.person_holds import is_over

    fields: dict[str, object] = plain(hold)
    return fields | {"readable": isinstance(hold, PersonHold), "ended": is_over(hold, at)}


def _row(hold: AnyHold, at: datetime, names: RouteNames) -> tuple[object, ...]:
    from relay.domain.control import PersonHold
    from relay.domain.person_holds import about, is_over

    if isinstance(hold, PersonHold):
        end = f"ended {moment(hold.until)}" if hold.until and is_over(hold, at) else _end(hold)
        return hold.hold_id, about(hold, names.of_target), hold.person, moment(hold.since), end, hold.reason
    return (
        hold.hold_id,
        about(hold),
        "",
        moment(hold.since),
        "until released",
        f"cannot be read: {hold.place}: {hold.why}",
    )


def _end(hold: PersonHold) -> str:
    return f"until {moment(hold.until)} UTC" if hold.until else "until released"


def _awaited(screen: Screen, environment: Environment, written: HoldWritten, seconds: float) -> Obeyed:
    """Waits for the writers. What is written stands, whatever ends the wait: that is told with it."""
    from operations.holds.obeyed import Obeyed, wait_until_obeyed
    from relay.engine.kafka import KafkaFailure
    from schemas import RegistryFailure

    try:
        with screen.busy("Waiting for the writers"):
            return wait_until_obeyed(environment, written.offset, written.hold.tenant, seconds)
    except (KafkaFailure, RegistryFailure) as error:
        return Obeyed(failure=str(error))
    except KeyboardInterrupt:
        return Obeyed(failure="interrupted while it waited for the writers")


def _as_object(obeyed: Obeyed) -> dict[str, object]:
    return {
        "obeyed": obeyed.is_confirmed,
        "obeying": obeyed.obeying,
        "missing": obeyed.missing,
        "unowned": obeyed.unowned,
        "failure": obeyed.failure,
    }


def _show(screen: Screen, obeyed: Obeyed, waited: float) -> None:
    if obeyed.obeying:
        screen.line(f"Obeyed by {', '.join(obeyed.obeying)}. A call that was under way then is followed to its end.")
    for tenant in obeyed.unowned:
        screen.line(f"No running writer works for {tenant}: one that starts reads this before it writes anything.")
    for missing in obeyed.missing:
        screen.line(f"Not confirmed within {waited:.0f} s: {missing}.", "red")
    if obeyed.failure is not None:
        screen.line(f"Not confirmed: {obeyed.failure}.", "red")
    if not obeyed.is_confirmed:
        screen.line("It stands all the same; whether it is obeyed yet is not known. See `cor status`.")
