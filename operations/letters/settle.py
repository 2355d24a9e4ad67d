"""A person says that letters are done with."""

from __future__ import annotations

from collections.abc import Sequence

from operations.audit import AuditedTransaction
from operations.environment import Environment
from operations.errors import Refused
from operations.letters.open_letters import (
    Command,
    OpenLetter,
    OpenLetters,
    by_id_or_prefix,
    command_in,
    remapping,
    takes_decision,
)
from operations.reading import entries_of
from relay.domain.letters import DeadLetter
from relay.engine.kafka import RecordFetcher


def settle(environment: Environment, letter_ids: Sequence[str], *, who: str, why: str) -> list[OpenLetter]:
    """Ends letters without sending anything, each in one transaction with its audit entry; returns them.

    ``letter_ids`` may be beginnings. Raises ``Refused`` for a letter that is gone, or that waits for a decision.
    """
    open_letters = OpenLetters(environment)
    letters = open_letters.open()
    named = [by_id_or_prefix(letters, letter_id) for letter_id in dict.fromkeys(letter_ids)]
    _refuse_undecided(environment, open_letters, letters, named)
    with AuditedTransaction(environment, who, why) as transaction:
        for letter in named:
            details = {"letter_id": letter.id, "reason": letter.letter.reason, "sentence": letter.letter.sentence}
            transaction.commit([letter.tombstone()], [transaction.action(letter.subject, "letter.settle", details)])
    return named


def _refuse_undecided(
    environment: Environment, open_letters: OpenLetters, letters: Sequence[OpenLetter], named: Sequence[OpenLetter]
) -> None:
    """Raises ``Refused`` for a letter that alone says why its change order waits."""
    commands = _commands(environment, open_letters, named)
    entries = entries_of(environment, commands.values()) if commands else {}
    for letter in named:
        entry = entries.get(commands[letter.id].origin_id) if letter.id in commands else None
        if entry is None or entry.review is None or letter.id not in entry.letters:
            continue
        if takes_decision(letter, letters, entry):
            raise Refused(
                f"letter {letter.id} waits for a decision, and its change order is held until then: say "
                "`cor letters adopt` if the record is there and right, `cor letters resubmit` if it is not there"
            )


def _commands(environment: Environment, open_letters: OpenLetters, named: Sequence[OpenLetter]) -> dict[str, Command]:
    remapper = remapping(environment)
    commands: dict[str, Command] = {}
    with RecordFetcher(environment.connection) as fetcher:
        for letter in named:
            whole: DeadLetter | None = open_letters.whole(fetcher, letter) if letter.letter.origin_id else None
            command = command_in(remapper, whole) if whole else None
            if command is not None:
                commands[letter.id] = command
    return commands
