"""Makes outcomes and letters out of what became of a command."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from relay.domain import identity
from relay.domain.commands import Command
from relay.domain.ledger import Waiting
from relay.domain.letters import DeadLetter, LetterHeader, LetterKind
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind, RemoteRecord

LETTER_HEADER = "cor-letter"
ATTEMPTS_HEADER = "cor-letter-attempts"
FIRST_AT_HEADER = "cor-letter-first-at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What there is to say about a command's end, or about its being held or submitted."""

    kind: OutcomeKind
    reason: str | None = None
    sentence: str | None = None
    remote: tuple[RemoteRecord, ...] = ()
    preview: str | None = None
    letter_id: str | None = None
    occasion: str = ""


def outcome(command: Command, telling: Telling, stage: str, at: datetime) -> ChangeOrderOutcome:
    """The outcome record of ``command``."""
    return ChangeOrderOutcome(
        outcome_id=identity.outcome_id(command.command_id, telling.kind.value, telling.occasion),
        kind=telling.kind,
        stage=stage,
        change_order_key=command.change_order_key,
        at=at,
        sequence=command.sequence,
        event=command.event,
        system=command.system,
        account=command.account,
        target=command.target,
        origin_id=command.origin_id,
        command_id=command.command_id,
        mapped_at=command.mapped_at,
        idempotency_key=command.idempotency_key,
        reason=telling.reason or command.reason,
        sentence=_with_unplaced(telling.sentence, command),
        letter_id=telling.letter_id,
        remote=telling.remote,
        preview=telling.preview,
    )


def _with_unplaced(sentence: str | None, command: Command) -> str | None:
    if not command.unplaced:
        return sentence
    items = ", ".join(command.unplaced)
    return " ".join(filter(None, (sentence, f"Items that no target of the route takes: {items}.")))


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


__all__ = [
    "ATTEMPTS_HEADER",
    "FIRST_AT_HEADER",
    "LETTER_HEADER",
    "Failure",
    "Telling",
    "letter_of",
    "outcome",
    "unreadable_letter",
]
