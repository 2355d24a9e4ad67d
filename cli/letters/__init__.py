"""``cor letters``: dead letters, and what a person does about them."""

from __future__ import annotations

import typer

from cli.letters.decide import adopt_command, resubmit_command
from cli.letters.list import list_command
from cli.letters.redrive import redrive_command
from cli.letters.settle import settle_command
from cli.letters.show import show_command

app = typer.Typer(help="Dead letters: what could not be done, and what to do about it.", no_args_is_help=True)
app.command("list")(list_command)
app.command("show")(show_command)
app.command("redrive")(redrive_command)
app.command("settle")(settle_command)
app.command("adopt")(adopt_command)
app.command("resubmit")(resubmit_command)
