"""``cor run``: the stages of one process."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.errors import Exit
from cli.screen import AsJson
from operations.errors import WrongUsage
from operations.stages import EVERY_STAGE, STAGES, selected


def run_command(
    stages: Annotated[list[str], typer.Argument(help=f"{', '.join(STAGES)}, or {EVERY_STAGE}.", show_default=False)],
    *,
    once: Annotated[bool, typer.Option("--once", help="End when nothing is left to do.")] = False,
    as_json: AsJson = False,
) -> None:
    """Runs stages in one process, until they are told to stop. With --json the log lines are JSON."""
    from operations.run import run

    try:
        names = selected(stages)
    except WrongUsage as error:
        raise typer.BadParameter(str(error), param_hint="STAGES...") from None
    code, letters = run(names, once=once, json_logs=as_json)
    raise typer.Exit(Exit.DEAD_LETTERS if once and letters and code == Exit.DONE else code)
