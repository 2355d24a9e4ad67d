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
from relay.engine.configuration.problems import ConfigurationError
from relay.engine.kafka import KafkaFailure
from schemas import RegistryFailure, Unreadable, Unwritable


class Exit(IntEnum):
    """The exit codes of every command. ``WRONG_USAGE`` also means wrong settings or configuration."""

    DONE = 0
    FAILED = 1
    WRONG_USAGE = 2
    DEAD_LETTERS = 3


@contextmanager
def reported(context: typer.Context) -> Iterator[None]:
    """Ends the process with a message and the exit code that belongs to the failure.

    The message goes to standard error; whoever asked for JSON finds it on standard output as well, as one object.
    """
    try:
        yield
    except WrongUsage as error:
        _end(context, error, Exit.WRONG_USAGE)
    except Refused as error:
        _end(context, error, Exit.FAILED)
    except ConfigurationError as error:
        _end(context, error, Exit.WRONG_USAGE)
    except (Fatal, KafkaFailure, CallFailure, RegistryFailure, Unreadable, Unwritable) as error:
        _end(context, error, Exit.FAILED)
    except typer.BadParameter as error:
        _say(context, error.format_message(), Exit.WRONG_USAGE)
        raise


def _end(context: typer.Context, error: BaseException, code: Exit) -> None:
    _say(context, str(error), code)
    print(f"cor: {error}", file=sys.stderr)  # noqa: T201 - what a person at the terminal reads
    sys.exit(code)


def _say(context: typer.Context, error: str, code: Exit) -> None:
    if wants_json(context):
        Screen(as_json=True).json({"code": code, "error": error})
