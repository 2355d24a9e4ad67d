"""Drives an adapter as the protocol does, without Kafka: plan, share calls, carry, record, plan again.

Everything that the ledger would hold is here, and can be kept while the adapter is thrown away, which
is what a crash does.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from relay.clients.http.clock import running_seconds
from relay.clients.procore import ProcoreClient
from relay.clients.rate import Governor, Ungoverned
from relay.domain import identity
from relay.domain.commands import (
    ContractKind,
    Operation,
    ProcoreCommand,
    ProcoreDestination,
    ProcoreLine,
    ProcorePayload,
    ProcoreRules,
)
from relay.domain.failures import Ambiguous, CallFailure
from relay.domain.ledger import Intent, LedgerEntry, OrderState
from relay.domain.writes.remote_writes import RemoteWrite
from relay.engine.configuration import ProcoreAccount
from relay.engine.record_codec import record_codec
from relay.engine.writer.adapter import (
    Accepted,
    Batch,
    Done,
    NeedsReview,
    NotApplied,
    Pending,
    Plan,
    PlannedCall,
    ReadDone,
    Reject,
    Result,
    Task,
    Unknown,
    Wait,
)
from relay.engine.writer.in_flight import CallAnswered
from relay.engine.writer.state.ledger_updates import with_accepted, with_doubted, with_ended_call
from relay.engine.writer.state.partition_state import OrderMemory, PartitionState
from relay.engine.writer.state.scheduler import BatchKey
from relay.engine.writer.state.timing import Clock, Timing
from relay.engine.writer.state.unit_of_work import UnitOfWork
from relay.engine.writer.steps.tell import Answer, tell
from tests.commands import procore_command
from workers.procore_writer.adapter import ProcoreAdapter

MAPPED_AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
WORK_ORDER = ProcoreDestination(project_id=315, contract_id=44021, contract=ContractKind.WORK_ORDER, tiers=2)
PRIME = ProcoreDestination(project_id=315, contract_id=44023, contract=ContractKind.PRIME, tiers=2)
INSTALLATION = "test"
CODEC = record_codec()
_MOST_CALLS = 500
_MOST_REFUSED = Timing().lone_doubts

End = Done | Reject | NeedsReview


def line(item: str, amount: str, **more: Any) -> ProcoreLine:
    defaults: dict[str, Any] = {"position": int(item) if item.isdigit() else 1, "description": f"Item {item}"}
    return ProcoreLine(item_id=item, amount=Decimal(amount), **(defaults | more))


def payload(*lines: ProcoreLine, **more: Any) -> ProcorePayload:
    defaults: dict[str, Any] = {"title": "Footing rebar C4", "status": "pending", "number": "007"}
    return ProcorePayload(lines=lines, **(defaults | more))


def command(
    change_order: str = "498099",
    content: ProcorePayload | None = None,
    *,
    sequence: int = 1,
    operation: Operation = Operation.APPLY,
    destination: ProcoreDestination = WORK_ORDER,
    rules: ProcoreRules | None = None,
    **more: Any,
) -> ProcoreCommand:
    return procore_command(
        change_order,
        content,
        destination,
        sequence=sequence,
        operation=operation,
        rules=rules or ProcoreRules(),
        **({"mapped_at": MAPPED_AT} | more),
    )


def new_adapter(url: str, quarantine: float = 10.0, **more: Any) -> ProcoreAdapter:
    account = ProcoreAccount.model_construct(
        company_id=4200, api_url=url, login_url=url, client_id_file=Path("id"), client_secret_file=Path("secret")
    )

    def factory(name: str, settings: ProcoreAccount) -> tuple[ProcoreClient, Governor]:
        client = ProcoreClient(
            company_id=settings.company_id,
            client_id="sandbox-client",
            client_secret="sandbox-secret",
            api_url=settings.api_url,
            login_url=settings.login_url,
        )
        return client, Ungoverned()

    return ProcoreAdapter(
        lambda: {"acme": account},
        factory,
        installation=INSTALLATION,
        quarantine=quarantine,
        **more,
    )


@dataclass
class Driver:
    """Carries commands to their end. ``calls`` are the steps of the calls made, with their sizes."""

    adapter: ProcoreAdapter
    entries: dict[str, LedgerEntry] = field(default_factory=dict)
    intents: dict[str, Intent] = field(default_factory=dict)
    calls: list[tuple[str, int]] = field(default_factory=list)
    writes: list[RemoteWrite] = field(default_factory=list)
    refused_in_doubt: Counter[str] = field(default_factory=Counter)
    now: datetime = MAPPED_AT

    def run(self, *commands: ProcoreCommand) -> list[End]:
        """The ends of the commands, in their order. Lost answers leave intents and are tried again."""
        open_ones = OrderedDict((one.origin_id, one) for one in commands)
        ends: dict[str, End] = {}
        for _ in range(_MOST_CALLS):
            planned = self._plan(open_ones, ends)
            if not open_ones:
                return [ends[one.origin_id] for one in commands]
            self._call(_first_group(planned), open_ones, ends)
        raise AssertionError(f"no end after {_MOST_CALLS} calls: {self.calls[-10:]}")

    def step(self, given: ProcoreCommand) -> bool:
        """Makes the next call of one command; false when there is none."""
        open_ones, ends = OrderedDict({given.origin_id: given}), dict[str, End]()
        planned = self._plan(open_ones, ends)
        if planned:
            self._call(_first_group(planned), open_ones, ends)
        return bool(open_ones)

    def carry(self, given: ProcoreCommand, planned: Plan) -> None:
        """Makes a call as it was planned earlier."""
        assert isinstance(planned, PlannedCall)
        self._call([(self.task(given), planned)], OrderedDict({given.origin_id: given}), {})

    def one(self, given: ProcoreCommand) -> End:
        """The end of one command."""
        (end,) = self.run(given)
        return end

    def steps(self) -> list[str]:
        """The writing steps so far."""
        return [step for step, _ in self.calls]

    def task(self, given: ProcoreCommand) -> Task[ProcoreCommand]:
        return Task(command=given, entry=self.entries.get(given.origin_id), intent=self.intents.get(given.origin_id))

    def _plan(
        self, open_ones: OrderedDict[str, ProcoreCommand], ends: dict[str, End]
    ) -> list[tuple[Task[ProcoreCommand], PlannedCall]]:
        planned = []
        for origin_id, given in list(open_ones.items()):
            task = self.task(given)
            plan = self._settled(task)
            if isinstance(plan, PlannedCall):
                planned.append((task, plan))
            else:
                ends[origin_id] = self._end(given, plan)
                del open_ones[origin_id]
        return planned

    def _settled(self, task: Task[ProcoreCommand]) -> Plan:
        plan = self.adapter.plan(task)
        while isinstance(plan, Wait):
            assert task.intent is not None
            older = task.intent.intended_at - timedelta(seconds=plan.seconds + 1)
            intent = replace(task.intent, intended_at=older, ambiguous_at=None)
            self.intents[task.command.origin_id] = intent
            task = replace(task, intent=intent)
            plan = self.adapter.plan(task)
        return plan

    def _end(self, given: ProcoreCommand, plan: Plan) -> End:
        assert isinstance(plan, Done | Reject | NeedsReview)
        self.intents.pop(given.origin_id, None)
        return plan

    def _call(
        self,
        group: Sequence[tuple[Task[ProcoreCommand], PlannedCall]],
        open_ones: OrderedDict[str, ProcoreCommand],
        ends: dict[str, End],
    ) -> None:
        send = group[0][1]
        batch = _batch(group)
        if send.writes:
            self.calls.append((send.step, len(group)))
            for task, one in group:
                self.intents[task.command.origin_id] = _intent(task, one)
        try:
            results: Mapping[str, Result] = self.adapter.execute(batch)
        except Ambiguous:
            return
        except CallFailure as failure:
            for task, _ in group:
                self.intents.pop(task.command.origin_id, None)
                ends[task.command.origin_id] = _refuse(failure)
                del open_ones[task.command.origin_id]
            return
        answered = CallAnswered(batch, _key(batch, send), results)
        for task, one in group:
            origin_id = task.command.origin_id
            result = results.get(origin_id) or Unknown(message="missing")
            end = self._record(answered, task, one, result)
            if end is not None:
                ends[origin_id] = end
                del open_ones[origin_id]

    def _record(
        self, answered: CallAnswered[ProcoreCommand], task: Task[ProcoreCommand], send: PlannedCall, result: Result
    ) -> End | None:
        origin_id = task.command.origin_id
        entry = self.entries.get(origin_id) or new_entry(task.command)
        if isinstance(result, Accepted):
            self.entries[origin_id] = self._told(answered, task, send, result)
            self.intents.pop(origin_id, None)
            return result.refusal
        if isinstance(result, NotApplied):
            self.entries[origin_id] = with_accepted(entry, Accepted(remote=result.remote))
            self.intents.pop(origin_id, None)
        if isinstance(result, Reject | NeedsReview):
            intent = self.intents.pop(origin_id, None)
            if isinstance(result, Reject) and task.intent is not None and not send.resolves:
                self.refused_in_doubt[origin_id] += 1
                if self.refused_in_doubt[origin_id] <= _MOST_REFUSED:
                    self.entries[origin_id] = with_doubted(with_ended_call(entry, None, 0.0, task.command), intent)
                    return None
            return result
        assert isinstance(result, Accepted | NotApplied | ReadDone | Unknown | Pending)
        return None

    def _told(
        self,
        answered: CallAnswered[ProcoreCommand],
        task: Task[ProcoreCommand],
        send: PlannedCall,
        result: Accepted,
    ) -> LedgerEntry:
        """The entry after an answer, whose write is told as the protocol tells it."""
        order = OrderState(intent=self.intents.get(task.command.origin_id), entry=task.entry)
        before = order.entry_for(task.command)
        after = with_accepted(before, result)
        answer = Answer(answered=answered, task=task, call=send, order=order, result=result, before=before, after=after)
        work = UnitOfWork(cast("UnitOfWork", None))
        entry = tell(cast("PartitionState[ProcoreCommand]", _Owner(self.adapter)), work, answer)
        self.writes += [CODEC.decode(write.value, RemoteWrite) for write in work.writes]
        sent = task.command if send.writes or task.intent is not None else None
        return with_ended_call(entry, None, 0.0, sent)


@dataclass
class _Topics:
    writes = "change-orders.writes.v1"


@dataclass
class _Store:
    topics = _Topics()


@dataclass
class _Owner:
    """As much of an owned partition as telling needs."""

    adapter: ProcoreAdapter
    stage = "procore-writer"
    instance = "test"
    codec = CODEC
    clock = Clock()
    store = _Store()
    memory: defaultdict[str, OrderMemory] = field(default_factory=lambda: defaultdict(OrderMemory))

    def is_own_intent(self, intent: Intent) -> bool:
        return False


def _key(batch: Batch[ProcoreCommand], send: PlannedCall) -> BatchKey:
    return BatchKey(
        lane=batch.lane,
        tenant=batch.tenant,
        step=batch.step,
        batch=batch.batch,
        halvings=0,
        in_doubt=False,
        writes=send.writes,
    )


def _first_group(
    planned: list[tuple[Task[ProcoreCommand], PlannedCall]],
) -> list[tuple[Task[ProcoreCommand], PlannedCall]]:
    first = planned[0][1]
    same = [pair for pair in planned if (pair[1].step, pair[1].batch) == (first.step, first.batch)]
    return same[: first.most]


def _batch(group: Sequence[tuple[Task[ProcoreCommand], PlannedCall]]) -> Batch[ProcoreCommand]:
    tasks, sends = [task for task, _ in group], [send for _, send in group]
    return Batch(
        tenant="procore:acme",
        step=sends[0].step,
        batch=sends[0].batch,
        lane=tasks[0].lane,
        not_after=running_seconds() + 10,
        idempotency_key=identity.batch_key([task.command.idempotency_key for task in tasks]),
        tasks=tasks,
        calls=sends,
    )


def _intent(task: Task[ProcoreCommand], send: PlannedCall) -> Intent:
    return Intent(
        origin_id=task.command.origin_id,
        command_id=task.command.command_id,
        step=send.step,
        parts=dict(send.parts),
        bytes_hash=send.bytes_hash,
        intended_at=datetime.now(UTC),
        sent=True,
    )


def new_entry(given: ProcoreCommand) -> LedgerEntry:
    return LedgerEntry(
        origin_id=given.origin_id,
        change_order_key=given.change_order_key,
        destination=given.destination.name,
        seen_sequence=0,
        seen_mapped_at=MAPPED_AT,
        parts={},
        remote={},
    )


def _refuse(failure: CallFailure) -> Reject:
    return Reject(reason=type(failure).__name__, sentence=failure.message, remote_answer=failure.remote_answer)
