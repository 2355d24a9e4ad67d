"""``cor letters``: dead letters, and what a person does about them."""

from __future__ import annotations

import typer

from cli.command import Command
from cli.letters.decide import adopt_command, resubmit_command
from cli.letters.follow_up import assign_command, note_command, snooze_command
from cli.letters.list import list_command
from cli.letters.proposals import proposals_command
from cli.letters.redrive import redrive_command
from cli.letters.settle import settle_command
from cli.letters.show import show_command

app = typer.Typer(help="Dead letters: what could not be done, and what to do about it.", no_args_is_help=True)
app.command("list", cls=Command)(list_command)
app.command("show", cls=Command)(show_command)
app.command("redrive", cls=Command)(redrive_command)
app.command("settle", cls=Command)(settle_command)
app.command("adopt", cls=Command)(adopt_command)
app.command("resubmit", cls=Command)(resubmit_command)
app.command("proposals", cls=Command)(proposals_command)
app.command("assign", cls=Command)(assign_command)
app.command("note", cls=Command)(note_command)
app.command("snooze", cls=Command)(snooze_command)
