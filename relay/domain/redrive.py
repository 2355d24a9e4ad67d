"""Which dead letters are sent again without a person, and which are done with. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

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


def done_because(letter: OpenLetter, outcome: ChangeOrderOutcome) -> str | None:
    """Why ``outcome`` shows that a letter of the mapper is done with, or ``None``.

    An event is mapped where it ended in a command or was skipped; one that ended in a letter of
    its own was not. The writers settle their letters themselves.
    """
    event = outcome.event
    if letter.stage != MAPPER or event is None or (outcome.stage == MAPPER and outcome.kind is OutcomeKind.REJECTED):
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
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), reason) is not None
