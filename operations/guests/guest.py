"""The part of a remote's rate budget that commands may use beside the stages, as its guests."""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, assert_never

from operations.guests.presence import Presence
from operations.survey.calls import Calls
from operations.wording import duration
from producers.cinx.stage import SHARE as CINX_POLLER_SHARE
from relay.clients.http.terms import CallTerms
from relay.clients.rate import (
    GUEST_SHARE,
    ConstructionOnlineRate,
    Governor,
    ProcoreRate,
    SharedRate,
    Shares,
    SteadyPace,
    shares,
)
from relay.domain.failures import Throttled
from relay.engine.configuration import CinxAccount, ConstructionOnlineAccount, ProcoreAccount
from relay.engine.configuration.accounts import Account
from relay.engine.settings import Settings

CINX_PACE: Final = 1.0
"""Requests a second. CINX states no limits, and the submitter has a pace of its own."""

LONGEST_WAIT: Final = 60.0
"""Seconds that a command waits for one slot; beyond it somebody sits before a screen on which nothing happens."""


@dataclass(frozen=True, slots=True)
class Guest:
    """By what a command calls an account: the ``governor`` of its client, and the ``terms`` of each call.

    Leaving it states what was used.
    """

    governor: Governor
    terms: CallTerms
    presence: Presence

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.presence.close()


def guest_of(key: str, account: Account, settings: Settings, calls: Calls) -> Guest:
    """A guest of the account ``key``. It takes nothing that a stage counts with of which a member lives."""
    presence = Presence(key, _own(account), _lenders(account), settings, calls)

    def pause(seconds: float) -> None:
        _wait(key, seconds, calls)

    return Guest(presence.rate, CallTerms(pause=pause), presence)


def _own(account: Account) -> SharedRate:
    match account:
        case ConstructionOnlineAccount():
            # Half of what the poller reserves for others: it shows no limits, and a 429 would stop the poller.
            return ConstructionOnlineRate(reserve=1 - GUEST_SHARE)
        case ProcoreAccount():
            return ProcoreRate(shares.of_guests(), account.limits.expected)
        case CinxAccount():
            return SteadyPace(CINX_PACE)
        case _:
            assert_never(account)


def _lenders(account: Account) -> dict[str, SharedRate]:
    """The shares of the account's stages, by stage: each is a guest's while no member of the stage lives."""
    match account:
        case ConstructionOnlineAccount():
            return {"poll-constructiononline": ConstructionOnlineRate()}
        case ProcoreAccount(limits=limits):
            poller = Shares(own=limits.poller_share)
            return {
                "poll-procore": ProcoreRate(poller, limits.expected),
                "procore-writer": ProcoreRate(shares.of_writer(limits.poller_share), limits.expected),
            }
        case CinxAccount(requests_per_second=pace):
            return {"cinx-submitter": SteadyPace(pace), "poll-cinx": SteadyPace(pace * CINX_POLLER_SHARE)}
        case _:
            assert_never(account)


def _wait(key: str, seconds: float, calls: Calls) -> None:
    if seconds > LONGEST_WAIT:
        raise Throttled(
            "what commands may use of the account's rate budget is spent for now, the rest is the running relay's: try "
            f"again in {duration(seconds)}",
            wait_seconds=seconds,
        )
    calls.waiting(key, seconds)
    time.sleep(seconds)
