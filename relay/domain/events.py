"""What was seen at a source system: one event per change of a change order's business content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from relay.domain.change_order import ChangeOrder


class Change(StrEnum):
    """Why an event was published. ``snapshot`` is the first load of an account."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    SNAPSHOT = "snapshot"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOrderObserved:
    """An observation. ``sequence`` grows by one per change order and never starts again lower.

    ``raw`` is the source's own JSON byte for byte; ``raw_omitted`` says its size and hash where
    it was too large to carry. ``defects`` names source fields that could not be read and why.
    ``origin_id``, ``root`` and ``echo`` are set on records that we ourselves wrote.
    ``approved_seen_at``: when the relay first saw it approved, whatever its status is now.
    """

    event_id: str
    system: str
    account: str
    change_order_id: str
    project: str | None
    sequence: int
    fingerprint: str
    fingerprint_version: int
    change: Change
    observed_at: datetime
    source_modified_at: str | None
    change_order: ChangeOrder
    defects: tuple[str, ...] = ()
    origin_id: str | None = None
    root: str | None = None
    echo: bool = False
    raw: bytes | None = None
    raw_omitted: str | None = None
    approved_seen_at: datetime | None = None

    @property
    def key(self) -> str:
        """The change-order key: ``{system}:{account}:{change order id}``."""
        return f"{self.system}:{self.account}:{self.change_order_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventReference:
    """Where an event stands, so that it can be read and mapped again."""

    topic: str
    partition: int
    offset: int
    event_id: str
