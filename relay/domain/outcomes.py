"""How commands and events end, told to whoever listens."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from relay.domain.events import EventReference


class OutcomeKind(StrEnum):
    """The first seven are terminal: every command ends in exactly one of them."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    SKIPPED = "skipped"
    REJECTED = "rejected"
    NEEDS_REVIEW = "needs_review"
    HELD = "held"
    SUBMITTED = "submitted"
    REMOTE_STATUS = "remote_status"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more follows for the command."""
        return self not in _PASSING


_PASSING = frozenset({OutcomeKind.HELD, OutcomeKind.SUBMITTED, OutcomeKind.REMOTE_STATUS})


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteRecord:
    """A record at the remote: ``kind`` is ``potential_change_order``, ``package``, ``poco``, ``job`` and the like."""

    kind: str
    remote_id: str
    number: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOrderOutcome:
    """``reason`` is for machines (``route.missing``), ``sentence`` for people.

    ``preview`` is the payload that a dry run would have sent, as JSON text. An outcome of the
    mapper about an event as a whole has no command and no origin id. ``facts`` are what the target
    says of its record beside the change order's own content: of the target, never of the source.
    ``amount``: what the target holds of ours in all, as it last accepted it; ``changed_parts``: names
    of the parts that the command has changed there.
    """

    outcome_id: str
    kind: OutcomeKind
    stage: str
    change_order_key: str
    at: datetime
    sequence: int
    event: EventReference | None = None
    system: str | None = None
    account: str | None = None
    target: str | None = None
    origin_id: str | None = None
    command_id: str | None = None
    mapped_at: datetime | None = None
    idempotency_key: str | None = None
    reason: str | None = None
    sentence: str | None = None
    letter_id: str | None = None
    remote: tuple[RemoteRecord, ...] = ()
    preview: str | None = None
    facts: dict[str, str] | None = None
    amount: Decimal | None = None
    currency: str | None = None
    changed_parts: tuple[str, ...] = ()


def without_details(outcome: ChangeOrderOutcome) -> ChangeOrderOutcome:
    """The outcome without what describes the record at the remote: how the command ended, and why."""
    return replace(outcome, remote=(), preview=None, facts=None, amount=None, currency=None, changed_parts=())
