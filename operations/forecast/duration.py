"""How long an account's rate budget makes calls last."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor

from relay.clients.rate.procore import HOUR_SECONDS, SPIKE_SECONDS
from relay.clients.rate.shares import of_writer
from relay.engine.configuration import CinxAccount, ProcoreAccount
from relay.engine.configuration.accounts import Account


def seconds_of(calls: Mapping[str, int], accounts: Mapping[str, Account]) -> dict[str, float]:
    """About how many seconds each tenant's calls take in the backfill lane, where nothing else is asked of it.

    By what is configured of the rate limits; how long CINX works on imports is not told by anybody.
    """
    return {tenant: _seconds(accounts[tenant], count) for tenant, count in calls.items() if tenant in accounts}


def _seconds(account: Account, calls: int) -> float:
    if isinstance(account, CinxAccount):
        return calls / account.requests_per_second
    return _of_company(account, calls) if isinstance(account, ProcoreAccount) else 0.0


def _of_company(account: ProcoreAccount, calls: int) -> float:
    """The hour's part goes out as fast as ten seconds allow; then the hour's end is waited for."""
    shares, limits = of_writer(account.limits.poller_share), account.limits.expected
    spike, hour = (max(1, floor(floor(limit * shares.own) * shares.backfill_most)) for limit in limits)
    hours, rest = divmod(max(0, calls - 1), hour)
    return hours * HOUR_SECONDS + (rest + 1) / spike * SPIKE_SECONDS
