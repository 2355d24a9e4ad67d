"""What projects, contracts and purchase orders are called, and what they amount to, as their systems last said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class DirectoryKind(StrEnum):
    """What an entry is about."""

    PROJECT = "project"
    PRIME_CONTRACT = "prime_contract"
    PURCHASE_ORDER = "purchase_order"
    SUBCONTRACT = "subcontract"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryEntry:
    """A project, contract or purchase order. What its system does not say is null.

    ``read_at`` is when the amounts were read; an entry that says the same is not written again for that alone, so they
    have been true from then on. ``absent``: it was listed once and is not listed any more.
    """

    system: str
    account: str
    kind: DirectoryKind
    entry_id: str
    read_at: datetime
    project_id: str | None = None
    number: str | None = None
    title: str | None = None
    vendor: str | None = None
    status: str | None = None
    currency: str | None = None
    original_amount: Decimal | None = None
    approved_changes: Decimal | None = None
    pending_changes: Decimal | None = None
    revised_amount: Decimal | None = None
    url: str | None = None
    absent: bool = False

    @property
    def key(self) -> str:
        """The record's key: ``{system}:{account}/{kind}:{id}``."""
        return f"{self.system}:{self.account}/{self.kind.value}:{self.entry_id}"
