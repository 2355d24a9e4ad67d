"""What the running mappers state of themselves: the routes that they follow, and how far they obey."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Final

from operations.audit import now
from operations.environment import Environment
from operations.errors import Refused
from operations.holds.standing import ControlReader
from relay.domain.control import Member, living
from relay.domain.letters import MAPPER
from relay.engine.configuration.digest import routes_digest
from relay.engine.control.topic_state import Standing
from relay.engine.kafka import Cluster

TAKEN_OVER_WITHIN: Final = 5.0
"""Seconds within which a running mapper has taken over a changed file and stated it."""

_PAUSE = 0.3
"""Seconds between two looks."""


def prove_routes(environment: Environment, patience: float = TAKEN_OVER_WITHIN) -> None:
    """Raises ``Refused`` unless every running mapper states that it follows the routes of this file.

    ``patience``: seconds for which mappers that run may still be about to take over the file, which was just changed.
    """
    digest, reader = routes_digest(environment.configuration), ControlReader(environment)
    group, until = f"{environment.prefix}{MAPPER}", time.monotonic() + patience
    try:
        with Cluster(environment.connection) as cluster:
            while (why := why_refused(reader.look(), digest, len(cluster.members(group)), now())) is not None:
                if time.monotonic() >= until or not _mappers(reader.look(), now()):
                    raise Refused(f"{environment.settings.configuration_file()}: {why}")
                time.sleep(_PAUSE)
    finally:
        reader.close()


def why_refused(standing: Standing, digest: str, joined: int, at: datetime) -> str | None:
    """Why nothing may be carried by routes of this digest, by what mappers state at ``at``; ``None``: it may.

    ``joined``: members of the mapper's consumer group.
    """
    mappers = _mappers(standing, at)
    if not mappers:
        return "no mapper states that it runs, so that nobody would follow what changes next: start it first"
    others = [f"{member.instance} ({member.routes[:8]})" for member in mappers if member.routes != digest]
    if others:
        return (
            f"its routes ({digest[:8]}) are not those that the mapper follows: {', '.join(others)}. Give all of them "
            "the same file; a changed one is taken over within seconds, and one that is refused is told in the log"
        )
    if joined > len(mappers):
        return (
            f"{joined - len(mappers)} of the members of {MAPPER} state nothing (starting, just ended, or of an earlier "
            "release), so that it is not known which routes they follow: try again in a minute"
        )
    return None


def wait_until_obeyed_by_mappers(environment: Environment, seconds: float) -> None:
    """Returns once every running mapper obeys what people have asked for until now. Raises ``Refused`` after that."""
    reader, until = ControlReader(environment), time.monotonic() + seconds
    try:
        asked = reader.look().news
        while True:
            behind = [member for member in _mappers(reader.look(), now()) if member.control_offset < asked]
            if not behind:
                return
            if time.monotonic() >= until:
                named = ", ".join(member.instance for member in behind)
                raise Refused(
                    f"the pilot stands, but the mapper {named} has not stated within {seconds:.0f} s that it obeys it; "
                    "nothing was sent: run the same command again"
                )
            time.sleep(_PAUSE)
    finally:
        reader.close()


def _mappers(standing: Standing, at: datetime) -> list[Member]:
    return [member for member in living(standing.members(), at) if member.stage == MAPPER]
