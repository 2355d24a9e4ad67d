"""How the rate budget of a remote is divided: fixed parts that make one, since each may be used by another process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

POLLER_SHARE: Final = 0.1
"""The poller's part of each limit of a company where the configuration says nothing else."""

GUEST_SHARE: Final = 0.1
"""The part of commands that read beside the stages (``cor check``). It is nobody else's, whether or not one runs."""

LARGEST_POLLER_SHARE: Final = 0.5
"""What the configuration may give to the poller at most."""

LISTINGS: Final = 0.5
"""Of the poller's part, what the listings that show changes are planned to take."""

READS: Final = 0.4
"""Of the poller's part, what the reading of changed records takes at most. The rest is for listings of several pages,
and for the ends of windows, at which one listing more may count than was planned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """How a company's budget is divided.

    ``own``: the part of each limit that this governor may use.
    Backfill gets at least ``backfill_least`` of that while it asks for it, and never more than
    ``backfill_most``.
    """

    own: float = 1.0
    backfill_least: float = 0.1
    backfill_most: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.own <= 1:
            raise ValueError(f"own must be more than 0 and at most 1, not {self.own}")
        if not 0 <= self.backfill_least <= self.backfill_most <= 1:
            raise ValueError("0 <= backfill_least <= backfill_most <= 1 must hold")


def of_poller(share: float = POLLER_SHARE) -> Shares:
    """The poller's: listings go in the live lane, what is read because of them in the other one."""
    return Shares(own=share, backfill_least=0.0, backfill_most=READS)


def of_writer(poller_share: float = POLLER_SHARE) -> Shares:
    """The writer's: all that is neither the poller's nor the guests'."""
    return Shares(own=round(1 - poller_share - GUEST_SHARE, 9))


def of_guests() -> Shares:
    """That of commands."""
    return Shares(own=GUEST_SHARE)
