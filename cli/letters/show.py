"""``cor letters show``: all that a person needs to decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cli.letters.list import as_object
from cli.letters.options import LetterId
from cli.screen import AsJson, Screen
from operations.wording import amount, moment
from relay.domain.ledger_facts import CinxFact

if TYPE_CHECKING:
    from operations.letters.details import LetterDetails
    from relay.domain.commands import TargetCommand
    from relay.domain.events import ChangeOrderObserved
    from relay.domain.ledger import LedgerEntry
    from relay.domain.letters import DeadLetter
    from relay.domain.route_names import RouteNames

_FOR_THE_WRITER = frozenset({CinxFact.LINES, CinxFact.MARK, CinxFact.EARLIER})
"""What a ledger keeps of the remote that says nothing to a person."""


def show_command(letter: LetterId, *, as_json: AsJson = False) -> None:
    """One letter with all that a person needs.

    What failed, what the remote said, both sides of a doubt, and what can be done.
    """
    from operations.environment import Environment
    from operations.letters.details import letter_details
    from operations.route_names import route_names

    environment = Environment.read()
    details = letter_details(environment, letter)
    screen = Screen(as_json=as_json)
    record = details.event or details.command
    screen.json(
        as_object(details.open_letter) | {"record": record, "ledger": details.entry, "what_to_do": details.advice}
    )
    _show(screen, details, route_names(environment))
    _show_remote(screen, details.letter, details.entry)
    screen.line()
    screen.line("What to do", "bold")
    for line in details.advice:
        screen.line(line, indent=2)


def _show(screen: Screen, details: LetterDetails, names: RouteNames) -> None:
    from relay.domain.letters import LetterKind

    letter = details.letter
    screen.line(letter.sentence, "bold")
    screen.line()
    screen.facts(
        [
            ("letter", letter.letter_id),
            ("reason", letter.reason),
            ("stage", letter.stage),
            ("change order", letter.change_order_key),
            ("project", details.open_letter.project),
            *(_of_event(details.event) if details.event else ()),
            *(_of_command(details.command, names.of_command(details.command)) if details.command else ()),
            ("tries", f"{letter.attempts}, first {moment(letter.first_at)}, last {moment(letter.last_at)} UTC"),
            ("record", f"{letter.topic}, partition {letter.partition}, offset {letter.offset}"),
            ("needs review", "a person has to decide" if letter.kind is LetterKind.NEEDS_REVIEW else None),
        ]
    )


def _of_event(event: ChangeOrderObserved) -> list[tuple[str, object]]:
    change_order = event.change_order
    status = change_order.status.value
    return [
        ("number", change_order.number),
        ("title", change_order.title),
        ("status", f"{status} ({change_order.status_raw})" if change_order.status_raw else status),
        ("amounts", f"cost {amount(change_order.cost)}, client price {amount(change_order.client_price)}"),
        ("items", len(change_order.items) or "none: a lump sum"),
    ]


def _of_command(command: TargetCommand, target: str) -> list[tuple[str, object]]:
    payload = command.payload
    return [
        ("goes to", f"{command.system}, account {command.account}, {command.destination.name} ({target})"),
        ("operation", command.operation.value),
        ("number", payload.number if payload else None),
        ("title", payload.title if payload else None),
        ("lines", len(payload.lines) if payload else None),
        ("origin id", command.origin_id),
    ]


def _show_remote(screen: Screen, letter: DeadLetter, entry: LedgerEntry | None) -> None:
    if letter.remote_answer:
        screen.line()
        screen.line("What the remote said", "bold")
        screen.lines(letter.remote_answer, indent=2)
    _show_sides(screen, letter.sides)
    if entry is not None and entry.remote:
        screen.line()
        screen.line("What we know to be there", "bold")
        facts = ((name, value) for name, value in sorted(entry.remote.items()) if name not in _FOR_THE_WRITER)
        screen.facts((f"  {name.replace('_', ' ')}", value) for name, value in facts)


def _show_sides(screen: Screen, texts: Sequence[str]) -> None:
    if not texts:
        return
    from operations.letters.comparison import compare, read_sides

    screen.line()
    sides = read_sides(texts)
    if sides is None:
        for text in texts:
            screen.line(f"What is there: {text}")
        return
    screen.table(*compare(sides))
