"""Makes outcomes and letters out of what became of a command."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from relay.domain import identity
from relay.domain.commands import Command
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind, RemoteRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeDetails:
    """What there is to say about a command's end, or about its being held or submitted."""

    kind: OutcomeKind
    reason: str | None = None
    sentence: str | None = None
    remote: tuple[RemoteRecord, ...] = ()
    preview: str | None = None
    letter_id: str | None = None
    occasion: str = ""


def outcome(command: Command, telling: OutcomeDetails, stage: str, at: datetime) -> ChangeOrderOutcome:
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
