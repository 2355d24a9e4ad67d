"""``cor ledger rebuild``: after a ledger was lost."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.command import Command
from cli.options import Who, Why
from cli.screen import AsJson, Screen
from operations.json_values import plain
from operations.operator import operator, stated

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:
    """What the writers know of the remote systems."""


@app.command("rebuild", cls=Command)
def rebuild_command(
    system: Annotated[str, typer.Argument(help="Whose ledger: procore or cinx.", show_default=False)],
    *,
    why: Why,
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """Makes a ledger that was lost anew, from writes, outcomes and open letters. Its writer has to be stopped.

    Nothing is asked of the remote. What cannot be told is read there when it is next to be written, and what CINX may
    have been sent without a trace is never sent again by itself.
    """
    from operations.ledger.rebuild import rebuild
    from operations.written_versions import writing_environment

    rebuilt = rebuild(writing_environment(), system, who=operator(who), why=stated(why))
    screen = Screen(as_json=as_json)
    screen.json(plain(rebuilt))
    screen.line(f"folded {rebuilt.entries} entries of the ledger of {system}")
    screen.line(f"{rebuilt.to_compare} of them are compared with the remote before anything is written over")
    screen.line(f"{rebuilt.in_review} wait for a person's answer, {rebuilt.in_doubt} by a letter that is new")
    for name in rebuilt.topics:
        screen.line(f"accepted {name} as it is now")
    screen.line("Start the stages, then run `cor replay --all` (see `cor letters list`, too).", "bold")
