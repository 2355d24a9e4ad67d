"""The calls that a command makes at the remotes, as people follow them at the terminal."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from cli.screen import Screen
from operations.wording import duration
from relay.domain.printable import printable

if TYPE_CHECKING:
    from operations.survey.calls import Calls

_TOLD_FROM: Final = 2.0
"""Seconds of a wait from which on it is said; a pace of one call a second needs no words."""


def told_calls(screen: Screen, most: int) -> Calls:
    """At most so many, each said before it is made; a wait for the rate budget is said on standard error, since with
    ``--json`` nobody reads it elsewhere.
    """
    from operations.survey.calls import Calls

    return Calls(
        most, lambda number, of, sent: screen.line(f"{number}/{of} {sent}", "dim", indent=2), waiting=_tell_wait
    )


def _tell_wait(account: str, seconds: float) -> None:
    if seconds < _TOLD_FROM:
        return
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    words = f"waits for the rate budget of {account}: {duration(seconds)}, until {until:%H:%M:%S} UTC"
    print(f"  {printable(words)}", file=sys.stderr, flush=True)  # noqa: T201 - what a person at the terminal reads
