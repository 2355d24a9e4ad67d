"""What the parts of the protocol share about one owned partition."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import structlog

from relay.clients.http.clock import running_seconds
from relay.domain.commands import Command, Lane
from relay.domain.ledger import Hold, Intent, with_destination
from relay.engine.kafka import Outgoing, Partition
from relay.engine.stages.crash_points import CrashPoint, reached
from relay.engine.telemetry import events
from relay.engine.telemetry.tracing import TRACE_HEADERS, Headers
from relay.engine.writer.adapter import Plan, Reject, TargetAdapter, Task, Wait
from relay.engine.writer.outcomes import OutcomeDetails, outcome
from relay.engine.writer.state.cache import Table
from relay.engine.writer.state.holds import Holds
from relay.engine.writer.state.scheduler import Scheduler
from relay.engine.writer.state.store import StateStore
from relay.engine.writer.state.unit_of_work import UnitOfWork
from schemas.codec import Codec

_DECODED = 5_000  # Commands kept decoded.
_log = structlog.get_logger(__name__)


class Commits(Protocol):
    """Commits one transaction; raises if it is not certain that all of it stands."""

    def commit(self, outgoing: Iterable[Outgoing], offsets: Mapping[Partition, int]) -> None:
        """All or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Two clocks: ``now`` for what is written down, ``running`` for waits and windows."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    running: Callable[[], float] = running_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds. ``quarantine`` is how long a lost request may still be on its way."""

    send_window: float = 10.0
    deadline: float = 60.0
    calls_per_tenant: int = 4
    lone_doubts: int = 5
    first_backoff: float = 1.0
    longest_backoff: float = 60.0
    told_held_after: float = 60.0

    @property
    def quarantine(self) -> float:
        """The send window and the whole call's deadline."""
        return self.send_window + self.deadline


@dataclass(frozen=True, slots=True)
class QueuedWork:
    """What is kept in memory of everybody who has work: enough to count and to say how long they wait."""

    tenant: str
    lane: Lane
    received_at: datetime
    in_doubt: bool


@dataclass(kw_only=True)
class PartitionState:
    """One partition in the hands of its owner. Belongs to the worker's thread."""

    stage: str
    adapter: TargetAdapter[Any]
    command_type: type[Command]
    store: StateStore
    codec: Codec
    journal: Commits
    accounts: frozenset[str]
    clock: Clock = field(default_factory=Clock)
    timing: Timing = field(default_factory=Timing)
    scheduler: Scheduler = field(default_factory=Scheduler)
    holds: Holds = field(default_factory=Holds)
    offsets: dict[Partition, int] = field(default_factory=dict)
    fenced_at: float = 0.0
    batch_halvings: dict[str, int] = field(default_factory=dict)
    """By how many halvings an origin id's batches are reduced."""
    failures: dict[tuple[str, str], int] = field(default_factory=dict)
    """How often in a row a scope has failed in a step. That a probe succeeds says nothing about other steps."""
    repeated: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """How often in a row one call (tenant, step, batch) has failed as a whole."""
    denied: dict[str, Hold] = field(default_factory=dict)
    """Destinations that refused as a whole and are being tried again."""
    own_intents: set[str] = field(default_factory=set)
    """Origin ids whose open intents this owner itself began, and no predecessor."""
    queued: dict[str, QueuedWork] = field(default_factory=dict)
    """Everybody with work, by origin id."""
    trace: Headers = ()
    """The trace of the record that is being received."""
    on_commit: Callable[[UnitOfWork], None] = lambda work: None
    """Told after each commit, to count."""
    _commands: OrderedDict[bytes, Any] = field(default_factory=OrderedDict)

    def begin(self) -> UnitOfWork:
        """Begins a transaction that says nothing yet."""
        return UnitOfWork(self.store, self.codec)

    def commit(self, work: UnitOfWork, before: CrashPoint, after: CrashPoint) -> None:
        """One transaction, with the offsets; then, and only then, books and agenda change."""
        reached(before)
        self.journal.commit(work.outgoing(), self.offsets)
        self.store.take_over({table: work.changes(table) for table in Table})
        self._follow_holds(work)
        for origin_id in work.touched:
            self.refresh(origin_id, work)
        self.on_commit(work)
        reached(after)

    def _follow_holds(self, work: UnitOfWork) -> None:
        """Whoever waited for a hold of the books that has ended is looked at again."""
        for scope, hold in work.holds.items():
            if hold is not None:
                self.holds.put(hold)
                continue
            ended = self.holds.release(scope)
            if ended is not None:
                self.scheduler.end_delays(ended.reason)

    def record(self, work: UnitOfWork) -> None:
        """A transaction with what an answer taught."""
        self.commit(work, CrashPoint.WRITER_BEFORE_RECORD_COMMIT, CrashPoint.WRITER_AFTER_RECORD)

    def refresh(self, origin_id: str, work: UnitOfWork) -> None:
        """The agenda follows the books."""
        record = work.current(origin_id) or work.waiting(origin_id)
        if record is None:
            self.scheduler.remove(origin_id)
            self.batch_halvings.pop(origin_id, None)
            self.own_intents.discard(origin_id)
            self.queued.pop(origin_id, None)
        else:
            self.scheduler.schedule(origin_id, record.lane)
        intent = work.intent(origin_id)
        if record is not None:
            tenant = self.command(record.command).tenant
            self.queued[origin_id] = QueuedWork(tenant, record.lane, record.received_at, self._doubted(intent))
        self.scheduler.set_claim(origin_id, intent.exclusive if intent and intent.sent else None)

    def _doubted(self, intent: Intent | None) -> bool:
        """Whether the outcome of what was sent is unknown: lost, or left open by a predecessor."""
        if intent is None or not intent.sent or intent.job_id is not None:
            return False
        return intent.ambiguous_at is not None

    def command(self, value: bytes) -> Any:
        """The command in these bytes."""
        known = self._commands.get(value)
        if known is None:
            known = self._commands[value] = self.codec.decode(value, self.command_type)
            if len(self._commands) > _DECODED:
                self._commands.popitem(last=False)
        return known

    def task(self, origin_id: str, work: UnitOfWork) -> Task[Any] | None:
        """The work in hand for an origin id: what is current, else what waits."""
        record = work.current(origin_id) or work.waiting(origin_id)
        if record is None:
            return None
        intent = work.intent(origin_id)
        command = self.command(record.command)
        return Task(
            command=command,
            entry=with_destination(work.entry(origin_id), command),
            intent=intent if intent and intent.sent else None,
            lane=record.lane,
            holders=self.store.entries_with,
        )

    def plan(self, task: Task[Any]) -> Plan:
        """The carrier's plan. A defect of ours stops only the change order that meets it."""
        try:
            return self.adapter.plan(task)
        except Exception:  # noqa: BLE001 - whatever it is, the neighbours go on
            command = task.command
            _log.exception(events.PLAN_DEFECT, origin_id=command.origin_id, command=command.command_id)
            sentence = (
                f"The relay itself failed over this change order ({command.command_id}); the log holds the details. "
                "Nothing was sent. Report it, and send this letter again once it is mended."
            )
            if task.intent is not None:
                return Wait(seconds=self.timing.longest_backoff, reason="relay.defect", sentence=sentence)
            return Reject(reason="relay.defect", sentence=sentence)

    def add_outcome(self, work: UnitOfWork, command: Command, telling: OutcomeDetails) -> None:
        """Adds an outcome, which goes on with the command's trace."""
        told = outcome(command, telling, self.stage, self.clock.now())
        work.add_outcome(told, self._trace_of(work, command))

    def _trace_of(self, work: UnitOfWork, command: Command) -> Headers:
        for record in (work.current(command.origin_id), work.waiting(command.origin_id)):
            if record is not None and record.command_id == command.command_id:
                return tuple((one.name, one.value) for one in record.headers if one.name in TRACE_HEADERS)
        return tuple(pair for pair in self.trace if pair[0] in TRACE_HEADERS)

    def later(self, seconds: float) -> datetime:
        """A moment on the wall clock."""
        return self.clock.now() + timedelta(seconds=seconds)

    def until(self, moment: datetime) -> float:
        """The same moment on the running clock."""
        return self.clock.running() + (moment - self.clock.now()).total_seconds()

    def is_own_intent(self, intent: Intent) -> bool:
        """Whether the open intent is this owner's own, and not left by a predecessor."""
        return intent.origin_id in self.own_intents

    def backoff(self, attempts: int) -> float:
        """Seconds before attempt number ``attempts`` + 1."""
        return float(min(self.timing.first_backoff * 2.0 ** min(attempts, 20), self.timing.longest_backoff))
