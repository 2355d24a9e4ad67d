"""``cor letters show``: all that a person needs to decide."""

from __future__ import annotations

from collections.abc import Sequence

from cli.letters.list import as_object
from cli.letters.options import LetterId
from cli.screen import AsJson, Screen
from operations.environment import Environment
from operations.errors import Refused
from operations.letters.advice import what_to_do
from operations.letters.comparison import compare, read_sides
from operations.letters.open_letters import (
    Command,
    OpenLetter,
    OpenLetters,
    by_id_or_prefix,
    command_in,
    event_in,
    remapping,
)
from operations.reading import entries_of
from operations.wording import amount, moment
from relay.domain.events import ChangeOrderObserved
from relay.domain.ledger import LedgerEntry
from relay.domain.ledger_facts import CinxFact
from relay.domain.letters import DeadLetter, LetterKind
from relay.engine.kafka import RecordFetcher


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
    _tell_sides(screen, letter.sides)
    if entry is not None and entry.remote:
        screen.line()
        screen.line("What we know to be there", "bold")
        shown = ((name, value) for name, value in sorted(entry.remote.items()) if name not in _WRITER_REASONS)
        screen.facts((f"  {name.replace('_', ' ')}", value) for name, value in shown)


def _tell_sides(screen: Screen, texts: Sequence[str]) -> None:
    if not texts:
        return
    screen.line()
    sides = read_sides(texts)
    if sides is None:
        for text in texts:
            screen.line(f"What is there: {text}")
        return
    screen.table(*compare(sides))
