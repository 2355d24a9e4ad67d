"""``cor letters redrive``: once the cause is gone, what failed is sent again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import typer

from cli.errors import Exit
from cli.letters.options import ChangeOrder, Project, Reason, StageName
from cli.options import Who
from cli.screen import AsJson, Screen
from operations.audit import operator
from operations.environment import Environment
from operations.errors import WrongUsage
from operations.letters.filter import Filter
from operations.letters.open_letters import OpenLetters, by_id_or_prefix
from operations.letters.redrive import Redriver, RedriveResult, redrive
from operations.pace import Pace
from operations.preflight import prove_names


def redrive_command(
    letters: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Ids of letters, or their beginnings.")
    ] = None,
    *,
    reason: Reason = None,
    stage: StageName = None,
    change_order: ChangeOrder = None,
    project: Project = None,
    everything: Annotated[bool, typer.Option("--all", help="Every open letter.")] = False,
    as_is: Annotated[
        bool, typer.Option("--as-is", help="The original command, instead of mapping its event with today's routes.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be sent.")] = False,
    rate: Annotated[float, typer.Option(min=0.01, metavar="NUMBER", help="Letters a second, at most.")] = 50.0,
    why: Annotated[str, typer.Option(help="The reason, for the audit topic.")] = "",
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """Sends letters again, once their cause is gone.

    Exit code 3 if some are refused again or cannot be sent.
    """
    wanted = Filter(reason=reason, stage=stage, change_order=change_order, project=project)
    _require_choice(letters or (), wanted, everything=everything)
    person, environment = operator(who), Environment.read()
    prove_names(environment)
    box = OpenLetters(environment)
    found = [letter for letter in box.open() if wanted.fits(letter)]
    if letters:
        found = [by_id_or_prefix(found, one) for one in dict.fromkeys(letters)]
    again = Redriver(environment, None if as_is else environment.configuration.routing)
    screen = Screen(as_json=as_json)
    if dry_run:
        results = [result for batch in again.batches(box, found) for result in batch]
    else:
        results = redrive(environment, again, box, found, Pace(rate), person, why.strip())
    _report(screen, results, dry_run=dry_run)
    raise typer.Exit(Exit.DONE if all(one.is_done_with for one in results) else Exit.DEAD_LETTERS)


def _require_choice(letters: Sequence[str], wanted: Filter, *, everything: bool) -> None:
    if everything and (letters or not wanted.is_empty):
        raise WrongUsage("--all means every open letter: leave the ids and filters out, or leave --all out")
    if not (everything or letters or not wanted.is_empty):
        raise WrongUsage(
            "which letters? Name ids, or a filter (--reason, --stage, --change-order, --project), or say --all"
        )


def _report(screen: Screen, results: Sequence[RedriveResult], *, dry_run: bool) -> None:
    rows = [(one.letter.id, one.letter.letter.change_order_key or "", one.result, one.words) for one in results]
    names = ("letter_id", "change_order_key", "result", "words")
    screen.json({"dry_run": dry_run, "letters": [dict(zip(names, row, strict=True)) for row in rows]})
    if not results:
        screen.line("No open letter fits.")
        return
    screen.table(("letter", "change order", "result", "what"), rows)
    screen.line()
    counted = ", ".join(f"{count} {result}" for result, count in Counter(one.result for one in results).items())
    screen.line(f"Dry run, nothing was sent. {counted}." if dry_run else f"{counted}.")
