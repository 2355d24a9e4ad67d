"""The command ``cor``: what there is; each command is a file of its own.

Each file declares its options, and imports what does the work when the command runs: ``--help`` waits for nothing. Nor
does a command wait for the others: they are imported, and their options read, only where somebody asks what there is.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from types import FrameType
from typing import Any

import typer
from typer.core import TyperGroup

from cli.command import Command
from cli.errors import reported

COMMANDS: Mapping[str, str] = {
    "run": "cli.run:run_command",
    "topics": "cli.topics:app",
    "schemas": "cli.schemas:app",
    "letters": "cli.letters:app",
    "hold": "cli.holds:hold_command",
    "release": "cli.holds:release_command",
    "holds": "cli.holds:app",
    "members": "cli.members:app",
    "names": "cli.names:app",
    "ledger": "cli.ledger:app",
    "discover": "cli.discover:discover_command",
    "check": "cli.check:check_command",
    "plan": "cli.plan:plan_command",
    "go-live": "cli.go_live:go_live_command",
    "poll": "cli.poll:poll_command",
    "trace": "cli.trace:trace_command",
    "log": "cli.log:log_command",
    "reconcile": "cli.reconcile:reconcile_command",
    "writes": "cli.writes:writes_command",
    "audit": "cli.audit:audit_command",
    "tail": "cli.tail:tail_command",
    "web": "cli.web:web_command",
    "digest": "cli.digest:digest_command",
    "status": "cli.status:status_command",
    "replay": "cli.replay:replay_command",
    "backup": "cli.copies:backup_command",
    "restore": "cli.copies:restore_command",
    "mock": "cli.mock:mock_command",
}
"""``module:function`` of each command, or ``module:app`` of a group of them, as entry points are written."""


class _Commands(TyperGroup):
    """Every command fails in the same way."""

    def invoke(self, ctx: Any) -> Any:
        with reported(ctx):
            return super().invoke(ctx)


def app_of(names: Iterable[str]) -> typer.Typer:
    """``cor`` with these of its commands."""
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
    app.callback()(lambda: None)  # A group, also of one command.
    for name in names:
        module, _, member = COMMANDS[name].partition(":")
        found = getattr(import_module(module), member)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name, cls=Command)(found)
    return app


def cor(arguments: Sequence[str]) -> None:
    """Runs what the arguments say, and raises ``SystemExit``."""
    asked = [name for name in arguments[:1] if name in COMMANDS]
    app_of(asked or COMMANDS)(list(arguments), prog_name="cor")


def main() -> None:
    """The entry point."""
    # The first process of a container is not ended by a signal that it does not handle.
    signal.signal(signal.SIGTERM, _end)
    cor(sys.argv[1:])


def _end(number: int, frame: FrameType | None) -> None:
    """Ends at once, as the kernel would elsewhere, with what a shell calls the end by this signal.

    Not by an exception: one that comes up in the middle of a library's work becomes another there, or a wait without
    end. What is open is open as after a kill, which everything here survives; stages at work have a handler of their
    own, and end properly.
    """
    os._exit(128 + number)
