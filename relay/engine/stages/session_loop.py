"""What every kind of stage shares: it joins its consumer group, takes turns, waits where Kafka is away, and leaves.

What a turn does is the stage's own: pollers ask their accounts by the clock, the mapper and the dead-letter keeper
commit each batch with its offsets, the writers keep calls under way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Protocol

import structlog

from relay.domain.backoff import Backoff
from relay.engine.kafka import CommitFailed, GroupReader, KafkaUnreachable, Polled
from relay.engine.stages.context import StageContext
from relay.engine.telemetry import events
from schemas import RegistryUnreachable

_log = structlog.get_logger(__name__)

_PAUSES = Backoff(first=0.5, longest=15.0)
"""Seconds before a new session: a broker that restarts has usually handed its partitions over after the first. The
longest is well below ``STALLED_AFTER`` of the health check, since a stage that waits has to beat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one turn of a session saw.

    ``partitions`` counts those that are owned. ``quiet``: the turn found nothing to do and left nothing under way.
    ``owns`` are the tenants or accounts, as ``{system}:{account}``, that this member works for.
    """

    polled: Polled
    partitions: int
    quiet: bool
    owns: frozenset[str] = frozenset()

    @property
    def joined(self) -> bool:
        """Whether the group has given this member an assignment yet, be it an empty one."""
        return self.polled.generation.number >= 0


class Session(Protocol):
    """What one kind of stage does as a member of its group. Belongs to the stage's thread.

    ``KafkaUnreachable``, ``RegistryUnreachable`` and ``CommitFailed`` end the session and let the next one begin; any
    other exception ends the stage.
    """

    def turn(self) -> Turn:
        """Polls the reader once and does what there is to do now."""

    def finish(self) -> None:
        """Settles what is under way. Called once, when the process is to stop."""


SessionOpener = Callable[[GroupReader, ExitStack], Session]
"""Makes a session of a reader that has not polled yet. What it puts on the stack is closed before the reader is."""


class SessionLoop:
    """Runs the sessions of one stage. Belongs to the stage's thread.

    ``member`` is the stage's part in the control topic: its view is taken before each turn, and holds for all of it.
    """

    def __init__(self, context: StageContext, *, name: str, topics: Sequence[str], max_records: int = 500) -> None:
        self.group = f"{context.prefix}{name}"
        self.member = context.control.member(name)
        self._context = context
        self._name = name
        self._topics = topics
        self._max_records = max_records
        self._well_at = time.monotonic()
        self._failures = 0

    def run(self, open_session: SessionOpener) -> None:
        """Runs sessions until the context says stop.

        Raises ``Fatal``, and what ended the last session where no turn has succeeded for ``COR_PATIENCE``.
        """
        self._well_at = time.monotonic()
        while not self._context.stop.is_set():
            try:
                self._run_session(open_session)
            except (CommitFailed, KafkaUnreachable, RegistryUnreachable) as error:
                self._wait_after(error)

    def _run_session(self, open_session: SessionOpener) -> None:
        context = self._context
        with ExitStack() as resources:
            reader = GroupReader(
                context.connection,
                group=self.group,
                topics=self._topics,
                instance=context.instance,
                session_timeout_s=context.settings.session_timeout,
                max_records=self._max_records,
            )
            resources.callback(reader.close)
            try:
                session = open_session(reader, resources)
                while not context.stop.is_set():
                    self._take_turn(session, reader)
                session.finish()
            finally:
                context.health.ready(self._name, False)
                # What it owned is another's now, or nobody's; while Kafka is away it must not look as if it worked.
                context.metrics.partitions_owned.labels(self._name).set(0)

    def _take_turn(self, session: Session, reader: GroupReader) -> None:
        context = self._context
        context.health.beat(self._name)
        self.member.take()
        turn = session.turn()
        self.member.state(turn.owns)
        if turn.joined:
            context.health.ready(self._name, True)
            context.metrics.partitions_owned.labels(self._name).set(turn.partitions)
        idle = turn.joined and turn.quiet and (not context.once or reader.has_read_everything())
        context.health.idle(self._name, idle)
        self._well_at, self._failures = time.monotonic(), 0

    def _wait_after(self, error: Exception) -> None:
        """Waits before the next session. Raises ``error`` where no turn has succeeded for ``COR_PATIENCE``."""
        if time.monotonic() - self._well_at > self._context.settings.patience:
            raise error
        pause = _PAUSES.seconds(self._failures)
        self._failures += 1
        _log.warning(events.STAGE_RESTARTED, stage=self._name, message=str(error), pause=pause)
        self._context.health.beat(self._name)
        self._context.health.idle(self._name, False)
        self._context.stop.wait(pause)
