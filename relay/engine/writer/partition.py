"""The ownership of one partition: fence and restore, then a turn after the other (:mod:`.turn`), until it is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import Generic

import structlog

from relay.domain.commands import Lane
from relay.domain.ledger import HoldKind
from relay.domain.letters import DeadLetter
from relay.domain.routes import DestinationName
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
from relay.engine.writer.in_flight import InFlightCalls
from relay.engine.writer.metrics import WriterMetrics
from relay.engine.writer.state.account_notes import disown_accounts
from relay.engine.writer.state.holds import scope_of
from relay.engine.writer.state.inbox_start import LiveRecords
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.restore import load_state, restored_store
from relay.engine.writer.state.routed import follow_routes
from relay.engine.writer.state.store import PartitionTopics, StateStore
from relay.engine.writer.state.timing import Clock, Timing
from relay.engine.writer.state.transactions import KafkaJournal
from relay.engine.writer.steps.held import report_long_waits
from relay.engine.writer.steps.hold import end_idle_holds
from relay.engine.writer.steps.receive import receive_batch
from relay.engine.writer.turn import collect_answers, run_once
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
    _store: StateStore | None = field(init=False, default=None)
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
        if self._store is not None:
            self._store.close()
        self.prove_topics()  # One that is not there cannot be read, and would be waited for.
        read = partial(read_to_end, self.connection)
        self._store = restored_store(self.topics, self.codec, read, self._tell_foreign)
        self.prove_topics()  # An id never comes back: what was read is of the topics that were written before.
        self._journal.live = LiveRecords(self._store.inbox_offsets())
        self.state = PartitionState(
            stage=self.stage,
            adapter=self.adapter,
            command_type=self.command_type,
            store=self._store,
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

    def _tell_foreign(self, record: Record) -> None:
        self.metrics.passed_over(record.topic)
        tell_foreign(record)

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
        if self._store is not None:
            self._store.close()

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
