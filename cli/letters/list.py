"""``cor letters list``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cli.letters.options import ChangeOrder, Project, Reason, StageName
from cli.screen import AsJson, Screen
from operations.json_values import plain
from operations.wording import duration

if TYPE_CHECKING:
    from operations.letters.open_letters import OpenLetter


def list_command(
    *,
    reason: Reason = None,
    stage: StageName = None,
    change_order: ChangeOrder = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """The open letters, the oldest first."""
    from operations.environment import Environment
    from operations.letters.filter import Filter
    from operations.letters.open_letters import OpenLetters

    condition = Filter(reason=reason, stage=stage, change_order=change_order, project=project)
    open_letters = OpenLetters(Environment.read())
    letters = [letter for letter in open_letters.open() if condition.fits(letter)]
    screen = Screen(as_json=as_json)
    screen.json([as_object(letter) for letter in letters])
    if open_letters.unreadable:
        screen.line(f"{open_letters.unreadable} records on the topic are no letters that this release can read.", "red")
    if not letters:
        screen.line("No open letters." if condition.is_empty else "No open letter fits.")
        return
    for letter in letters:
        _show(screen, letter, datetime.now(UTC))
    screen.line(_summary(letters))


def _show(screen: Screen, open_letter: OpenLetter, at: datetime) -> None:
    letter = open_letter.letter
    tries = "1 try" if letter.attempts == 1 else f"{letter.attempts} tries"
    asks = "waits for a person's decision" if open_letter.asks else None
    project = open_letter.project and f"project {open_letter.project}"
    about = (letter.change_order_key, project, letter.stage, asks)
    age = duration((at - letter.first_at).total_seconds())
    screen.line(f"{open_letter.id}  {letter.reason}", "bold")
    screen.line(", ".join([*filter(None, about), f"{age} old", tries]), indent=2)
    screen.line(letter.sentence, indent=2)
    screen.line()


def _summary(letters: Sequence[OpenLetter]) -> str:
    counted = Counter(letter.letter.reason for letter in letters)
    listed = ", ".join(f"{count} {reason}" for reason, count in counted.most_common())
    return f"{len(letters)} open: {listed}. See one with `cor letters show ID`."


def as_object(letter: OpenLetter) -> dict[str, object]:
    """A letter for machines, without the bytes that it holds."""
    fields: dict[str, object] = plain(letter.letter)
    for name in ("record_value", "record_key", "headers"):
        del fields[name]
    return fields | {"project": letter.project}
