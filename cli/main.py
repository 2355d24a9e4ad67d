"""The command ``cor``: what there is; each command is a file of its own.

Each file declares its options, and imports what does the work when the command runs: ``--help`` waits for nothing.
"""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Any

import typer
from typer.core import TyperGroup

from cli import holds, ledger, letters, members, names, run, schemas, topics
from cli.audit import audit_command
from cli.check import check_command
from cli.command import Command
from cli.copies import backup_command, restore_command
from cli.digest import digest_command
from cli.discover import discover_command
from cli.errors import reported
from cli.go_live import go_live_command
from cli.log import log_command
from cli.mock import mock_command
from cli.plan import plan_command
from cli.poll import poll_command
from cli.reconcile import reconcile_command
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
app.add_typer(ledger.app, name="ledger")
app.command("discover", cls=Command)(discover_command)
app.command("check", cls=Command)(check_command)
app.command("plan", cls=Command)(plan_command)
app.command("go-live", cls=Command)(go_live_command)
app.command("poll", cls=Command)(poll_command)
app.command("trace", cls=Command)(trace_command)
app.command("log", cls=Command)(log_command)
app.command("reconcile", cls=Command)(reconcile_command)
app.command("writes", cls=Command)(writes_command)
app.command("audit", cls=Command)(audit_command)
app.command("tail", cls=Command)(tail_command)
app.command("web", cls=Command)(web_command)
app.command("digest", cls=Command)(digest_command)
app.command("status", cls=Command)(status_command)
app.command("replay", cls=Command)(replay_command)
app.command("backup", cls=Command)(backup_command)
app.command("restore", cls=Command)(restore_command)
app.command("mock", cls=Command)(mock_command)


def main() -> None:
    """The entry point."""
    # The first process of a container is not ended by a signal that it does not handle.
    signal.signal(signal.SIGTERM, _end)
    app(prog_name="cor")


def _end(number: int, frame: FrameType | None) -> None:
    """Ends at once, as the kernel would elsewhere, with what a shell calls the end by this signal.

    Not by an exception: one that comes up in the middle of a library's work becomes another there, or a wait without
    end. What is open is open as after a kill, which everything here survives; stages at work have a handler of their
    own, and end properly.
    """
    os._exit(128 + number)
