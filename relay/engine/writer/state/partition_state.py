"""What the steps of the protocol share about one owned partition."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import structlog

from relay.domain.commands import Lane
from relay.domain.failures import Fatal
from relay.domain.ledger import AccountNote, Intent, OrderState, Waiting, with_destination
from relay.domain.letters import DEFECT, DeadLetter
from relay.domain.person_holds import AnyHold
from relay.domain.routes import DestinationName
from relay.domain.tenant import Tenant
from relay.engine.control.membership import ControlView
from relay.engine.kafka import KafkaFailure, Partition
from relay.engine.stages.crash_points import reached
from relay.engine.telemetry import events
from relay.engine.writer.adapter import C, Plan, PlannedCall, Reject, TargetAdapter, Task, Wait
from relay.engine.writer.outcomes import OutcomeDetails, outcome_of, trace_of
from relay.engine.writer.state.call_history import CallHistory
from relay.engine.writer.state.encoding import encode
from relay.engine.writer.state.holds import Holds
from relay.engine.writer.state.scheduler import Scheduler
from relay.engine.writer.state.store import StateStore
from relay.engine.writer.state.timing import Clock, Timing
from relay.engine.writer.state.transactions import Journal, TransactionKind
from relay.engine.writer.state.unit_of_work import RecordWork, UnitOfWork
from schemas import RegistryFailure, Unwritable
from schemas.codec import Codec

_DECODED = 5_000  # Commands kept decoded: more than are planned at a time.
_NOTE_EVERY = 5.0  # Seconds: what a restart forgets at most.
_log = structlog.get_logger(__name__)

FAILURES_OF_ALL = (Fatal, KafkaFailure, RegistryFailure, MemoryError)
"""What no single record is to blame for."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class QueuedWork:
    """What is kept in memory of an origin id with work: enough to count it and to say how long it waits."""

    tenant: str
    lane: Lane
    received_at: datetime
    in_doubt: bool
    held_told: bool


@dataclass(slots=True)
class OrderMemory:
    """What this owner remembers of an origin id with work, and a successor would not."""

    sent_call: PlannedCall | None = None
    """What was planned of the call that it has sent itself, for what a write tells once it is followed."""
    unrouted_since: tuple[str, float] | None = None
    """The command that waits for a route, and since when on the running clock."""
    last_held_occasion: str | None = None
    """The occasion of the last ``held`` that it told."""
    refused_in_doubt: int = 0
    """How often a call was refused that repeated one in doubt."""


@dataclass(kw_only=True)
class PartitionState(Generic[C]):
    """One owned partition. Belongs to the stage's thread.

    ``on_commit`` is called after each commit, to count; ``open_among`` tells which letters are open already, by their
    ids.
    """

    # What stays as it is until the partition is lost, or fenced anew.
    stage: str
    instance: str = ""
    """Id of the process."""
    adapter: TargetAdapter[C]
    command_type: type[C]
    codec: Codec
    journal: Journal
    clock: Clock = field(default_factory=Clock)
    timing: Timing = field(default_factory=Timing)
    fenced_at: float = 0.0
    """On the running clock."""
    on_commit: Callable[[UnitOfWork], None] = lambda work: None
    open_among: Callable[[Iterable[DeadLetter]], AbstractSet[str]] = lambda letters: frozenset()

    # What is committed.
    store: StateStore
    offsets: dict[Partition, int] = field(default_factory=dict)

    # What the configuration in force and people say.
    accounts: frozenset[str]
    routed: frozenset[DestinationName] | None = None
    """The destinations that routes name; ``None``: there is no file to ask."""
    control: ControlView = field(default_factory=ControlView)
    """The view of people's holds that was taken for this turn."""
    people_holds: dict[str, AnyHold] = field(default_factory=dict)
    """Those in force, by id."""

    # What is kept in memory; ``queued`` and ``memory`` by origin id, while there is work for it.
    scheduler: Scheduler[C] = field(default_factory=Scheduler)
    holds: Holds = field(default_factory=Holds)
    history: CallHistory = field(default_factory=CallHistory)
    queued: dict[str, QueuedWork] = field(default_factory=dict)
    memory: defaultdict[str, OrderMemory] = field(default_factory=lambda: defaultdict(OrderMemory))
    _note_due: float = float("-inf")
    _commands: OrderedDict[bytes, C] = field(default_factory=OrderedDict)

    # -- transactions

    def begin(self) -> UnitOfWork:
        """Begins a transaction that says nothing yet."""
        return UnitOfWork(self.store)

    def commit(self, work: UnitOfWork, kind: TransactionKind, offsets: dict[Partition, int] | None = None) -> None:
        """Commits ``work`` with ``offsets``, or those of the last batch; only then cache and memory follow.

        Raises ``CommitFailed`` if it is not certain that the transaction stands.
        """
        offsets = self.offsets if offsets is None else offsets
        self._note_use(work)
        try:
            encoded = encode(work, self.store.topics, self.codec)
        except Unwritable:
            if not work.record_works:
                raise
            work = self._without_unwritable(work)
            encoded = encode(work, self.store.topics, self.codec)
        for point in kind.before_commit:
            reached(point)
        self.journal.commit(encoded.outgoing, offsets)
        self.offsets = offsets
        self.store.apply(encoded.changes)
        self._follow_holds(work)
        for origin_id in work.changed_orders:
            self.refresh(origin_id, work.order(origin_id))
        self.on_commit(work)
        reached(kind.after_commit)

    def _note_use(self, work: UnitOfWork) -> None:
        """Adds what was used of the rate limits, every few seconds: it costs no transaction of its own."""
        if self.clock.running() < self._note_due:
            return
        for tenant in self.tenants():
            used, noted = self.adapter.used(tenant.account), self.store.account(str(tenant))
            if used and (noted is None or noted.used != used):
                self._note_due = self.clock.running() + _NOTE_EVERY
                facts = dict(self.adapter.facts_to_keep(tenant.account)) or (noted.facts if noted else {})
                work.put_account(AccountNote(tenant=str(tenant), facts=facts, used=used))

    def work_on(
        self,
        work: UnitOfWork,
        subject: str,
        step: Callable[[UnitOfWork], T],
        instead: Callable[[UnitOfWork, Exception], T],
    ) -> T:
        """Adds to ``work`` what ``step`` makes of one record, or what ``instead`` does where that fails.

        A defect of ours, or a record that nobody has thought of, concerns itself alone. The log names ``subject``.
        """
        own = UnitOfWork(work)
        try:
            result = step(own)
        except FAILURES_OF_ALL:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the neighbours go on
            _log.exception(events.RECORD_DEFECT, stage=self.stage, subject=subject)
            own = UnitOfWork(work)
            result = instead(own, error)
        work.add(RecordWork(own, lambda replacement, error: _ignore(instead(replacement, error))))
        return result

    def _without_unwritable(self, work: UnitOfWork) -> UnitOfWork:
        """The work with what takes the place of what records made of it that cannot be written."""
        rebuilt = self.begin()
        for record_work in work.record_works:
            error = self._why_unwritable(record_work.work)
            if error is None:
                rebuilt.add(record_work)
                continue
            replacement = UnitOfWork(rebuilt)
            record_work.instead(replacement, error)
            if self._why_unwritable(replacement) is None:
                rebuilt.add(RecordWork(replacement, record_work.instead))
        return rebuilt

    def _why_unwritable(self, work: UnitOfWork) -> Unwritable | None:
        """Why it cannot be written, even with outcomes that say how it ended and no more; ``None`` where it can."""
        if self._defect_in(work) is None:
            return None
        work.shorten_outcomes()
        return self._defect_in(work)

    def _defect_in(self, work: UnitOfWork) -> Unwritable | None:
        try:
            encode(work, self.store.topics, self.codec)
        except Unwritable as error:
            subject = ", ".join(sorted(work.changed_orders))
            _log.error(events.RECORD_DEFECT, stage=self.stage, subject=subject, message=error.message)
            return error
        return None

    def _follow_holds(self, work: UnitOfWork) -> None:
        """What was delayed by a hold that has ended is planned again."""
        for scope, hold in work.holds.items():
            if hold is not None:
                self.holds.put(hold)
                continue
            ended = self.holds.release(scope)
            if ended is not None:
                self.scheduler.end_delays(ended.reason)

    def refresh(self, origin_id: str, order: OrderState) -> None:
        """Makes the scheduler and the counts follow what is kept of an origin id."""
        record = order.record
        if record is None:
            self.scheduler.remove(origin_id)
            self.queued.pop(origin_id, None)
            self.memory.pop(origin_id, None)
        else:
            self.scheduler.schedule(origin_id, record.lane)
            tenant = self.command(record.command).tenant
            in_doubt = _is_doubted(order.open_intent)
            self.queued[origin_id] = QueuedWork(tenant, record.lane, record.received_at, in_doubt, record.held_told)
        self.scheduler.set_claim(origin_id, order.open_intent.exclusive if order.open_intent else None)

    # -- commands and what they need next

    def command(self, value: bytes) -> C:
        """Decodes a command. Raises ``Unreadable`` for bytes that are none."""
        command = self._commands.get(value)
        if command is None:
            command = self._commands[value] = self.codec.decode(value, self.command_type)
            if len(self._commands) > _DECODED:
                self._commands.popitem(last=False)
        return command

    def task(self, order: OrderState) -> Task[C] | None:
        """The work in hand for an origin id: what is current, else what waits; ``None``: there is none."""
        if order.record is None:
            return None
        command = self.command(order.record.command)
        return replace(
            self.first_task(command, order),
            intent=order.open_intent,
            lane=order.record.lane,
            holders=self.store.entries_with,
        )

    def first_task(self, command: C, order: OrderState) -> Task[C]:
        """The work for a command that has just been received: nothing of it is in hand yet."""
        return Task(command=command, entry=with_destination(order.entry, command))

    def plan(self, task: Task[C]) -> Plan:
        """Asks the adapter for the next step. A defect of ours stops only the change order that meets it."""
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
                return Wait(seconds=self.timing.backoff.longest, reason=DEFECT, sentence=sentence)
            return Reject(reason=DEFECT, sentence=sentence)

    def add_outcome(self, work: UnitOfWork, record: Waiting, details: OutcomeDetails) -> None:
        """Adds an outcome of a received command; it goes on with that command's trace."""
        command = self.command(record.command)
        outcome, trace = outcome_of(command, details, self.stage, self.clock.now()), trace_of(record)
        work.add_outcome(outcome, trace)

    def is_own_intent(self, intent: Intent) -> bool:
        """Whether the open intent is this owner's own, and not left by a predecessor."""
        return self.memory[intent.origin_id].sent_call is not None

    def tenants(self) -> Iterator[Tenant]:
        """Iterates over the configured accounts of the partition."""
        return (Tenant(self.adapter.system, account) for account in self.accounts)

    # -- time

    def later(self, seconds: float) -> datetime:
        """The moment on the wall clock in so many seconds."""
        return self.clock.now() + timedelta(seconds=seconds)

    def running_in(self, seconds: float) -> float:
        """The moment on the running clock in so many seconds."""
        return self.clock.running() + seconds


def _ignore(_: object) -> None:
    """What is made anew of a record returns nothing to anybody."""


def _is_doubted(intent: Intent | None) -> bool:
    """Whether the answer to what was sent was lost; a job that is followed is none of these."""
    return intent is not None and intent.job_id is None and intent.ambiguous_at is not None
