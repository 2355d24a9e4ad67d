"""What a source is asked for, and what one poll of an account brings before anything of it is published."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from producers.poll_state import AccountState, Window
from relay.domain.directory import DirectoryEntry, Listed
from relay.domain.outcomes import RemoteRecord
from relay.domain.rate_use import MinuteUse
from relay.domain.sources.reading import Own, Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """The remote's own status of a record of ours is another than when it was last read.

    ``facts``: what else the remote says of it, as outcomes have it.
    """

    own: Own
    reason: str
    sentence: str
    remote: RemoteRecord
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadChangeOrder:
    """A change order that was read with all its items and differs, or may differ, from the one last observed.

    ``row`` and ``status`` go into its poll state. ``status_change`` is published with its event; ``None`` where it is
    not ours, or has not moved. ``first_load``: it is part of the first load of something, so that it is no news.
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
    """A row of a listing that cannot be told from others, or over which the relay itself failed (``defect``)."""

    raw: bytes
    why: str
    defect: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionQuestion:
    """Deletions that only a person can confirm: ``missing`` of ``known`` change orders, and why they are doubted."""

    missing: tuple[str, ...]
    known: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PollResult:
    """The result of one poll.

    ``deleted`` are change orders that certainly do not exist any more. ``question``: nothing of this poll is
    published before a person has confirmed it. ``postponed``: read inconsistently or refused, to be read again.
    ``window``: ``None`` where the source has none. ``followed``: projects in which nothing since ``watermark`` was
    missed, where they are listed one by one. ``swept``: every change order was read. ``used``: what the
    last hour's requests have used of the rate limits, and ``interval``: seconds between two looks, as planned now; both
    are told by who publishes it. ``directory``: what the listings called things on the way, and ``listed`` what they
    showed all of.
    """

    at: datetime
    change_orders: tuple[ReadChangeOrder, ...] = ()
    deleted: tuple[str, ...] = ()
    question: DeletionQuestion | None = None
    unreadable: tuple[UnreadableRow, ...] = ()
    postponed: frozenset[str] = frozenset()
    window: Window | None = None
    watermark: str | None = None
    followed: tuple[str, ...] = ()
    swept: bool = False
    requests: int = 0
    used: tuple[MinuteUse, ...] = ()
    interval: int | None = None
    directory: tuple[DirectoryEntry, ...] = ()
    listed: tuple[Listed, ...] = ()


class Source(Protocol):
    """One account of one source system. ``poll`` and ``probe`` run on a thread of the pool, one at a time."""

    @property
    def read_raw(self) -> Callable[[bytes], Reading]:
        """Reads the ``raw`` of an event as today's release does. Raises ``ValueError``."""

    def poll(self, state: AccountState, *, sweep: bool) -> PollResult:
        """Reads what changed, or with ``sweep`` everything. Raises a ``CallFailure``."""

    def hasten(self, projects: Collection[str]) -> None:
        """Has the next poll look at these projects first, and at all of them; empty: at everything.

        Called by the stage's thread, also while a poll is under way.
        """

    def probe(self) -> None:
        """Makes a harmless call. Raises the ``CallFailure`` that keeps the account from being polled, if one does."""

    def pause(self, poll_interval: float, requests: int) -> float:
        """Seconds from the beginning of the last poll, of ``requests`` requests, to the next one.

        ``poll_interval`` is what is asked for; the rate limits may make it more, or a poll a part of what there is.
        """

    def planned_interval(self, poll_interval: float) -> float:
        """Seconds between two looks at the same change orders, as the rate limits allow them now."""

    def used(self) -> tuple[MinuteUse, ...]:
        """What the last hour's requests have used of the rate limits; nothing where none count by the hour."""

    def restore(self, used: Iterable[MinuteUse]) -> None:
        """Counts what an earlier process has used."""

    def close(self) -> None:
        """Ends the connections, and the waits of a poll that is under way."""
