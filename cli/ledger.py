"""``cor ledger rebuild``: after a ledger was lost."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.command import Command
from cli.options import Who
from cli.screen import AsJson, Screen
from operations.json_values import plain
from operations.operator import operator, stated

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:
    """What the writers know of the remote systems."""


@app.command("rebuild", cls=Command)
def rebuild_command(
    system: Annotated[
        str | None,
        typer.Argument(help="Whose ledger: procore or cinx. Default: each that is lost.", show_default=False),
    ] = None,
    *,
    why: Annotated[str, typer.Option(help="The reason; it is kept in the audit topic.")] = "the ledger was lost",
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """Makes a ledger that was lost anew, from writes, outcomes and open letters. Its writer has to be stopped.

    Nothing is asked of the remote. What cannot be told is read there when it is next to be written, and what CINX may
    have been sent without a trace is never sent again by itself.
    """
    from operations.ledger.rebuild import lost_systems, rebuild
    from operations.written_versions import writing_environment

    environment, person, reason = writing_environment(), operator(who), stated(why)
    screen, made = Screen(as_json=as_json), []
    for name in lost_systems(environment) if system is None else [system]:
        rebuilt = rebuild(environment, name, who=person, why=reason)
        made.append(rebuilt)
        screen.line(f"Ledger of {name}: {rebuilt.entries} entries are folded", "bold")
        screen.line(
            f"{rebuilt.to_compare} of them are compared with the remote before anything is written over", indent=2
        )
        screen.line(f"{rebuilt.in_review} wait for a person's answer, {rebuilt.in_doubt} by a new letter", indent=2)
        for topic in rebuilt.topics:
            screen.line(f"accepted {topic} as it is now", indent=2)
    screen.json({"ledgers": plain(made)})
    screen.line("Start the stages, then run `cor replay --all` (see `cor letters list`, too).")
