"""``cor letters settle``: a person says that a letter is done with."""

from __future__ import annotations

from cli.letters.options import LetterIds
from cli.options import Who, Why
from cli.screen import AsJson, Screen
from operations.operator import operator, stated


def settle_command(letters: LetterIds, *, why: Why, who: Who = None, as_json: AsJson = False) -> None:
    """Ends letters without sending anything.

    What failed need not be carried, or was done by hand.
    """
    from operations.letters.settle import settle
    from operations.written_versions import writing_environment

    reason, person = stated(why), operator(who)
    settled = settle(writing_environment(), letters, who=person, why=reason)
    screen = Screen(as_json=as_json)
    screen.json({"settled": [letter.id for letter in settled]})
    for letter in settled:
        screen.line(f"settled {letter.id} ({letter.letter.reason})")
