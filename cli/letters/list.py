"""``cor letters list``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from cli.letters.options import ChangeOrder, Project, Reason, StageName
from cli.screen import AsJson, Screen
from operations.audit import now
from operations.environment import Environment
from operations.json_values import plain
from operations.letters.filter import Filter
from operations.letters.open_letters import OpenLetter, OpenLetters
from operations.wording import duration


def list_command(
    *,
    reason: Reason = None,
    stage: StageName = None,
    change_order: ChangeOrder = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """The open letters, the oldest first."""
    wanted = Filter(reason=reason, stage=stage, change_order=change_order, project=project)
    box = OpenLetters(Environment.read())
    found = [letter for letter in box.open() if wanted.fits(letter)]
    screen = Screen(as_json=as_json)
    screen.json([as_object(one) for one in found])
    if box.unreadable:
        screen.line(f"{box.unreadable} records on the topic are no letters that this release can read.", "red")
    if not found:
        screen.line("No open letters." if wanted.is_empty else "No open letter fits.")
        return
    for one in found:
        _tell(screen, one, now())
    screen.line(_summary(found))


def _tell(screen: Screen, one: OpenLetter, at: datetime) -> None:
    letter = one.letter
    tries = "1 try" if letter.attempts == 1 else f"{letter.attempts} tries"
    asks = "waits for a person's decision" if one.asks else None
    about = (letter.change_order_key, one.project and f"project {one.project}", letter.stage, asks)
    age = duration((at - letter.first_at).total_seconds())
    screen.line(f"{one.id}  {letter.reason}", "bold")
    screen.line(", ".join([*filter(None, about), f"{age} old", tries]), indent=2)
    screen.line(letter.sentence, indent=2)
    screen.line()


def _summary(found: Sequence[OpenLetter]) -> str:
    counted = Counter(letter.letter.reason for letter in found)
    listed = ", ".join(f"{count} {reason}" for reason, count in counted.most_common())
    return f"{len(found)} open: {listed}. See one with `cor letters show ID`."


def as_object(letter: OpenLetter) -> dict[str, object]:
    """A letter for machines, without the bytes that it holds."""
    shown: dict[str, object] = plain(letter.letter)
    for name in ("record_value", "record_key", "headers"):
        del shown[name]
    return shown | {"project": letter.project}
