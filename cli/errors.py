"""Exit codes, and how every failure reaches the person at the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

import typer

from cli.screen import Screen, wants_json
from operations.errors import Refused, WrongUsage
from relay.domain.failures import CallFailure, Fatal
from relay.domain.printable import printable


class Exit(IntEnum):
    """The exit codes of every command. ``WRONG_USAGE`` also means wrong settings or configuration.

    ``SOMETHING_TO_CARRY``: only of ``cor plan --detailed-exitcode``.
    """

    DONE = 0
    FAILED = 1
    WRONG_USAGE = 2
    DEAD_LETTERS = 3
    SOMETHING_TO_CARRY = 4


@contextmanager
def reported(context: typer.Context) -> Iterator[None]:
    """Ends the process with a message and the exit code that belongs to the failure.

    The message goes to standard error; for a command with ``--json`` standard output has it as well, as one object.
    What is no failure of ours is raised on.
    """
    try:
        yield
    except (typer.Exit, typer.Abort):
        raise
    except typer.BadParameter as error:
        _report(context, error.format_message(), Exit.WRONG_USAGE)
        raise
    except Exception as error:
        code = _code_of(error)
        if code is None:
            raise
        _report(context, str(error), code)
        print(f"cor: {printable(str(error))}", file=sys.stderr)  # noqa: T201 - what a person at the terminal reads
        sys.exit(code)


def _code_of(error: Exception) -> Exit | None:
    # What raises these is imported by then, and no command waits for it before it has failed.
    from relay.engine.configuration.problems import ConfigurationError
    from relay.engine.kafka import KafkaFailure
    from schemas import RegistryFailure, Unreadable, Unwritable

    if isinstance(error, WrongUsage | ConfigurationError):
        return Exit.WRONG_USAGE
    if isinstance(error, BrokenPipeError):
        return None  # Whoever reads the output has read enough: whatever runs the command ends it.
    failures = (Refused, Fatal, CallFailure, KafkaFailure, RegistryFailure, Unreadable, Unwritable, OSError)
    return Exit.FAILED if isinstance(error, failures) else None


def _report(context: typer.Context, error: str, code: Exit) -> None:
    if wants_json(context):
        Screen(as_json=True).json({"code": code, "error": error})
