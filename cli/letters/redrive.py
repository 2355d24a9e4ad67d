"""``cor letters redrive``: once the cause is gone, what failed is sent again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import Exit
from cli.letters.options import ChangeOrder, Project, Reason, StageName
from cli.options import Who, finite
from cli.screen import AsJson, Screen
from operations.errors import WrongUsage
from operations.operator import operator

if TYPE_CHECKING:
    from operations.letters.filter import Filter
    from operations.letters.redrive import RedriveResult


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
    rate: Annotated[
        float, typer.Option(min=0.01, metavar="NUMBER", callback=finite, help="Letters a second, at most.")
    ] = 50.0,
    why: Annotated[str, typer.Option(help="The reason, for the audit topic.")] = "",
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """Sends letters again, once their cause is gone.

    Exit code 3 if some are refused again, have changed meanwhile or cannot be sent.
    """
    from operations.letters.filter import Filter
    from operations.letters.redrive import preview, redrive
    from operations.written_versions import writing_environment

    condition = Filter(reason=reason, stage=stage, change_order=change_order, project=project)
    ids = letters or []
    _require_choice(ids, condition, everything=everything)
    person, environment = operator(who), writing_environment()
    if dry_run:
        results = preview(environment, ids, condition, as_is=as_is)
    else:
        results = redrive(environment, ids, condition, as_is=as_is, rate=rate, who=person, why=why.strip())
    _report(Screen(as_json=as_json), results, dry_run=dry_run)
    raise typer.Exit(Exit.DONE if all(result.is_done_with for result in results) else Exit.DEAD_LETTERS)


def _require_choice(letters: Sequence[str], condition: Filter, *, everything: bool) -> None:
    if everything and (letters or not condition.is_empty):
        raise WrongUsage("--all means every open letter: leave the ids and filters out, or leave --all out")
    if not (everything or letters or not condition.is_empty):
        raise WrongUsage(
            "which letters? Name ids, or a filter (--reason, --stage, --change-order, --project), or say --all"
        )


def _report(screen: Screen, results: Sequence[RedriveResult], *, dry_run: bool) -> None:
    rows = [
        (result.letter.id, result.letter.letter.change_order_key or "", result.result, result.words)
        for result in results
    ]
    names = ("letter_id", "change_order_key", "result", "words")
    screen.json({"dry_run": dry_run, "letters": [dict(zip(names, row, strict=True)) for row in rows]})
    if not results:
        screen.line("No open letter fits.")
        return
    screen.table(("letter", "change order", "result", "what"), rows)
    screen.line()
    counted = ", ".join(f"{count} {kind}" for kind, count in Counter(result.result for result in results).items())
    screen.line(f"Dry run, nothing was sent. {counted}." if dry_run else f"{counted}.")
