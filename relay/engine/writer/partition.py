"""One owned partition: fence, restore, then receive, plan, intend, call and settle until it is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Generic

import structlog

from relay.domain.commands import Lane
from relay.domain.ledger import Hold, HoldKind, Slot, Waiting
from relay.domain.letters import DeadLetter
from relay.domain.routes import DestinationName
from relay.domain.tenant import Tenant
from relay.engine.control.membership import ControlView
from relay.engine.kafka import (
    CommitFailed,
    Connection,
    Generation,
    KafkaRefused,
    Partition,
    Record,
    Transactions,
    read_to_end,
)
from relay.engine.kafka.foreign_records import tell_foreign
from relay.engine.letters import LetterRecords, open_among
from relay.engine.stages.crash_points import CrashPoint, reached
from relay.engine.telemetry import events
from relay.engine.writer.adapter import C, TargetAdapter
from relay.engine.writer.in_flight import CallAnswered, CallFailed, InFlightCalls, ProbeCompleted
from relay.engine.writer.metrics import WriterMetrics
from relay.engine.writer.state.account_notes import disown_accounts, note_accounts, own_accounts, restore_account
from relay.engine.writer.state.cache import Cache, Table, restored
from relay.engine.writer.state.holds import scope_of, tenant_of
from relay.engine.writer.state.inbox_start import LiveRecords
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.people_holds import follow_people
from relay.engine.writer.state.routed import follow_routes
from relay.engine.writer.state.store import PartitionTopics, StateStore, is_own_key
from relay.engine.writer.state.timing import Clock, Timing
from relay.engine.writer.state.transactions import KafkaJournal
from relay.engine.writer.state.unreadable import report_unreadable, unreadable_hold
from relay.engine.writer.steps.dispatch import dispatch
from relay.engine.writer.steps.failed_calls import record_failure, record_probe
from relay.engine.writer.steps.held import report_long_waits
from relay.engine.writer.steps.hold import end_idle_holds, release
from relay.engine.writer.steps.plan import plan_ready
from relay.engine.writer.steps.receive import receive_batch
from relay.engine.writer.steps.record import record_answers
from schemas import Unreadable
from schemas.codec import Codec

_log = structlog.get_logger(__name__)
_REPORT_EVERY = 5.0  # Seconds between looks at what has waited long.


@dataclass(kw_only=True)
class PartitionWriter(Generic[C]):
    """The owner of one partition of a family: making it fences the predecessor and restores its state.

    ``on_completed`` is called by the pool's threads when a call has come back. Everything else belongs to the
    stage's thread. ``prove_topics`` raises ``Fatal`` where inbox or ledger are not what they were.
    """

    connection: Connection
    transactional_id: str
    group: str
    generation: Generation
    stage: str
    adapter: TargetAdapter[C]
    command_type: type[C]
    codec: Codec
    topics: PartitionTopics
    accounts: frozenset[str]
    routed: frozenset[DestinationName]
    pool: Executor
    on_completed: Callable[[], None]
    timing: Timing
    metrics: WriterMetrics
    transaction_timeout: float = 10.0
    instance: str = ""
    prove_topics: Callable[[], None] = lambda: None
    clock: Clock = field(default_factory=Clock)
    state: PartitionState[C] = field(init=False)
    _calls: InFlightCalls[C] = field(init=False)
    _cache: Cache | None = field(init=False, default=None)
    _reported_at: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._transactions = Transactions(self.connection, self.transactional_id, timeout_s=self.transaction_timeout)
        self._journal = KafkaJournal(self._transactions, self.group, self.generation, self.topics.inbox)
        self._open({})

    # -- ownership

    def _open(self, offsets: dict[Partition, int]) -> None:
        """Fences the predecessor, then reads inbox and ledger to their ends."""
        began = self.clock.running()
        self._transactions.fence()
        fenced_at = self.clock.running()
        reached(CrashPoint.WRITER_AFTER_FENCE)
        if self._cache is not None:
            self._cache.close()
        self.prove_topics()  # One that is not there cannot be read, and would be waited for.
        self._cache = self._restore()
        self.prove_topics()  # An id never comes back: what was read is of the topics that were written before.
        self._journal.live = LiveRecords(self._cache.offsets(Table.INBOX))
        self.state = PartitionState(
            stage=self.stage,
            adapter=self.adapter,
            command_type=self.command_type,
            store=StateStore(self.topics, self._cache, self.codec),
            codec=self.codec,
            journal=self._journal,
            accounts=self.accounts,
            routed=self.routed,
            clock=self.clock,
            timing=self.timing,
            offsets=offsets,
            fenced_at=fenced_at,
            instance=self.instance,
            on_commit=self.metrics.committed,
            open_among=self._open_among,
        )
        load_state(self.state)
        self._calls = InFlightCalls(self.pool, self.on_completed)
        self.metrics.restored(self.clock.running() - began)

    def _restore(self) -> Cache:
        tables = {
            Partition(self.topics.inbox, self.topics.number): Table.INBOX,
            Partition(self.topics.ledger, self.topics.number): Table.LEDGER,
        }
        return restored(tables, lambda partitions: read_to_end(self.connection, partitions), self._is_foreign)

    def _is_foreign(self, table: Table, record: Record) -> bool:
        """Whether a record's key is none of ours; that is told, and the record is passed over."""
        if is_own_key(table, record.key, self.topics.family.system):
            return False
        self.metrics.passed_over(record.topic)
        tell_foreign(record)
        return True

    def _open_among(self, letters: Iterable[DeadLetter]) -> AbstractSet[str]:
        """Which letters are open; a user who may not read them is taken to have told of nothing."""
        records = LetterRecords(self.codec, self.topics.prefix, self.topics.letter_topic)
        try:
            return open_among(self.connection, records, letters)
        except KafkaRefused:
            return frozenset()

    def recover(self, error: CommitFailed) -> None:
        """Fences and restores after a commit whose outcome is not certain. Calls under way are forgotten."""
        _log.warning(events.OWNER_RESTARTED, partition=self.topics.number, message=str(error))
        self.metrics.failed()
        self._open(dict(self.state.offsets))

    def on_assignment(
        self, generation: Generation, accounts: frozenset[str], routed: frozenset[DestinationName]
    ) -> None:
        """Goes on after a rebalance in which the partition was kept, or with a changed configuration."""
        self._journal.generation = generation
        self.accounts = self.state.accounts = accounts
        self.routed = routed
        follow_routes(self.state, routed)

    def close(self) -> None:
        """Gives the partition up. Answers that still arrive are dropped."""
        disown_accounts(self.state)
        self._transactions.close()
        if self._cache is not None:
            self._cache.close()

    # -- work

    def receive(self, lane: Lane, records: Iterable[Record]) -> None:
        """Takes commands off a lane. Raises ``CommitFailed``; then nothing was received."""
        receive_batch(self.state, lane, records)

    def run_once(self, control: ControlView) -> float | None:
        """Does everything that can be done now, by this view of people's holds.

        Returns the seconds until something is due, if known.

        Raises ``CommitFailed``.
        """
        slot_in = run_once(self.state, self._calls, control)
        now = self.state.clock.running()
        if now - self._reported_at >= _REPORT_EVERY:
            self._reported_at = now
            report_long_waits(self.state)
            end_idle_holds(self.state)
        return self._seconds_until_due(slot_in)

    def collect(self) -> None:
        """Records the answers that have come back, and sends nothing more. Raises ``CommitFailed``."""
        collect_answers(self.state, self._calls)

    def _seconds_until_due(self, slot_in: float | None) -> float | None:
        due = self.state.scheduler.next_due()
        delay_ends_in = None if due is None else due - self.state.clock.running()
        waits = [seconds for seconds in (slot_in, delay_ends_in) if seconds is not None]
        return max(0.0, min(waits)) if waits else None

    @property
    def calls_under_way(self) -> int:
        """How many calls and probes have not come back."""
        return len(self._calls)

    @property
    def is_idle(self) -> bool:
        """Nothing is left to do but what waits for a person or for a tenant to be served again."""
        scheduler = self.state.scheduler
        waits_for_time = any(delay.until != float("inf") for _, delay in scheduler.delayed())
        waits_for_tenants = all(self._is_blocked(key.tenant) for _, key in scheduler.scheduled())
        return not self._calls and not waits_for_time and (not scheduler.has_work() or waits_for_tenants)

    def _is_blocked(self, tenant: str) -> bool:
        hold = self.state.holds.get(scope_of(tenant))
        return hold is not None and hold.kind is HoldKind.TENANT_BLOCKED


def load_state(state: PartitionState[C], wanted: Callable[[str], bool] = lambda origin_id: True) -> None:
    """Fills the scheduler, the holds and what is noted of accounts from a restored store.

    ``wanted``: the origin ids to be worked on. What cannot be read of it holds, freezes its change order, or is passed
    over (:mod:`.state.unreadable`).
    """
    origin_ids: dict[str, None] = {}
    for slot, subject, record in state.store.iter_inbox():
        if slot is Slot.HOLD:
            hold = record.hold if record is not None else None
            now = state.clock.now()
            state.holds.put(_probed_at_once(hold, now) if hold is not None else unreadable_hold(subject, now))
        elif slot is Slot.ACCOUNT:
            if record is not None and record.account is not None:
                restore_account(state, record.account)
        elif wanted(subject):
            origin_ids[subject] = None
            if record is not None and record.waiting is not None:
                _check_command(state, slot, record.waiting)
    for origin_id in origin_ids:
        state.refresh(origin_id, state.store.order(origin_id))
    own_accounts(state)


def _check_command(state: PartitionState[C], slot: Slot, waiting: Waiting) -> None:
    try:
        state.command(waiting.command)
    except Unreadable as error:
        state.store.mark_unreadable(slot, waiting.origin_id, error.message)


def _probed_at_once(hold: Hold, now: datetime) -> Hold:
    """What ends by a probe is probed at once: how long the predecessor would have waited says little now."""
    return replace(hold, until=min(hold.until, now)) if hold.probe else hold


def run_once(state: PartitionState[C], calls: InFlightCalls[C], control: ControlView) -> float | None:
    """Takes one turn of the protocol, in which people's holds are those of ``control``.

    Returns the seconds until a rate slot is free, if one was wanted.

    Raises ``CommitFailed``.
    """
    follow_people(state, control)
    report_unreadable(state)
    collect_answers(state, calls)
    expire_holds(state, calls)
    probe_accounts(state, calls)
    note_accounts(state)
    state.scheduler.end_due_delays(state.clock.running())
    plan_ready(state)
    return dispatch(state, calls)


def collect_answers(state: PartitionState[C], calls: InFlightCalls[C]) -> None:
    """Records the answers that have come back, together, then what failed, and then what the probes showed."""
    answered: list[CallAnswered[C]] = []
    failed: list[CallFailed[C]] = []
    probed: list[ProbeCompleted[C]] = []
    while (completed := calls.next_completed()) is not None:
        if isinstance(completed, ProbeCompleted):
            probed.append(completed)
            continue
        reached(CrashPoint.WRITER_AFTER_CALL)
        if isinstance(completed, CallAnswered):
            answered.append(completed)
        else:
            failed.append(completed)
    record_answers(state, answered)
    for call in failed:
        record_failure(state, calls, call)
    for probe in probed:
        record_probe(state, calls, probe)


def probe_accounts(state: PartitionState[C], calls: InFlightCalls[C]) -> None:
    """Probes accounts before there is anything to do for them; one that is held has a probe of its own."""
    for tenant in state.tenants():
        if state.holds.on(str(tenant)) is None and state.adapter.needs_probe(tenant.account):
            calls.probe_account(state.adapter, scope_of(str(tenant)), tenant.account)


def expire_holds(state: PartitionState[C], calls: InFlightCalls[C]) -> None:
    """Releases, probes or retries the holds whose time has come."""
    for hold in state.holds.due(state.clock.now()):
        if hold.probe:
            calls.probe_account(state.adapter, hold.scope, Tenant.parse(tenant_of(hold.scope)).account)
        elif hold.kind is HoldKind.DENIED:
            state.holds.retry(hold)  # Until it answers, a successor would hold it too.
        else:
            release(state, hold.scope)
