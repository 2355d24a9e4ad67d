"""``cor letters settle``: a person says that a letter is done with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from cli.errors import Refused
from cli.screen import AsJson, Screen
from operations.audit import AuditedTransaction, Who, Why, operator, stated
from operations.environment import Environment
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

LetterIds = Annotated[
    list[str], typer.Argument(metavar="ID...", help="Ids of letters, or their beginnings.", show_default=False)
]


def settle_command(letters: LetterIds, *, why: Why, who: Who = None, as_json: AsJson = False) -> None:
    """Ends letters without sending anything.

    What failed need not be carried, or was done by hand.
    """
    reason, person = stated(why), operator(who)
    environment = Environment.read()
    box = OpenLetters(environment)
    found = box.open()
    chosen = [by_id_or_prefix(found, one) for one in dict.fromkeys(letters)]
    _refuse_undecided(environment, box, found, chosen)
    with AuditedTransaction(environment, person, reason) as acts:
        for one in chosen:
            details = {"letter_id": one.id, "reason": one.letter.reason, "sentence": one.letter.sentence}
            acts.commit([one.tombstone()], [acts.action(one.subject, "letter.settle", details)])
    screen = Screen(as_json=as_json)
    screen.json({"settled": [one.id for one in chosen]})
    for one in chosen:
        screen.line(f"settled {one.id} ({one.letter.reason})")


def _refuse_undecided(
    environment: Environment, box: OpenLetters, letters: Sequence[OpenLetter], chosen: Sequence[OpenLetter]
) -> None:
    """Without its letter nobody would know why a change order in doubt waits."""
    commands = _commands(environment, box, chosen)
    entries = entries_of(environment, commands.values()) if commands else {}
    for one in chosen:
        entry = entries.get(commands[one.id].origin_id) if one.id in commands else None
        if entry is None or entry.review is None or one.id not in entry.letters:
            continue
        if takes_decision(one, letters, entry):
            raise Refused(
                f"letter {one.id} waits for a decision, and its change order is held until then: say "
                "`cor letters adopt` if the record is there and right, `cor letters resubmit` if it is not there"
            )


def _commands(environment: Environment, box: OpenLetters, chosen: Sequence[OpenLetter]) -> dict[str, Command]:
    again = remapping(environment)
    found: dict[str, Command] = {}
    with RecordFetcher(environment.connection) as finder:
        for one in chosen:
            whole: DeadLetter | None = box.whole(finder, one) if one.letter.origin_id else None
            command = command_in(again, whole) if whole else None
            if command is not None:
                found[one.id] = command
    return found
