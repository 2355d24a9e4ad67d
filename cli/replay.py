"""``cor replay``."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.errors import Exit
from cli.options import Who
from cli.screen import AsJson, Screen
from operations.audit import AuditedTransaction, operator
from operations.environment import Environment
from operations.errors import Refused, WrongUsage
from operations.pace import Pace
from operations.preflight import prove_names
from operations.replay.cost import Cost, ledgers
from operations.replay.events import ReplayMapping
from operations.replay.newest import Place, SelectedEvents, current_ends, select
from operations.replay.progress import BEGUN, ENDED, ReplayProgress, beginning, read_progress
from operations.replay.selection import Selection, parsed_offsets, parsed_time
from operations.replay.write import Tally, write
from relay.engine.kafka import CommitFailed
from relay.engine.topics import ALL, AUDIT, OBSERVED


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
    rate: Annotated[float, typer.Option(min=0.01, metavar="NUMBER", help="Events a second, at most.")] = 500.0,
    resume: Annotated[str | None, typer.Option(metavar="ID", help="Go on with a replay that was interrupted.")] = None,
    why: Annotated[str, typer.Option(help="The reason, for the audit topic.")] = "",
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """Maps observed history again. What is already applied costs no call."""
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
    person, environment = operator(who), Environment.read()
    screen = Screen(as_json=as_json)
    counts = environment.counts(ALL)
    prove_names(environment)
    replaying = ReplayMapping(environment, environment.configuration.routing)
    if resume is None:
        now = ReplayProgress(selection=selection, ends=current_ends(environment, counts[OBSERVED]), last=None)
    else:
        now = read_progress(environment, resume, counts[AUDIT])
    with screen.busy("reading history"):
        chosen = select(environment, now.selection, now.ends)
    left = [place for place in chosen.places if now.last is None or place > now.last]
    if dry_run:
        _estimate(environment, screen, replaying, chosen, left)
        return
    if not left:
        _report(screen, resume, chosen, Tally())
        return
    replay_id = resume or str(uuid.uuid4())
    details = None if resume else beginning(now.selection, now.ends, len(left))
    with AuditedTransaction(environment, person, why.strip()) as acts:
        tally = _run(acts, screen, replaying, replay_id, details, left, Pace(rate))
    _report(screen, replay_id, chosen, tally)
    raise typer.Exit(Exit.DEAD_LETTERS if tally.letters else Exit.DONE)


def _require_choice(selection: Selection, *, everything: bool, resume: str | None) -> None:
    if resume is not None:
        if everything or selection != Selection():
            raise WrongUsage("--resume goes on with what was selected then: leave the other selections out")
    elif everything and not selection.is_unbounded:
        raise WrongUsage("--all means all of history: leave the other selections out, or leave --all out")
    elif not everything and selection.is_unbounded:
        raise WrongUsage(
            "which events? Select by --since, --until, --offset, --source, --project or --change-order, or say --all"
        )


def _run(
    acts: AuditedTransaction,
    screen: Screen,
    replaying: ReplayMapping,
    replay_id: str,
    details: dict[str, object] | None,
    left: Sequence[Place],
    pace: Pace,
) -> Tally:
    screen.line(f"Replay {replay_id}: {len(left)} events.")
    hint = f"go on with `cor replay --resume {replay_id}`"
    try:
        if details is not None:
            acts.commit([], [acts.action(replay_id, BEGUN, details)])
        with _progress(screen, len(left)) as advanced:
            tally = write(acts, replay_id, replaying.events(left), pace, advanced)
        acts.commit([], [acts.action(replay_id, ENDED, {"events": tally.events, "letters": tally.letters})])
    except CommitFailed as error:
        raise Refused(f"{error}; {hint}") from error
    except KeyboardInterrupt:
        raise Refused(f"interrupted; {hint}") from None
    return tally


@contextmanager
def _progress(screen: Screen, events: int) -> Iterator[Callable[[int], None]]:
    """A bar where a person looks at a terminal."""
    if screen.as_json or not screen.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("replaying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen.console) as progress:
        task = progress.add_task("replay", total=events)
        yield lambda count: progress.advance(task, count)


def _estimate(
    environment: Environment, screen: Screen, replaying: ReplayMapping, chosen: SelectedEvents, left: Sequence[Place]
) -> None:
    known, cost, tally = ledgers(environment), Cost(), Tally()
    with _progress(screen, len(left)) as advanced:
        for replayed in replaying.events(left):
            tally.add(replayed)
            cost.add(replayed.written.commands, known)
            advanced(1)
    calls = cost.calls()
    screen.json({"dry_run": True, **_counts(chosen, tally), "commands_by_fate": cost.fates, "remote_calls": calls})
    _tell(screen, chosen, tally)
    screen.table(("commands", "that would be"), [(count, _FATES[end]) for end, count in cost.fates.most_common()])
    if calls:
        screen.line()
        screen.table(("account", "remote calls, about"), sorted(calls.items()))
    else:
        screen.line("No remote call would be made.", "bold")
    screen.line("Dry run: nothing was written.")


_FATES = {
    "write": "written to the remote",
    "compare": "compared with the remote, and written only where it differs",
    "unchanged": "unchanged: already there, no call",
    "superseded": "superseded: something newer is known, no call",
    "withdrawn": "withdrawn before anything was sent, no call",
    "dry_run": "shown only, as the route says",
}


def _report(screen: Screen, replay_id: str | None, chosen: SelectedEvents, tally: Tally) -> None:
    screen.json({"dry_run": False, "replay_id": replay_id, **_counts(chosen, tally)})
    _tell(screen, chosen, tally)
    if tally.events:
        screen.line("Follow it with `cor status`.")


def _counts(chosen: SelectedEvents, tally: Tally) -> dict[str, object]:
    return {
        "matched": chosen.matched,
        "change_orders": chosen.change_orders,
        "events": tally.events,
        "commands": tally.commands,
        "skipped": tally.skipped,
        "letters": tally.letters,
        "letters_by_reason": tally.reasons,
    }


def _tell(screen: Screen, chosen: SelectedEvents, tally: Tally) -> None:
    screen.line(f"{chosen.matched} events of {chosen.change_orders} change orders fit; {tally.events} are replayed.")
    reasons = ", ".join(f"{count} {reason}" for reason, count in tally.reasons.items())
    letters = f", {tally.letters} letters ({reasons})" if tally.letters else ""
    screen.line(f"{tally.commands} commands, {tally.skipped} events that need nothing{letters}.")
