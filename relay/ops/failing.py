"""A command's own refusals, and how every failure reaches the person at the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from relay.domain.failures import CallFailure, Fatal
from relay.engine.configuration.problems import ConfigurationError
from relay.engine.kafka import KafkaFailure
from relay.ops.exits import Exit
from schemas import Unreadable, Unwritable


class Refused(Exception):
    """What was asked for cannot be done; the message says why, and what to do instead."""

    code = Exit.FAILED


class WrongUsage(Refused):
    """The options do not go together, or say nothing."""

    code = Exit.WRONG_USAGE


@contextmanager
def told() -> Iterator[None]:
    """Ends the process with a message and the exit code that belongs to the failure."""
    try:
        yield
    except Refused as error:
        _end(error, error.code)
    except ConfigurationError as error:
        _end(error, Exit.WRONG_USAGE)
    except (Fatal, KafkaFailure, CallFailure, Unreadable, Unwritable) as error:
        _end(error, Exit.FAILED)


def _end(error: BaseException, code: Exit) -> None:
    print(f"cor: {error}", file=sys.stderr)  # noqa: T201 - what a person at the terminal reads
    sys.exit(code)
