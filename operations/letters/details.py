"""What a person needs to decide about one letter."""

from __future__ import annotations

from dataclasses import dataclass

from operations.environment import Environment
from operations.errors import Refused
from operations.letters.advice import choices, what_to_do
from operations.letters.open_letters import (
    LetterPlaces,
    OpenLetter,
    OpenLetters,
    by_id_or_prefix,
    command_in,
    event_in,
    remapping,
)
from operations.reading import entries_of
from relay.domain.commands import TargetCommand
from relay.domain.events import ChangeOrderObserved
from relay.domain.ledger import LedgerEntry
from relay.domain.letters import DeadLetter
from relay.engine.kafka import RecordFetcher


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterDetails:
    """A letter with what it holds: an ``event``, a ``command``, or neither where its bytes cannot be read.

    ``choices``: what can be decided about it.

    ``entry``: what the ledger knows of the command's change order at the target. ``advice``: commands, in the order in
    which to think of them.
    """

    open_letter: OpenLetter
    letter: DeadLetter
    event: ChangeOrderObserved | None
    command: TargetCommand | None
    entry: LedgerEntry | None
    advice: list[str]
    choices: tuple[str, ...]


def letter_details(environment: Environment, letter_id: str, known: LetterPlaces | None = None) -> LetterDetails:
    """Reads all that there is about a letter; ``letter_id`` may be a beginning. Raises ``Refused`` if it is gone.

    ``known``: where it and the other open letters about the same record stand, as far as somebody knows that; every
    open letter is read where nobody does, or one stands there no more.
    """
    open_letters = OpenLetters(environment)
    with RecordFetcher(environment.connection) as fetcher:
        letters = open_letters.at(fetcher, known) if known else None
        letters = open_letters.open() if letters is None else letters
        open_letter = by_id_or_prefix(letters, letter_id)
        letter = open_letters.whole(fetcher, open_letter)
    if letter is None:
        raise Refused(f"letter {open_letter.id} was settled or sent again just now")
    command = command_in(remapping(environment), letter)
    entry = entries_of(environment, [command]).get(command.origin_id) if command else None
    return LetterDetails(
        open_letter=open_letter,
        letter=letter,
        event=event_in(environment, letter),
        command=command,
        entry=entry,
        advice=what_to_do(open_letter, letters, entry),
        choices=choices(open_letter, letters, entry),
    )
