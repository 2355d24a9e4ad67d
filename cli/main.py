"""The command ``cor``: what there is; each command is a file of its own.

Each file declares its options, and imports what does the work when the command runs: ``--help`` waits for nothing.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Any

import typer
from typer.core import TyperGroup

from cli import holds, letters, members, names, run, schemas, topics
from cli.audit import audit_command
from cli.check import check_command
from cli.command import Command
from cli.discover import discover_command
from cli.errors import reported
from cli.log import log_command
from cli.replay import replay_command
from cli.status import status_command
from cli.tail import tail_command
from cli.trace import trace_command
from cli.web import web_command
from cli.writes import writes_command


class _Commands(TyperGroup):
    """Every command fails in the same way."""

    def invoke(self, ctx: Any) -> Any:
        with reported(ctx):
            return super().invoke(ctx)


app = typer.Typer(
    name="cor",
    cls=_Commands,
    help=(
        "Change Order Relay: carries change orders from ConstructionOnline into Procore and CINX.\n\n"
        "Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 3 done, and something needs a person."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("run", cls=Command)(run.run_command)
app.add_typer(topics.app, name="topics")
app.add_typer(schemas.app, name="schemas")
app.add_typer(letters.app, name="letters")
app.command("hold", cls=Command)(holds.hold_command)
app.command("release", cls=Command)(holds.release_command)
app.add_typer(holds.app, name="holds")
app.add_typer(members.app, name="members")
app.add_typer(names.app, name="names")
app.command("discover", cls=Command)(discover_command)
app.command("check", cls=Command)(check_command)
app.command("trace", cls=Command)(trace_command)
app.command("log", cls=Command)(log_command)
app.command("writes", cls=Command)(writes_command)
app.command("audit", cls=Command)(audit_command)
app.command("tail", cls=Command)(tail_command)
app.command("web", cls=Command)(web_command)
app.command("status", cls=Command)(status_command)
app.command("replay", cls=Command)(replay_command)


def main() -> None:
    """The entry point."""
    # The first process of a container is not ended by a signal that it does not handle.
    signal.signal(signal.SIGTERM, _end)
    app(prog_name="cor")


def _end(number: int, frame: FrameType | None) -> None:
    """What a shell calls the end by a signal; what is open is closed on the way."""
    sys.exit(128 + number)
