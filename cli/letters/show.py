"""``cor letters show``: all that a person needs to decide."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from cli.errors import Refused
from cli.letters.list import as_object
from cli.screen import AsJson, Screen, moment
from operations.environment import Environment
from operations.letters.comparison import named_records, tell_sides
from operations.letters.open_letters import (
    Command,
    OpenLetter,
    OpenLetters,
    asking_letter,
    by_id_or_prefix,
    command_in,
    event_in,
    remapping,
    takes_decision,
)
from operations.reading import RecordFetcher, entries_of
from operations.wording import amount
from relay.domain.events import ChangeOrderObserved
from relay.domain.ledger import LedgerEntry
from relay.domain.ledger_facts import CinxFact
from relay.domain.letters import DeadLetter, LetterKind

LetterId = Annotated[str, typer.Argument(metavar="ID", help="The letter's id, or its beginning.", show_default=False)]


def show_command(letter: LetterId, *, as_json: AsJson = False) -> None:
    """One letter with all that a person needs.

    What failed, what the remote said, both sides of a doubt, and what can be done.
    """
    environment = Environment.read()
    box = OpenLetters(environment)
    letters = box.open()
    found = by_id_or_prefix(letters, letter)
    with RecordFetcher(environment.connection) as finder:
        whole = box.whole(finder, found)
    if whole is None:
        raise Refused(f"letter {found.id} was settled or sent again just now")
    event, command = event_in(environment, whole), command_in(remapping(environment), whole)
    entry = entries_of(environment, [command]).get(command.origin_id) if command else None
    screen = Screen(as_json=as_json)
    holds = event or command
    advice = what_to_do(found, letters, entry)
    screen.json(as_object(found) | {"record": holds, "ledger": entry, "what_to_do": advice})
    _tell(screen, found, whole, event, command)
    _tell_remote(screen, whole, entry)
    screen.line()
    screen.line("What to do", "bold")
    for line in advice:
        screen.line(line, indent=2)


_WRITER_REASONS = frozenset({CinxFact.LINES, CinxFact.MARK, CinxFact.EARLIER})
"""What a ledger keeps of the remote that says nothing to a person."""

_RESUBMIT = {False: "if it is certainly not there", True: "to have it sent (once more) all the same"}
"""By whether it is known what is there."""


def what_to_do(found: OpenLetter, letters: Sequence[OpenLetter], entry: LedgerEntry | None) -> list[str]:
    """The commands that fit this letter, in the order in which to think of them. ``letters`` are all that are open."""
    again = f"cor letters redrive {found.id}   once the cause is gone"
    settle = f'cor letters settle {found.id} --why "…"   if it need not be carried any more'
    adopt = f'cor letters adopt {found.id} --remote-id {_record(found.letter)} --why "…"   '
    if found.letter.stage.startswith("poll-"):
        return [f'cor letters settle {found.id} --why "…"   as the sentence above says']
    if entry is None or not takes_decision(found, letters, entry):
        return [*_elsewhere(letters, entry), again, settle]
    if entry.review is None:
        return [f"{adopt}if it is a record that is there already", again, settle]
    resubmit = f'cor letters resubmit {found.id} --why "…"   '
    known = bool(entry.remote) or not entry.review.sent
    return [f"{adopt}if that record is to stand for the change order, as it is", resubmit + _RESUBMIT[known]]


def _elsewhere(letters: Sequence[OpenLetter], entry: LedgerEntry | None) -> Iterator[str]:
    """What is to be decided first, about another letter of the same change order."""
    asked = asking_letter(letters, entry) if entry is not None and entry.review is not None else None
    if asked is not None:
        yield f"cor letters show {asked.id}   its change order waits for that decision first"


def _record(letter: DeadLetter) -> str:
    """What ``adopt`` is to name, where only one record comes into question."""
    known = named_records(letter.sides)
    return shlex.quote(known[0]) if len(known) == 1 else "ID"


def _tell(
    screen: Screen, found: OpenLetter, letter: DeadLetter, event: ChangeOrderObserved | None, command: Command | None
) -> None:
    screen.line(letter.sentence, "bold")
    screen.line()
    screen.facts(
        [
            ("letter", letter.letter_id),
            ("reason", letter.reason),
            ("stage", letter.stage),
            ("change order", letter.change_order_key),
            ("project", found.project),
            *(_of_event(event) if event else ()),
            *(_of_command(command) if command else ()),
            ("tries", f"{letter.attempts}, first {moment(letter.first_at)}, last {moment(letter.last_at)} UTC"),
            ("record", f"{letter.topic}, partition {letter.partition}, offset {letter.offset}"),
            ("needs review", "a person has to decide" if letter.kind is LetterKind.NEEDS_REVIEW else None),
        ]
    )


def _of_event(event: ChangeOrderObserved) -> list[tuple[str, object]]:
    shown = event.change_order
    return [
        ("number", shown.number),
        ("title", shown.title),
        ("status", f"{shown.status.value} ({shown.status_raw})" if shown.status_raw else shown.status.value),
        ("amounts", f"cost {amount(shown.cost)}, client price {amount(shown.client_price)}"),
        ("items", len(shown.items) or "none: a lump sum"),
    ]


def _of_command(command: Command) -> list[tuple[str, object]]:
    payload = command.payload
    return [
        ("goes to", f"{command.system}, account {command.account}, {command.destination.name} ({command.target})"),
        ("operation", command.operation.value),
        ("number", payload.number if payload else None),
        ("title", payload.title if payload else None),
        ("lines", len(payload.lines) if payload else None),
        ("origin id", command.origin_id),
    ]


def _tell_remote(screen: Screen, letter: DeadLetter, entry: LedgerEntry | None) -> None:
    if letter.remote_answer:
        screen.line()
        screen.line("What the remote said", "bold")
        screen.line(letter.remote_answer, indent=2)
    tell_sides(screen, letter.sides)
    if entry is not None and entry.remote:
        screen.line()
        screen.line("What we know to be there", "bold")
        shown = ((name, value) for name, value in sorted(entry.remote.items()) if name not in _WRITER_REASONS)
        screen.facts((f"  {name.replace('_', ' ')}", value) for name, value in shown)
