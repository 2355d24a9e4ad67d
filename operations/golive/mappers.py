"""What the running mappers state of themselves: the routes that they follow, and how far they obey."""

from __future__ import annotations

import time

from operations.audit import now
from operations.environment import Environment
from operations.errors import Refused
from operations.holds.standing import ControlReader
from relay.domain.control import Member, living
from relay.domain.letters import MAPPER
from relay.engine.configuration.digest import routes_digest
from relay.engine.control.topic_state import Standing
from relay.engine.kafka import Cluster

_PAUSE = 0.3
"""Seconds between two looks."""


def prove_routes(environment: Environment) -> None:
    """Raises ``Refused`` unless every running mapper states that it follows the routes of this file."""
    reader = ControlReader(environment)
    try:
        standing = reader.look()
    finally:
        reader.close()
    digest, mappers = routes_digest(environment.configuration), _mappers(standing)
    file = environment.settings.configuration_file()
    if not mappers:
        raise Refused("no mapper states that it runs, so that nobody would follow what changes next: start it first")
    others = [member for member in mappers if member.routes != digest]
    if others:
        named = ", ".join(f"{member.instance} ({member.routes[:8]})" for member in others)
        raise Refused(
            f"the mapper follows other routes than {file} ({digest[:8]}): {named}. Give all of them the same file; a "
            "changed one is taken over within seconds, and a stage that refuses it says so in its log"
        )
    with Cluster(environment.connection) as cluster:
        joined = len(cluster.members(f"{environment.prefix}{MAPPER}"))
    if joined > len(mappers):
        raise Refused(
            f"{joined - len(mappers)} of the members of {MAPPER} state nothing (starting, just ended, or of an earlier "
            "release): which routes they follow is not known; try again in a minute"
        )


def wait_until_obeyed_by_mappers(environment: Environment, seconds: float) -> None:
    """Returns once every running mapper obeys what people have asked for until now. Raises ``Refused`` after that."""
    reader, until = ControlReader(environment), time.monotonic() + seconds
    try:
        asked = reader.look().news
        while True:
            behind = [member for member in _mappers(reader.look()) if member.control_offset < asked]
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


def _mappers(standing: Standing) -> list[Member]:
    return [member for member in living(standing.members(), now()) if member.stage == MAPPER]
