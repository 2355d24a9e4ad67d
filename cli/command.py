"""A command of ``cor``."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand


class Command(TyperCommand):
    """Begins its work with quiet libraries: a command says itself what went wrong, their words would be in the way.

    Asked for ``--help`` only, it imports nothing that works.
    """

    def invoke(self, ctx: Any) -> Any:
        from relay.engine.telemetry.logging import LogFormat, LogLevel, configure_logging

        configure_logging(LogLevel.ERROR, LogFormat.CONSOLE)
        return super().invoke(ctx)
