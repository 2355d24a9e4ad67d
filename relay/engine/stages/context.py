"""What a stage is, and what every stage of a process is given."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from relay.clients.rate import ProcoreRates
from relay.domain.rate_use import MinuteUse
from relay.domain.routes import Routing
from relay.engine.configuration.live import LiveConfiguration
from relay.engine.control.membership import Membership, Unfollowed
from relay.engine.settings import Settings
from relay.engine.telemetry.health import Health
from relay.engine.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from relay.engine.kafka import Connection
    from relay.engine.stages.topic_watch import TopicWatch
    from schemas import Codec


class Following(Protocol):
    """What follows the control topic for all stages of the process."""

    def member(self, stage: str) -> Membership:
        """The part of a stage in it."""

    def lent(self, stage: str, account: str) -> tuple[MinuteUse, ...]:
        """What guests have used of the stage's share of an account, ``{system}:{account}``, while it was away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageContext:
    """What every stage of a process shares.

    ``prefix`` stands before topic names and transactional ids. ``instance`` is this process's
    stable name, or ``None`` for dynamic membership. ``control`` follows the control topic; where nothing does, no
    writer writes. With ``once`` a stage need not wait long for new work: the process ends when all stages are idle.
    ``rates``: the budgets that the process' stages share. ``topics`` tells when one of the topics is lost.
    """

    settings: Settings
    configuration: LiveConfiguration
    connection: Connection
    codec: Codec
    stop: threading.Event
    health: Health
    metrics: Metrics
    control: Following = field(default_factory=Unfollowed)
    once: bool = False
    rates: ProcoreRates = field(default_factory=ProcoreRates)
    topics: TopicWatch | None = None

    @property
    def prefix(self) -> str:
        """``COR_TOPIC_PREFIX``."""
        return self.settings.topic_prefix

    @property
    def instance(self) -> str | None:
        """``COR_INSTANCE``."""
        return self.settings.instance

    def routing_of(self, stage: str) -> Routing:
        """The routes in force, with the pilots of the view that ``stage`` has taken for this turn."""
        return replace(self.configuration.current.routing, pilots=self.control.member(stage).view.pilots)

    def prove_topics(self, stage: str) -> None:
        """Raises ``Fatal`` where a topic that ``stage`` works on is lost, by a look that begins now."""
        if self.topics is not None:
            self.topics.prove_anew(stage)


class Stage(Protocol):
    """One step of the pipeline, on one thread of its own."""

    @property
    def name(self) -> str:
        """As ``cor run`` names it."""

    def run(self) -> None:
        """Works until ``stop`` is set, then leaves things settled within the shutdown budget.

        Each turn of its loop it calls ``health.beat(name)`` and, with whether there was nothing
        to do, ``health.idle(name, idle)``; it calls ``health.ready(name, ready)`` when it has
        its partitions and has restored them. Whatever it raises stops the process.
        """
