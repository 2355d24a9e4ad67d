"""A command's own refusals, and how every failure reaches the person at the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from relay.domain.failures import CallFailure, Fatal
from relay.engine.configuration.problems import ConfigurationError
from relay.engine.kafka import KafkaFailure
from relay.ops.exits import Exit
from relay.ops.screen import Screen, wants_json
from schemas import RegistryFailure, Unreadable, Unwritable


class Refused(Exception):
    """What was asked for cannot be done; the message says why, and what to do instead."""

    code = Exit.FAILED


class WrongUsage(Refused):
    """The options do not go together, or say nothing."""

    code = Exit.WRONG_USAGE


@contextmanager
def told(context: typer.Context) -> Iterator[None]:
    """Ends the process with a message and the exit code that belongs to the failure.

    The message goes to standard error; whoever asked for JSON finds it on standard output as well, as one object.
    """
    try:
        yield
    except Refused as error:
        _end(context, error, error.code)
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
