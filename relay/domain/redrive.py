"""Which dead letters are sent again without a person, and which are done with. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from relay.domain import identity
from relay.domain.commands import Operation
from relay.domain.events import EventReference
from relay.domain.letters import MAPPER, DeadLetter, LetterKind
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind

DELETED = "source.deleted"

UNROUTED = "destination_unrouted"
"""How the reasons of letters end about commands for destinations that no route of their writer's file names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedriveRule:
    """Letters whose reason fits ``reason`` (with ``*``) are sent again every so many seconds, ``most`` times in all."""

    reason: str
    every: float
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLetter:
    """What has to be known of an open letter; its bytes stay on the topic, at ``place``.

    ``redriven_at`` is when the keeper sent it again; what came of that is not known yet. ``of_project``: it is about a
    whole project, and holds no event that could be mapped.
    """

    letter_id: str
    kind: LetterKind
    stage: str
    reason: str
    topic: str
    partition: int
    offset: int
    change_order_key: str | None
    attempts: int
    first_at: datetime
    last_at: datetime
    place: int
    of_project: bool = False
    redriven_at: datetime | None = None


MAPPED_ANEW = RedriveRule(reason=f"*.{UNROUTED}", every=300.0, most=24)
"""Always in force. By then a changed file has reached every stage: an older one here might send it where it went."""


def open_letter(letter: DeadLetter, place: int) -> OpenLetter:
    """``place`` is the letter's offset on the topic of letters."""
    return OpenLetter(
        letter_id=letter.letter_id,
        kind=letter.kind,
        stage=letter.stage,
        reason=letter.reason,
        topic=letter.topic,
        partition=letter.partition,
        offset=letter.offset,
        change_order_key=letter.change_order_key,
        attempts=letter.attempts,
        first_at=letter.first_at,
        last_at=letter.last_at,
        place=place,
        of_project=letter.of_project is not None,
    )


def own_event(outcome: ChangeOrderOutcome) -> EventReference | None:
    """The event of ``outcome`` where it is known to be one of its change order, else ``None``.

    What a look at our record ended in, a decision about such a look, and news of the remote name the change order that
    the record came from, with the event of the record: its offset says nothing about the change order's own events.
    An outcome does not tell of which operation it is; the id of its command does, being made of event and operation.
    """
    event = outcome.event
    if event is None or outcome.stage == MAPPER:
        return event
    if outcome.origin_id is None or outcome.mapped_at is None:
        return None
    carrying = [
        identity.command_id(event.event_id, outcome.origin_id, outcome.mapped_at, operation.value)
        for operation in (Operation.APPLY, Operation.WITHDRAW)
    ]
    return event if outcome.command_id in carrying else None


def done_because(letter: OpenLetter, outcome: ChangeOrderOutcome) -> str | None:
    """Why ``outcome`` shows that a letter of the mapper is done with, or ``None``.

    An event is mapped where it ended in a command or was skipped; one that ended in a letter of
    its own was not. The writers settle their letters themselves.
    """
    if letter.stage != MAPPER or (outcome.stage == MAPPER and outcome.kind is OutcomeKind.REJECTED):
        return None
    event = own_event(outcome)
    if event is None:
        return None
    if (event.topic, event.partition) != (letter.topic, letter.partition) or event.offset < letter.offset:
        return None
    if event.offset > letter.offset:
        deleted = outcome.reason == DELETED
        return "the change order was deleted at the source" if deleted else "a later change of it was mapped"
    if outcome.mapped_at is not None and outcome.mapped_at > letter.last_at:
        return "the event was mapped again"
    return None


def redrive_due(letter: OpenLetter, rules: Sequence[RedriveRule], now: datetime) -> bool:
    """Whether the first rule that fits the letter wants it sent again now. What needs a person never is.

    A letter about a project neither: to send it again is to replay the project, which a person asks for.
    """
    if letter.kind is LetterKind.NEEDS_REVIEW or letter.of_project:
        return False
    rule = next((rule for rule in rules if _fits(rule.reason, letter.reason)), None)
    if rule is None or letter.attempts >= rule.most:
        return False
    since = max(letter.last_at, letter.redriven_at or letter.last_at)
    return now - since >= timedelta(seconds=rule.every)


def _fits(pattern: str, reason: str) -> bool:
    """Piece by piece: a pattern of ``re`` with many stars would try all ways that there are."""
    first, *others = pattern.split("*")
    if not others:
        return reason == first
    at, end = len(first), len(reason) - len(others[-1])
    if at > end or not reason.startswith(first) or not reason.endswith(others[-1]):
        return False
    for piece in others[:-1]:
        found = reason.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True
