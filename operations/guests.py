"""The part of a remote's rate budget that commands may use beside the stages, as its guests."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final, assert_never

from relay.clients.http.terms import CallTerms
from relay.clients.rate import GUEST_SHARE, ConstructionOnlineRate, Governor, ProcoreRate, SteadyPace, shares
from relay.domain.failures import Throttled
from relay.engine.configuration import CinxAccount, ConstructionOnlineAccount, ProcoreAccount
from relay.engine.configuration.accounts import Account

CINX_PACE: Final = 1.0
"""Requests a second. CINX states no limits, and the submitter has a pace of its own."""

LONGEST_WAIT: Final = 60.0
"""Seconds that a command waits for one slot; beyond it somebody sits before a screen on which nothing happens."""


@dataclass(frozen=True, slots=True)
class Guest:
    """By what a command calls an account: the ``governor`` of its client, and the ``terms`` of each call."""

    governor: Governor
    terms: CallTerms


def guest_of(account: Account) -> Guest:
    """A guest of the account. It takes nothing that a stage counts with, whether or not one runs."""
    return Guest(_governor(account), CallTerms(pause=_pause))


def _governor(account: Account) -> Governor:
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


def _pause(seconds: float) -> None:
    if seconds > LONGEST_WAIT:
        raise Throttled(
            "what commands may use of the account's rate budget is spent; the stages keep the rest",
            wait_seconds=seconds,
        )
    time.sleep(seconds)
