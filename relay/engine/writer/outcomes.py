"""Makes outcomes out of what became of a command."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from relay.domain import identity
from relay.domain.commands import Command
from relay.domain.ledger import LedgerEntry, Waiting
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind, RemoteRecord
from relay.domain.writes.balance import Balance
from relay.engine.telemetry.tracing import TRACE_HEADERS, Headers


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeDetails:
    """What an outcome says beyond its command. ``occasion`` tells outcomes of one kind and command apart.

    ``entry``: the ledger's entry at the end of the command, for what is held and what has changed.
    """

    kind: OutcomeKind
    reason: str | None = None
    sentence: str | None = None
    remote: tuple[RemoteRecord, ...] = ()
    preview: str | None = None
    letter_id: str | None = None
    occasion: str = ""
    entry: LedgerEntry | None = None

    @property
    def balance(self) -> Balance | None:
        """What the target holds of ours; ``None`` where nothing was sent, or that is not told."""
        return self.entry.balance if self.entry is not None and self.entry.was_sent else None


def outcome_of(command: Command, details: OutcomeDetails, stage: str, at: datetime) -> ChangeOrderOutcome:
    """Makes the outcome of ``command``."""
    return ChangeOrderOutcome(
        outcome_id=identity.outcome_id(command.command_id, details.kind.value, details.occasion),
        kind=details.kind,
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
        reason=details.reason or command.reason,
        sentence=_with_unplaced(details.sentence, command),
        letter_id=details.letter_id,
        remote=details.remote,
        preview=details.preview,
        amount=details.balance.total if details.balance else None,
        currency=details.balance.currency if details.balance else None,
        changed_parts=details.entry.changed if details.entry else (),
    )


def trace_of(record: Waiting) -> Headers:
    """The headers with which what becomes of a received command goes on with its trace; empty: it has none."""
    return tuple((header.name, header.value) for header in record.headers if header.name in TRACE_HEADERS)


def _with_unplaced(sentence: str | None, command: Command) -> str | None:
    if not command.unplaced:
        return sentence
    items = ", ".join(command.unplaced)
    return " ".join(filter(None, (sentence, f"Items that no target of the route takes: {items}.")))
