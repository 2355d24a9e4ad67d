"""The smaller records: poll state, names, and what operators did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from relay.domain.ledger import Hold
from relay.domain.rate_use import MinuteUse

POLLS_TOLD_EVERY = timedelta(minutes=1)
"""How old the last poll that poll state tells of may become while polls find nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PollState:
    """What a poller remembers of one change order, or (``change_order_id`` null) of an account.

    ``partition`` and ``offset`` are where the last observation stands on the observed topic.
    ``watermark`` is the source's latest modification, as the source writes it (no zone). ``row`` is a
    hash of the change order's row in a listing, ``status`` the source's own word, both at the last look.
    ``approved_seen_at``: when the change order was first seen approved. ``current_complete``: the newest events of
    the account all stand on the topic ``current``. ``hold`` is what keeps the account from being polled, if anything
    has for long; ``used`` what the last hour's polls have used of its rate limits.
    ``followed`` are projects in which nothing since ``watermark`` was missed, where a source lists them one by one.
    ``interval``: seconds between two looks at the same change orders, as planned after the last poll.
    """

    system: str
    account: str
    change_order_id: str | None = None
    project: str | None = None
    sequence: int = 0
    fingerprint: str | None = None
    fingerprint_version: int = 0
    modified_at: str | None = None
    partition: int | None = None
    offset: int | None = None
    deleted: bool = False
    watermark: str | None = None
    loaded: bool = False
    polled_at: datetime | None = None
    swept_at: datetime | None = None
    asked: str | None = None
    row: str | None = None
    status: str | None = None
    approved_seen_at: datetime | None = None
    current_complete: bool = False
    hold: Hold | None = None
    used: tuple[MinuteUse, ...] = ()
    followed: tuple[str, ...] = ()
    interval: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRecord:
    """What an account's or a target's name stands for, for ever."""

    name: str
    stands_for: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorAction:
    """Who did what, when and why, from the command line. ``details`` is JSON text."""

    action_id: str
    subject: str
    action: str
    who: str
    why: str
    at: datetime
    details: str
