"""One owned partition: fence, restore, then receive, choose, intend, call and settle until it is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from relay.domain.commands import Lane
from relay.domain.ledger import Hold, HoldKind, Slot
from relay.engine.kafka import (
    CommitFailed,
    Connection,
    Generation,
    Outgoing,
    Partition,
    Record,
    Transactions,
    read_to_end,
)
from relay.engine.stages.crash_points import CrashPoint, reached
from relay.engine.telemetry import events
from relay.engine.writer.adapter import TargetAdapter
from relay.engine.writer.metrics import WriterMetrics
from relay.engine.writer.state import account_notes
from relay.engine.writer.state.cache import Cache, Table, restored
from relay.engine.writer.state.holds import scope_of, tenant_of
from relay.engine.writer.state.partition_state import Clock, PartitionState, Timing
from relay.engine.writer.state.store import PartitionTopics, StateStore
from relay.engine.writer.steps import failed_calls, held, hold, plan, receive, record
from relay.engine.writer.steps.dispatch import CallCompleted, InFlightCalls, ProbeCompleted
from schemas.codec import Codec

_log = structlog.get_logger(__name__)
_TELL_EVERY = 5.0  # Seconds between looks at who has waited long.


class KafkaJournal:
    """Transactions of one partition, always with the offsets and the generation of the last batch."""

    def __init__(self, transactions: Transactions, group: str, generation: Generation) -> None:
        self._transactions = transactions
        self._group = group
        self.generation = generation

    def commit(self, outgoing: Iterable[Outgoing], offsets: Mapping[Partition, int]) -> None:
        """Raises ``CommitFailed`` if it is not certain that all of it stands."""
        with self._transactions.transaction() as transaction:
            for record in outgoing:
                transaction.send(record)
            if offsets:
                transaction.offsets(offsets, self._group, self.generation)


class PartitionWriter:
    """The owner of one partition of a family. Belongs to the worker's thread."""

    def __init__(
        self,
        *,
        connection: Connection,
        transactional_id: str,
        group: str,
        generation: Generation,
        stage: str,
        carrier: TargetAdapter[Any],
        command_type: type[Any],
        codec: Codec,
        shelf: PartitionTopics,
        accounts: frozenset[str],
        pool: Executor,
        news: Callable[[], None],
        timing: Timing,
        counting: WriterMetrics,
        transaction_timeout: float = 10.0,
        clock: Clock | None = None,
    ) -> None:
        self._connection = connection
        self._transactions = Transactions(connection, transactional_id, timeout_s=transaction_timeout)
        self._journal = KafkaJournal(self._transactions, group, generation)
        self._pool = pool
        self._news = news
        self._codec = codec
        self._adapter = carrier
        self._command_type = command_type
        self._stage = stage
        self._topics = shelf
        self._timing = timing
        self._counting = counting
        self._clock = clock or Clock()
        self._accounts = accounts
        self._cache: Cache | None = None
        self._told_at = 0.0
        self.state, self._calls = self._open({})

    # -- ownership

    def _open(self, offsets: dict[Partition, int]) -> tuple[PartitionState, InFlightCalls]:
        """Fences whoever was here before, then reads inbox and ledger to their ends."""
        began = self._clock.running()
        self._transactions.fence()
        fenced_at = self._clock.running()
        reached(CrashPoint.WRITER_AFTER_FENCE)
        cache = self._restore()
        self._cache = cache
        state = PartitionState(
            stage=self._stage,
            adapter=self._adapter,
            command_type=self._command_type,
            store=StateStore(self._topics, cache, self._codec),
            codec=self._codec,
            journal=self._journal,
            accounts=self._accounts,
            clock=self._clock,
            timing=self._timing,
            offsets=offsets,
            fenced_at=fenced_at,
            on_commit=self._counting.committed,
        )
        load_state(state)
        self._counting.restored(self._clock.running() - began)
        return state, InFlightCalls(self._pool, self._news)

    def _restore(self) -> Cache:
        if self._cache is not None:
            self._cache.close()
        tables = {
            Partition(self._topics.inbox, self._topics.number): Table.INBOX,
            Partition(self._topics.ledger, self._topics.number): Table.LEDGER,
        }
        return restored(tables, lambda partitions: read_to_end(self._connection, partitions))

    def recover(self, error: CommitFailed) -> None:
        """A commit whose outcome is not certain: fence, restore, go on."""
        _log.warning(events.OWNER_RESTARTED, partition=self._topics.number, message=str(error))
        self._counting.failed()
        self.state, self._calls = self._open(dict(self.state.offsets))

    def close(self) -> None:
        """Gives the partition up. Answers that still arrive are of no interest."""
        self._transactions.close()
        if self._cache is not None:
            self._cache.close()

    # -- work

    def on_assignment(self, generation: Generation, accounts: frozenset[str]) -> None:
        """The partition was kept through a rebalance, or the configuration changed."""
        self._journal.generation = generation
        self._accounts = self.state.accounts = accounts

    def receive(self, lane: Lane, records: Iterable[Record]) -> None:
        """Step 1. Raises ``CommitFailed``; then nothing was received."""
        receive.receive_batch(self.state, lane, records)

    def run_once(self) -> float | None:
        """Everything that can be done now. Returns the seconds until something is due, if known.

        Raises ``CommitFailed``.
        """
        wait = run_once(self.state, self._calls)
        self._tell_long_waits()
        return self._next(wait)

    def collect(self) -> None:
        """At the end: takes the answers that have arrived, and sends nothing more."""
        collect_answers(self.state, self._calls)

    def _tell_long_waits(self) -> None:
        now = self.state.clock.running()
        if now - self._told_at >= _TELL_EVERY:
            self._told_at = now
            held.report_long_waits(self.state)

    def _next(self, wait: float | None) -> float | None:
        alarm = self.state.scheduler.next_due()
        due = None if alarm is None else alarm - self.state.clock.running()
        known = [one for one in (wait, due) if one is not None]
        return max(0.0, min(known)) if known else None

    @property
    def calls_under_way(self) -> int:
        """How many calls and probes have not come back."""
        return len(self._calls)

    @property
    def is_idle(self) -> bool:
        """Nothing is left to do, but what waits for a person or for a tenant to be served again."""
        state = self.state
        if self._calls or any(sleep.until != float("inf") for _, sleep in state.scheduler.delayed()):
            return False
        return not state.scheduler.has_work() or all(
            (hold := state.holds.get(scope_of(group.tenant))) and hold.kind is HoldKind.TENANT_BLOCKED
            for _, group in state.scheduler.scheduled()
        )


def load_state(state: PartitionState) -> None:
    """The agenda, the holds and what is known of accounts after a restore."""
    work = state.begin()
    for slot, subject, item in state.store.iter_inbox():
        if slot is Slot.HOLD and item.hold is not None:
            state.holds.put(_at_once(item.hold, state.clock.now()))
        elif slot is Slot.ACCOUNT and item.account is not None:
            account_notes.restore_account(state, item.account)
        else:
            state.refresh(subject, work)


def _at_once(hold: Hold, now: datetime) -> Hold:
    """What ends by a probe is probed at once: how long the predecessor would have waited says little now."""
    return replace(hold, until=min(hold.until, now)) if hold.probe else hold


def run_once(state: PartitionState, calls: InFlightCalls) -> float | None:
    """Returns the seconds until a rate slot is free, if one was wanted. Raises ``CommitFailed``."""
    collect_answers(state, calls)
    expire_holds(state, calls)
    probe_accounts(state, calls)
    account_notes.note_accounts(state)
    state.scheduler.end_due_delays(state.clock.running())
    plan.plan_ready(state)
    return calls.dispatch(state)


def collect_answers(state: PartitionState, calls: InFlightCalls) -> None:
    """Records the answers that have come back, together, and then what the probes showed."""
    ended: list[CallCompleted] = []
    probed: list[ProbeCompleted] = []
    while (arrived := calls.next_completed()) is not None:
        if isinstance(arrived, CallCompleted):
            ended.append(arrived)
        else:
            probed.append(arrived)
    record.record_answers(state, calls, ended)
    for one in probed:
        failed_calls.take_probe(state, calls, one)


def probe_accounts(state: PartitionState, calls: InFlightCalls) -> None:
    """Accounts are looked at before there is anything to do for them; one that is held has a probe of its own."""
    for account in state.accounts:
        tenant = f"{state.adapter.system}:{account}"
        if state.holds.on(tenant) is None and state.adapter.needs_probe(account):
            calls.probe_account(state, scope_of(tenant), account)


def expire_holds(state: PartitionState, calls: InFlightCalls) -> None:
    """Holds whose time has come are released or probed."""
    for due in state.holds.due(state.clock.now()):
        if due.probe:
            calls.probe_account(state, due.scope, tenant_of(due.scope).partition(":")[2])
        elif due.kind is HoldKind.DENIED:
            hold.retry_destination(state, due)
        else:
            hold.release(state, due.scope)
