"""``cor letters``: dead letters, and what a person does about them."""

from __future__ import annotations

import typer

from relay.ops.letters import deciding, listing, redriving, settling, showing

app = typer.Typer(help="Dead letters: what could not be done, and what to do about it.", no_args_is_help=True)
app.command("list")(listing.list_command)
app.command("show")(showing.show_command)
app.command("redrive")(redriving.redrive_command)
app.command("settle")(settling.settle_command)
app.command("adopt")(deciding.adopt_command)
app.command("resubmit")(deciding.resubmit_command)
