"""``cor replay``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import Exit
from cli.options import Who, finite
from cli.screen import AsJson, Screen
from operations.errors import WrongUsage
from operations.operator import operator

if TYPE_CHECKING:
    from operations.environment import Environment
    from operations.replay.cost import Cost
    from operations.replay.newest import SelectedEvents
    from operations.replay.selection import Selection
    from operations.replay.write import Tally

_FATES = {
    "write": "written to the remote",
    "recognise": "known by our mark on the record, which is read; written only where it differs",
    "compare": "compared with the remote, and written only where it differs",
    "unchanged": "unchanged: already there, no call",
    "superseded": "superseded: something newer is known, no call",
    "withdrawn": "withdrawn before anything was sent, no call",
    "dry_run": "shown only, as the route says",
}


def replay_command(
    *,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Published at or after this time (ISO 8601, UTC).")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Published before this time.")] = None,
    offset: Annotated[
        list[str] | None,
        typer.Option(metavar="P:FIRST-LAST", help="Offsets of a partition of the observed topic; repeatable."),
    ] = None,
    source: Annotated[str | None, typer.Option(help="Only of this system, or system:account.")] = None,
    project: Annotated[str | None, typer.Option(help="Only of this project of the source.")] = None,
    change_order: Annotated[
        str | None, typer.Option("--change-order", help="Only of this change order: its key, or its id alone.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of history.")] = False,
    every: Annotated[bool, typer.Option("--every", help="Every event, not only each change order's newest.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would do, and cost.")] = False,
    rate: Annotated[
        float, typer.Option(min=0.01, metavar="NUMBER", callback=finite, help="Events a second, at most.")
    ] = 500.0,
    resume: Annotated[str | None, typer.Option(metavar="ID", help="Go on with a replay that was interrupted.")] = None,
    why: Annotated[str, typer.Option(help="The reason, for the audit topic.")] = "",
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """Maps observed history again. What is already applied costs no call."""
    from operations.replay.replay import estimate, plan_replay, run_replay
    from operations.replay.selection import Selection, parsed_offsets
    from operations.replay.write import Tally
    from operations.times import parsed_time
    from operations.written_versions import writing_environment

    selection = Selection(
        since_ms=parsed_time(since, "--since"),
        until_ms=parsed_time(until, "--until"),
        offsets=parsed_offsets(offset or ()),
        source=source,
        project=project,
        change_order=change_order,
        every=every,
    )
    _require_choice(selection, everything=everything, resume=resume)
    person, environment = operator(who), writing_environment()
    screen = Screen(as_json=as_json)
    with screen.busy("reading history"):
        planned = plan_replay(environment, selection, resume)
    if dry_run:
        with _progress(screen, len(planned.places)) as advanced:
            cost, tally = estimate(environment, planned, advanced)
        _show_estimate(screen, environment, planned.selected, cost, tally)
        return
    if not planned.places and resume is None:
        _report(screen, None, planned.selected, Tally())
        return
    screen.line(f"Replay {planned.replay_id}: {len(planned.places)} events.")
    with _progress(screen, len(planned.places)) as advanced:
        tally = run_replay(environment, planned, who=person, why=why.strip(), rate=rate, advanced=advanced)
    _report(screen, planned.replay_id, planned.selected, tally)
    raise typer.Exit(Exit.DEAD_LETTERS if tally.letters else Exit.DONE)


def _require_choice(selection: Selection, *, everything: bool, resume: str | None) -> None:
    from operations.replay.selection import Selection

    if resume is not None:
        if everything or selection != Selection():
            raise WrongUsage("--resume goes on with what was selected then: leave the other selections out")
    elif everything and not selection.is_unbounded:
        raise WrongUsage("--all means all of history: leave the other selections out, or leave --all out")
    elif not everything and selection.is_unbounded:
        raise WrongUsage(
            "which events? Select by --since, --until, --offset, --source, --project or --change-order, or say --all"
        )


@contextmanager
def _progress(screen: Screen, events: int) -> Iterator[Callable[[int], None]]:
    """A bar where a person looks at a terminal."""
    if screen.as_json or not screen.is_terminal:
        yield lambda _: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("replaying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen.console) as progress:
        task = progress.add_task("replay", total=events)
        yield lambda count: progress.advance(task, count)


def _show_estimate(
    screen: Screen, environment: Environment, selected: SelectedEvents, cost: Cost, tally: Tally
) -> None:
    from operations.audit import now
    from operations.forecast.duration import seconds_of
    from operations.wording import lasting

    calls = cost.calls()
    seconds = seconds_of(calls, environment.configuration.accounts())
    screen.json(
        {
            "dry_run": True,
            **_counts(selected, tally),
            "commands_by_fate": cost.fates,
            "remote_calls": calls,
            "seconds": {tenant: round(taken) for tenant, taken in seconds.items()},
        }
    )
    _show(screen, selected, tally)
    screen.table(("commands", "that would be"), [(count, _FATES[fate]) for fate, count in cost.fates.most_common()])
    if calls:
        screen.line()
        rows = [(tenant, count, lasting(seconds.get(tenant, 0.0), now())) for tenant, count in sorted(calls.items())]
        screen.table(("account", "remote calls, about", "time, about"), rows)
    else:
        screen.line("No remote call would be made.", "bold")
    screen.line("Dry run: nothing was written.")


def _report(screen: Screen, replay_id: str | None, selected: SelectedEvents, tally: Tally) -> None:
    screen.json({"dry_run": False, "replay_id": replay_id, **_counts(selected, tally)})
    _show(screen, selected, tally)
    if tally.events:
        screen.line("Follow it with `cor status`.")


def _counts(selected: SelectedEvents, tally: Tally) -> dict[str, object]:
    return {
        "matched": selected.matched,
        "change_orders": selected.change_orders,
        "events": tally.events,
        "commands": tally.commands,
        "skipped": tally.skipped,
        "letters": tally.letters,
        "letters_by_reason": tally.reasons,
    }


def _show(screen: Screen, selected: SelectedEvents, tally: Tally) -> None:
    screen.line(
        f"{selected.matched} events of {selected.change_orders} change orders fit; {tally.events} are replayed."
    )
    reasons = ", ".join(f"{count} {reason}" for reason, count in tally.reasons.items())
    letters = f", {tally.letters} letters ({reasons})" if tally.letters else ""
    screen.line(f"{tally.commands} commands, {tally.skipped} events that need nothing{letters}.")
