"""``cor letters``: dead letters, and what a person does about them."""

from __future__ import annotations

import typer

app = typer.Typer(help="Dead letters: what could not be done, and what to do about it.", no_args_is_help=True)
app.command("list")(list.list_command)
app.command("show")(show.show_command)
app.command("redrive")(redrive.redrive_command)
app.command("settle")(settle.settle_command)
app.command("adopt")(decide.adopt_command)
app.command("resubmit")(decide.resubmit_command)
