"""``cor names list`` and ``cor names forget``: what names stand for."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.command import Command
from cli.options import Who, Why
from cli.screen import AsJson, Screen
from operations.operator import operator, stated

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:
    """What names of accounts, targets, topics and pins stand for."""


@app.command("list", cls=Command)
def list_command(*, as_json: AsJson = False) -> None:
    """Every name as `cor topics apply` has recorded it."""
    from operations.environment import Environment
    from operations.names import recorded_names

    names = recorded_names(Environment.read())
    screen = Screen(as_json=as_json)
    screen.json({"names": names})
    screen.table(("name", "stands for", "recorded"), [(name.name, name.stands_for, name.recorded_at) for name in names])


@app.command("forget", cls=Command)
def forget_command(
    name: Annotated[str, typer.Argument(help="As `cor names list` shows it.", show_default=False)],
    *,
    why: Why,
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """Forgets a name under which nothing was ever written, or a pin, so that it may stand for something else.

    Refused while the file, another name, a ledger, an inbox, or what a stage has not read yet may name it.
    """
    from operations.names import forget_name
    from operations.written_versions import writing_environment

    forgotten = forget_name(writing_environment(), name, who=operator(who), why=stated(why))
    screen = Screen(as_json=as_json)
    screen.json({"name": forgotten.name, "stood_for": forgotten.stands_for})
    screen.line(f"forgot {forgotten.name}, which stood for {forgotten.stands_for}")
    if forgotten.name.startswith("pin:"):
        screen.line("Stages that run keep it: start them again once `cor topics apply` has pinned what it is to be.")
