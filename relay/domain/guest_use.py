"""What commands use of an account's rate budget beside the stages, as they state it on the control topic.

Such a guest states how many of its calls still count, in all and in the share of each stage of which no member lived.
Other guests count them, since all of them have one share together; and so does a stage that starts and whose share it
was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from relay.domain.control import Member, living
from relay.domain.rate_use import MinuteUse

GUEST: Final = "guest"
"""The stage of a guest's statements; each command is an instance of it, once for each account that it asks."""

COUNTS_FOR: Final = timedelta(hours=1)
"""How long a call counts, and the statement of it."""

OWN: Final = ""
"""Instead of a stage's name: the share of guests."""


def calls_stated(tenant: str, made: Mapping[str, int]) -> dict[str, int]:
    """What a guest states of its calls: all under the account, and those in a stage's share under both names."""
    lent = {f"{tenant}/{stage}": count for stage, count in sorted(made.items()) if stage != OWN and count}
    return {tenant: sum(made.values()), **lent}


def calls_of(member: Member, tenant: str) -> dict[str, int]:
    """The calls of a guest by the share that they were in: :data:`OWN`, or a stage's name."""
    lent = {
        stage: count
        for name, count in member.calls.items()
        if (stage := name.removeprefix(f"{tenant}/")) != name and count > 0
    }
    return {OWN: max(0, member.calls.get(tenant, 0) - sum(lent.values())), **lent}


def guests_of(members: Iterable[Member], tenant: str, at: datetime) -> list[Member]:
    """The guests of an account whose calls still count at ``at``."""
    return [
        member for member in members if member.stage == GUEST and tenant in member.calls and at - member.at < COUNTS_FOR
    ]


def counted_since(lent_until: datetime) -> datetime:
    """What a guest states as ``calls_since`` whose last call in a share that is lent was at ``lent_until``.

    No call that it states was before that. Unlike the time of its statement it stands still once the stages live; while
    one of them is still away, it moves for the others as well, which then count too much and never too little.
    """
    return lent_until - COUNTS_FOR


def lent_use(members: Iterable[Member], tenant: str, stage: str, at: datetime) -> tuple[MinuteUse, ...]:
    """What guests have used of the share of ``stage``, as if all of it had been at their last call in such a share.

    So a stage that asks again finds it in the same minute, and counts it once.
    """
    return tuple(
        MinuteUse(at=_lent_until(guest).replace(second=0, microsecond=0), requests=count)
        for guest in guests_of(members, tenant, at)
        if (count := calls_of(guest, tenant).get(stage, 0))
    )


def _lent_until(guest: Member) -> datetime:
    return guest.at if guest.calls_since is None else min(guest.at, guest.calls_since + COUNTS_FOR)


def away(members: Iterable[Member], stages: Iterable[str], at: datetime) -> frozenset[str]:
    """Those of ``stages`` of which no member lives."""
    present = {member.stage for member in living(members, at)}
    return frozenset(stages) - present
