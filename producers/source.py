"""What one poll of an account brought, before anything of it is published."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from producers.poll_state import AccountState, Window
from relay.domain.outcomes import RemoteRecord
from relay.domain.sources.reading import Own, Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """The remote's own status of a record of ours is another than when it was last looked at."""

    own: Own
    reason: str
    sentence: str
    remote: RemoteRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadChangeOrder:
    """A change order that was read whole and differs, or may differ, from the one last observed.

    ``row`` and ``status`` are remembered with it (see ``PollState``). ``told`` is published with it.
    ``first_load``: it is part of the first load of something, so that it is no news.
    """

    change_order_id: str
    project: str | None
    reading: Reading
    raw: bytes
    row: str | None = None
    status: str | None = None
    status_change: StatusChange | None = None
    first_load: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableRow:
    """A row of a listing that cannot be told from others."""

    raw: bytes
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionQuestion:
    """Deletions that only a person can confirm."""

    missing: tuple[str, ...]
    known: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PollResult:
    """The result of one poll.

    ``gone`` are change orders that certainly do not exist any more. ``question``: nothing of this
    survey is published unless a person has confirmed it. ``postponed``: read inconsistently or
    refused, to be read again. ``swept``: every change order was looked at.
    """

    at: datetime
    seen: tuple[ReadChangeOrder, ...] = ()
    deleted: tuple[str, ...] = ()
    question: DeletionQuestion | None = None
    unreadable: tuple[UnreadableRow, ...] = ()
    postponed: frozenset[str] = frozenset()
    window: Window | None = None
    watermark: str | None = None
    swept: bool = False
    requests: int = 0


class Source(Protocol):
    """One account of one source system. ``survey`` and ``probe`` run on a thread of the pool, one at a time."""

    @property
    def read_raw(self) -> Callable[[bytes], Reading]:
        """Reads the ``raw`` of an event as today's release does. Raises ``ValueError``."""

    def poll(self, memory: AccountState, *, sweep: bool) -> PollResult:
        """Reads what changed, or with ``sweep`` everything. Raises a ``CallFailure``."""

    def probe(self) -> None:
        """A harmless call; raises the ``CallFailure`` that the account has, if it has one."""

    def min_interval(self, requests: int) -> float:
        """Seconds to leave before the next poll of ``requests`` requests, so that the rate limits last."""

    def close(self) -> None:
        """Ends the connections."""
