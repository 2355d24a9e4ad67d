"""A person says that letters are done with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from operations.audit import AuditedTransaction
from operations.environment import Environment
from operations.errors import Refused
from operations.letters.open_letters import (
    OpenLetter,
    OpenLetters,
    Shown,
    as_shown,
    by_id_or_prefix,
    command_in,
    remapping,
    takes_decision,
)
from operations.reading import entries_of
from relay.domain.commands import TargetCommand
from relay.domain.letters import DeadLetter
from relay.engine.kafka import RecordFetcher


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleResult:
    """What becomes of one letter. ``number``: of its audit entry; ``None``: nothing was done, ``words`` says why."""

    letter: OpenLetter
    words: str
    number: int | None


def settle(environment: Environment, letter_ids: Sequence[str], *, who: str, why: str) -> list[OpenLetter]:
    """Ends letters without sending anything, each in one transaction with its audit entry; returns them.

    ``letter_ids`` may be beginnings. Raises ``Refused`` for a letter that is gone, or that waits for a decision: then
    none is ended; and for one that has failed once more meanwhile, when the others are.
    """
    open_letters = OpenLetters(environment)
    letters = open_letters.open()
    named = [by_id_or_prefix(letters, letter_id) for letter_id in dict.fromkeys(letter_ids)]
    undecided = _undecided(environment, open_letters, letters, named)
    for letter in named:
        if letter.id in undecided:
            raise Refused(_waits(letter))
    ended = _end(environment, open_letters, named, who, why)
    left = ", ".join(letter.id for letter in named if letter.id not in ended)
    if left:
        raise Refused(f"{left}: changed meanwhile, and nothing was done with it; the other {len(ended)} are ended")
    return named


def settle_shown(environment: Environment, shown: Shown, *, who: str, why: str) -> list[SettleResult]:
    """The same with those letters that still stand as they were ``shown``, one by one: a refusal is that of one letter.

    The others have no result.
    """
    open_letters = OpenLetters(environment)
    letters = open_letters.open()
    named = as_shown(letters, shown)
    undecided = _undecided(environment, open_letters, letters, named)
    refused = [SettleResult(letter=one, words=_waits(one), number=None) for one in named if one.id in undecided]
    meant = [letter for letter in named if letter.id not in undecided]
    ended = _end(environment, open_letters, meant, who, why)
    done = [
        SettleResult(letter=letter, words="closed without sending", number=ended[letter.id])
        for letter in meant
        if letter.id in ended
    ]
    return [*done, *refused]


def _end(
    environment: Environment, open_letters: OpenLetters, named: Sequence[OpenLetter], who: str, why: str
) -> dict[str, int]:
    """Returns by letter the numbers of the audit entries. What has failed once more since it was read is left: of that
    nobody has said that it is done with.
    """
    ended: list[str] = []
    with AuditedTransaction(environment, who, why) as transaction:
        for letter in named:
            if not open_letters.is_as_read(letter):
                continue
            details = {"letter_id": letter.id, "reason": letter.letter.reason, "sentence": letter.letter.sentence}
            transaction.commit([letter.tombstone()], [transaction.action(letter.subject, "letter.settle", details)])
            ended.append(letter.id)
        return dict(zip(ended, transaction.numbers, strict=True))


def _waits(letter: OpenLetter) -> str:
    return (
        f"letter {letter.id} waits for a decision, and its change order is held until then: say "
        "`cor letters adopt` if the record is there and right, `cor letters resubmit` if it is not there"
    )


def _undecided(
    environment: Environment, open_letters: OpenLetters, letters: Sequence[OpenLetter], named: Sequence[OpenLetter]
) -> set[str]:
    """Those that alone say why their change orders wait."""
    commands = _commands(environment, open_letters, named)
    entries = entries_of(environment, commands.values()) if commands else {}
    found = set()
    for letter in named:
        entry = entries.get(commands[letter.id].origin_id) if letter.id in commands else None
        if entry is None or entry.review is None or letter.id not in entry.letters:
            continue
        if takes_decision(letter, letters, entry):
            found.add(letter.id)
    return found


def _commands(
    environment: Environment, open_letters: OpenLetters, named: Sequence[OpenLetter]
) -> dict[str, TargetCommand]:
    remapper = remapping(environment)
    commands: dict[str, TargetCommand] = {}
    with RecordFetcher(environment.connection) as fetcher:
        for letter in named:
            whole: DeadLetter | None = open_letters.whole(fetcher, letter) if letter.letter.origin_id else None
            command = command_in(remapper, whole) if whole else None
            if command is not None:
                commands[letter.id] = command
    return commands
