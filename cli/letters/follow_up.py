"""``cor letters assign``, ``note`` and ``snooze``: who looks after open letters, and until when they may rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.letters.options import LetterIds
from cli.options import Who
from cli.screen import AsJson, Screen
from operations.errors import WrongUsage
from operations.operator import operator

if TYPE_CHECKING:
    from operations.letters.follow_up import FollowedUp

To = Annotated[str | None, typer.Option("--to", help="Who looks after them.", show_default=False)]
Until = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="When they wake: ISO 8601, UTC unless a zone is given.", show_default=False),
]


def assign_command(
    letters: LetterIds,
    *,
    to: To = None,
    nobody: Annotated[bool, typer.Option("--nobody", help="Nobody does any more.")] = False,
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """Says who looks after letters."""
    from operations.letters.follow_up import assign
    from operations.written_versions import writing_environment

    if (to is None) is not nobody:
        raise WrongUsage("to whom? Say --to NAME, or --nobody")
    done = assign(writing_environment(), letters, to, who=operator(who))
    _show(done, f"assigned to {to.strip()}" if to else "assigned to nobody", as_json=as_json)


def note_command(
    letters: LetterIds,
    *,
    text: Annotated[str, typer.Option(help="The note; an empty one takes it away.", show_default=False)],
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """Notes something about letters, in place of what was noted before."""
    from operations.letters.follow_up import note
    from operations.written_versions import writing_environment

    done = note(writing_environment(), letters, text, who=operator(who))
    _show(done, "noted" if text.strip() else "the note is taken away", as_json=as_json)


def snooze_command(
    letters: LetterIds,
    *,
    until: Until = None,
    wake: Annotated[bool, typer.Option("--wake", help="They rest no longer.")] = False,
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """Lets letters rest until a time. One that fails once more wakes before."""
    from operations.letters.follow_up import snooze
    from operations.times import parsed_time
    from operations.written_versions import writing_environment

    if (until is None) is not wake:
        raise WrongUsage("until when? Say --until TIME, or --wake")
    milliseconds = parsed_time(until, "--until")
    end = None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
    done = snooze(writing_environment(), letters, end, who=operator(who))
    _show(done, f"snoozed until {end:%Y-%m-%d %H:%M} UTC" if end else "awake", as_json=as_json)


def _show(done: Sequence[FollowedUp], words: str, *, as_json: bool) -> None:
    screen = Screen(as_json=as_json)
    screen.json({"letters": [one.letter.id for one in done]})
    for one in done:
        screen.line(f"{one.letter.id}: {words}")
