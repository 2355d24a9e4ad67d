"""``cor go-live``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.calls import told_calls
from cli.errors import Exit
from cli.options import Who, finite
from cli.plan import MostCalls
from cli.screen import AsJson, Screen
from operations.errors import WrongUsage
from operations.operator import operator

if TYPE_CHECKING:
    from operations.golive.chosen import Chosen
    from operations.golive.go_live import WentLive
    from relay.domain.routes import RouteMode

_MOST_LEFT = 20

Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="CHANGE-ORDER", help="Only this one: its key, or its id alone; repeatable."),
]


def go_live_command(
    named: Annotated[
        str | None, typer.Argument(metavar="ROUTE", help="The route, by its name.", show_default=False)
    ] = None,
    *,
    route: Annotated[str | None, typer.Option(help="The same, by an option.", show_default=False)] = None,
    plan: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Carry what is still as this plan showed it.", show_default=False),
    ] = None,
    only: Only = None,
    end_pilot: Annotated[
        bool, typer.Option("--end-pilot", help="End the pilots of the route, or with --only some of them.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be carried.")] = False,
    rate: Annotated[
        float, typer.Option(min=0.01, metavar="NUMBER", callback=finite, help="Change orders a second, at most.")
    ] = 500.0,
    calls: MostCalls = 200,
    wait: Annotated[
        float,
        typer.Option(min=0, metavar="SECONDS", callback=finite, help="How long mappers may take to obey a pilot."),
    ] = 60.0,
    why: Annotated[str, typer.Option(help="The reason, for the audit topic.")] = "",
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """Carries what a route has only shown so far, now that it is live, or with --only some of it before.

    What is named with --only while the route is not live becomes a pilot: it and all its later revisions are carried
    until the file says live, or --end-pilot. What a writer knows already is not carried twice. Exit code 3 where
    something is left, because it is refused or not as the plan showed it.
    """
    from operations.golive.chosen import choose
    from operations.golive.go_live import carry
    from operations.written_versions import writing_environment

    label = _one_route(named, route)
    if end_pilot and (dry_run or plan is not None):
        what = "--dry-run" if dry_run else "--plan"
        raise WrongUsage(f"--end-pilot carries nothing, so that {what} means nothing with it: leave one of the two out")
    screen, person, environment = Screen(as_json=as_json), operator(who), writing_environment()
    if end_pilot:
        _end_pilots(screen, environment, label, only or [], who=person, why=why.strip())
        return
    made = told_calls(screen, calls)
    names = tuple(only or ())
    chosen = choose(environment, label, plan=plan, only=names, calls=made, dry_run=dry_run)
    _tell_stray_pilots(screen, environment)
    if dry_run:
        _tell_left(screen, chosen)
        _tell_dry_run(screen, environment, chosen)
        raise typer.Exit(Exit.DEAD_LETTERS if chosen.left else Exit.DONE)
    went = carry(
        environment, chosen, only=names, who=person, why=why.strip(), rate=rate, wait=wait, advanced=lambda _: None
    )
    _tell_left(screen, went.chosen)
    _tell(screen, went)
    raise typer.Exit(Exit.DEAD_LETTERS if went.chosen.left else Exit.DONE)


def _one_route(named: str | None, route: str | None) -> str:
    """The route, whichever way it is said. Raises ``WrongUsage`` for none, or two."""
    said = {one for one in (named, route) if one is not None}
    if len(said) == 1:
        return said.pop()
    what = f"{' and '.join(sorted(said))} are two routes" if said else "which route is not said"
    raise WrongUsage(f"{what}: a go-live is of one, `cor go-live ROUTE`, as `cor plan` names it")


def _end_pilots(screen: Screen, environment: Any, route: str, only: list[str], *, who: str, why: str) -> None:
    from operations.golive.pilots import end_pilots, modes_at_hand
    from operations.wording import counted

    ended = end_pilots(environment, route, only, who=who, why=why)
    screen.json({"route": route, "ended": [pilot.change_order_key for pilot in ended]})
    are = f"{counted(len(ended), 'pilot')} of route {route} {'is' if len(ended) == 1 else 'are'} ended"
    screen.line(f"{are}. What was written stays, and {_is_followed(modes_at_hand(environment), route)}.")


def _is_followed(modes: Mapping[str, RouteMode] | None, route: str) -> str:
    """What becomes of change orders that were pilots. ``modes``: of the file's routes, where it is at hand."""
    if modes is None:
        return "is followed only where the route is live"
    if route in modes and modes[route].value == "live":
        return "is followed as before, since the route is live"
    return "is no longer followed"


def _tell_dry_run(screen: Screen, environment: Any, chosen: Chosen) -> None:
    from operations.audit import now
    from operations.forecast.duration import seconds_of
    from operations.wording import lasting

    calls = chosen.forecast.calls()
    seconds = seconds_of(calls, environment.configuration.accounts())
    screen.json({"dry_run": True, **_as_object(chosen), "remote_calls": calls})
    label = chosen.route.label
    commands, change_orders = len(chosen.origin_ids), len(chosen.commands)
    screen.line(f"{commands} commands of {change_orders} change orders of route {label} would be carried.")
    for tenant, count in calls.items():
        screen.line(f"{tenant}: about {count} calls, {lasting(seconds.get(tenant, 0.0), now())}")
    screen.line("Dry run: nothing was written.")


def _tell_stray_pilots(screen: Screen, environment: Any) -> None:
    from operations.golive.pilots import stray_pilots

    for of in stray_pilots(environment):
        count = len(of.change_orders)
        words = f"{of.route}: no route of the file is called so; its {count} pilots are not carried. A route that was"
        what = f"given a name needs them anew, by --only. End these: cor go-live {of.route} --end-pilot"
        screen.line(f"{words} {what}", "yellow")


def _tell_left(screen: Screen, chosen: Chosen) -> None:
    for left in chosen.left[:_MOST_LEFT]:
        screen.line(f"not carried  {left.number or left.change_order_key}  {left.target or ''}  {left.why}", "yellow")
    if len(chosen.left) > _MOST_LEFT:
        screen.line(f"and {len(chosen.left) - _MOST_LEFT} more", "yellow")


def _tell(screen: Screen, went: WentLive) -> None:
    screen.json(
        {
            "dry_run": False,
            "go_live_id": went.go_live_id,
            **_as_object(went.chosen),
            "commands": went.tally.commands,
            "pilots": went.pilots,
        }
    )
    for key in went.pilots:
        screen.line(f"{key} is a pilot of route {went.chosen.route.label}: it and its later revisions are carried.")
    if not went.tally.commands:
        all_done = "Nothing is left to carry: the writers have been asked for all of it."
        screen.line("Nothing was carried: see above what is left, and why." if went.chosen.left else all_done, "bold")
        return
    screen.line(
        f"{went.tally.commands} commands of {went.tally.events} change orders are on their way, in the backfill lane. "
        "Follow them with `cor status`.",
        "bold",
    )


def _as_object(chosen: Chosen) -> dict[str, Any]:
    return {
        "route": chosen.route.label,
        "plan_id": chosen.plan_id,
        "change_orders": len(chosen.commands),
        "origin_ids": sorted(chosen.origin_ids),
        "left": chosen.left,
    }
