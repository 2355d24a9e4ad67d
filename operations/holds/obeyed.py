"""Waiting until every owner has stated that it obeys what was asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from operations.audit import now
from operations.environment import Environment
from operations.holds.standing import ControlReader
from operations.reading import known_accounts
from relay.domain.control import KeyWord, Member, living
from relay.engine.control.topic_state import Standing
from relay.engine.kafka import Cluster
from relay.engine.topics import NAMES, WRITERS

SYSTEMS = {stage: family.system for stage, family in WRITERS.items()}
"""By stage the system that it writes to."""

_PAUSE = 0.3
"""Seconds between two looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obeyed:
    """Who obeys what was asked for. ``obeying`` are writers as ``stage instance``, ``missing`` says who does not yet.

    ``unowned`` are tenants for which no running writer works: one that starts reads the topic before it works.
    ``failure``: why nobody could be asked.
    """

    obeying: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unowned: tuple[str, ...] = ()
    failure: str | None = None

    @property
    def is_confirmed(self) -> bool:
        """Whether every owner has said that it obeys."""
        return not self.missing and self.failure is None


def wait_until_obeyed(environment: Environment, offset: int, tenant: str | None, seconds: float) -> Obeyed:
    """Looks until every owner of ``tenant`` (``None``: of any) states an offset of at least ``offset``.

    After ``seconds`` it returns what is missing still.
    """
    concerned = {tenant} if tenant else _every_tenant(environment)
    reader, until = ControlReader(environment), time.monotonic() + seconds
    try:
        with Cluster(environment.connection) as cluster:

            def joined(stage: str) -> int:
                return len(cluster.members(f"{environment.prefix}{stage}"))

            while True:
                found = judged(reader.look(), offset, tenant, concerned, now(), joined)
                if not found.missing or time.monotonic() >= until:
                    return found
                time.sleep(_PAUSE)
    finally:
        reader.close()


def _every_tenant(environment: Environment) -> set[str]:
    """The tenants whose accounts are recorded."""
    known = known_accounts(environment, environment.counts([NAMES])[NAMES])
    return {account.key for account in known if account.system in SYSTEMS.values()}


def judged(
    standing: Standing, offset: int, tenant: str | None, concerned: set[str], at: datetime, joined: Callable[[str], int]
) -> Obeyed:
    """What the statements say at ``at``. ``joined`` gives the number of a stage's members in its consumer group.

    ``tenant`` ``None``: every owner is waited for, also that of an account that is not among ``concerned``.
    """
    stages = [stage for stage, system in SYSTEMS.items() if tenant is None or tenant.startswith(f"{system}:")]
    writers = [member for member in living(standing.members(), at) if member.stage in stages]
    owners = [member for member in writers if (tenant in member.owns if tenant else member.owns)]
    missing = [_behind(member, at) for member in owners if member.control_offset < offset]
    missing += [f"{name}, whose statement this release cannot read" for name in _unread(standing, stages)]
    missing += [silent for stage in stages if (silent := _silent(stage, writers, joined(stage)))]
    return Obeyed(
        obeying=tuple(_name(member) for member in owners if member.control_offset >= offset),
        missing=tuple(missing),
        unowned=tuple(sorted(concerned - {owned for member in writers for owned in member.owns})),
    )


def _name(member: Member) -> str:
    return f"{member.stage} {member.instance}"


def _behind(member: Member, at: datetime) -> str:
    heard = max(0.0, (at - member.at).total_seconds())
    return f"{_name(member)}, which works for {', '.join(member.owns)} and was last heard of {heard:.0f} s ago"


def _unread(standing: Standing, stages: Iterable[str]) -> list[str]:
    beginnings = tuple(f"{KeyWord.MEMBER}:{stage}:" for stage in stages)
    keys = sorted(key for key in standing.unreadable_members if key.startswith(beginnings))
    return [key.partition(":")[2].replace(":", " ", 1) for key in keys]


def _silent(stage: str, writers: list[Member], joined: int) -> str | None:
    """Members of a group that state nothing: an earlier release, or one that starts or has just ended."""
    more = joined - sum(member.stage == stage for member in writers)
    if more <= 0:
        return None
    return (
        f"{more} of the members of {stage}, which state nothing (starting, just ended, or of an "
        "earlier release, which obeys no hold)"
    )
