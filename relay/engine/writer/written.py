"""What an adapter says of an answer that wrote something; the protocol makes the write of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from relay.domain.writes.remote_writes import WrittenRecord


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Method and path of a call. The path is a template: what varies in it may be a secret."""

    method: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What one answer wrote of one change order.

    ``records``: those that the remote accepted, their parts without hashes and amounts. ``amounts``: of the accepted
    parts of the ledger that say what the command says.
    """

    endpoint: Endpoint
    records: tuple[WrittenRecord, ...] = ()
    amounts: Mapping[str, Decimal] = field(default_factory=dict)
    currency: str | None = None
