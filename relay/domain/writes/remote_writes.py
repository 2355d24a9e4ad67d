"""What was written at a remote system: one record for each answered writing call and change order."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class WriteOperation(StrEnum):
    """What was done to a record. It is fixed when the call is intended: with an unknown id, a record is created."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    STATUS = "status"
    ADOPTED = "adopted"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenField:
    """A field that was sent. ``before`` is what had been read of it; not ``known``: it had not been read."""

    name: str
    sent: str | None = None
    before: str | None = None
    known: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenRecord:
    """A record that a call touched: a header, a line, a package, a job's order and the like.

    ``parts``: the parts of the ledger that it stands for, each with the hash that the ledger then holds; an empty hash
    is none. Its amounts are those of its parts, where they carry any.
    """

    kind: str
    parts: dict[str, str] = field(default_factory=dict)
    operation: WriteOperation
    remote_id: str | None = None
    number: str | None = None
    url: str | None = None
    fields: tuple[WrittenField, ...] = ()
    amount_before: Decimal | None = None
    amount_after: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteWrite:
    """What one accepted call wrote of one change order. Its id follows from the intent and the step.

    ``path`` is a template (``/projects/{project_id}/…``), since a path may hold a secret. Amounts speak of what was
    ours as last accepted: zero where nothing was there, null where it is unknown. ``approved_effect`` and
    ``pending_effect`` are set on exactly one write for each change of amount or status, so that they may be summed up;
    null is not by this write, or (where an amount is null) unknown. ``found_again``: an answer was lost, and what was
    written was found by reading, or by the same bytes once more. ``fitted``: size and hash replace its texts.
    ``records`` is empty where the call found gone what it was to delete. ``parts`` (with
    their hashes) and ``facts``: all that the ledger holds since then, from which it can be folded; ``None``: not told.
    """

    write_id: str
    at: datetime
    stage: str
    instance: str
    system: str
    account: str
    destination: str
    change_order_key: str
    origin_id: str
    target: str
    sequence: int
    command_id: str
    step: str
    method: str
    path: str
    records: tuple[WrittenRecord, ...]
    idempotency_key: str | None = None
    person: str | None = None
    plan_id: str | None = None
    took_ms: int | None = None
    batch_id: str | None = None
    batch_size: int | None = None
    currency: str | None = None
    amount_before: Decimal | None = None
    amount_after: Decimal | None = None
    approved_effect: Decimal | None = None
    pending_effect: Decimal | None = None
    found_again: bool = False
    fitted: bool = False
    parts: dict[str, str] | None = None
    facts: dict[str, str] | None = None
