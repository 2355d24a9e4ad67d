"""Dead letters of the writers: built from the command, or from the record that could not be read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from relay.domain import identity
from relay.domain.commands import Command
from relay.domain.ledger import Waiting
from relay.domain.letters import DeadLetter, LetterHeader, LetterKind

LETTER_HEADER = "cor-letter"
ATTEMPTS_HEADER = "cor-letter-attempts"
FIRST_AT_HEADER = "cor-letter-first-at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a record ends in a letter."""

    kind: LetterKind
    reason: str
    sentence: str
    remote_answer: str = ""
    sides: tuple[str, ...] = ()


def letter_of(waiting: Waiting, command: Command, failure: Failure, stage: str, at: datetime) -> DeadLetter:
    """The letter of a command: the one it was redriven from, if it was, with one more attempt."""
    headers = {header.name: (header.value or b"").decode() for header in waiting.headers}
    letter_id = command.letter_id or headers.get(LETTER_HEADER)
    fresh = letter_id is None
    return DeadLetter(
        letter_id=letter_id or identity.letter_id(stage, waiting.topic, waiting.partition, waiting.offset),
        kind=failure.kind,
        stage=stage,
        topic=waiting.topic,
        partition=waiting.partition,
        offset=waiting.offset,
        record_key=waiting.record_key,
        record_value=waiting.command,
        headers=waiting.headers,
        change_order_key=command.change_order_key,
        origin_id=command.origin_id,
        command_id=command.command_id,
        reason=failure.reason,
        sentence=failure.sentence,
        remote_answer=failure.remote_answer,
        attempts=1 if fresh else _attempts(headers) + 1,
        first_at=at if fresh else _first_at(headers, at),
        last_at=at,
        sides=failure.sides,
    )


def _attempts(headers: dict[str, str]) -> int:
    text = headers.get(ATTEMPTS_HEADER, "1")
    return int(text) if text.isdigit() else 1


def _first_at(headers: dict[str, str], otherwise: datetime) -> datetime:
    try:
        return datetime.fromisoformat(headers[FIRST_AT_HEADER])
    except (KeyError, ValueError):
        return otherwise


def unreadable_letter(
    *,
    stage: str,
    topic: str,
    partition: int,
    offset: int,
    key: bytes | None,
    value: bytes | None,
    headers: tuple[tuple[str, bytes | None], ...],
    reason: str,
    sentence: str,
    at: datetime,
) -> DeadLetter:
    """The letter of bytes that are no record of ours, untouched."""
    return DeadLetter(
        letter_id=identity.letter_id(stage, topic, partition, offset),
        kind=LetterKind.UNREADABLE,
        stage=stage,
        topic=topic,
        partition=partition,
        offset=offset,
        record_key=key,
        record_value=value,
        headers=tuple(LetterHeader(name=name, value=content) for name, content in headers),
        change_order_key=None,
        origin_id=None,
        command_id=None,
        reason=reason,
        sentence=sentence,
        remote_answer="",
        attempts=1,
        first_at=at,
        last_at=at,
    )
