"""``cor names list``: what names stand for, for ever."""

from __future__ import annotations

import typer

from cli.command import Command
from cli.screen import AsJson, Screen

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:
    """What names of accounts, targets and topics stand for."""


@app.command("list", cls=Command)
def list_command(*, as_json: AsJson = False) -> None:
    """Every name as `cor topics apply` has recorded it."""
    from operations.environment import Environment
    from operations.names import recorded_names

    names = recorded_names(Environment.read())
    screen = Screen(as_json=as_json)
    screen.json({"names": names})
    screen.table(("name", "stands for", "recorded"), [(name.name, name.stands_for, name.recorded_at) for name in names])
