"""What an answer wrote, told in the transaction that records it: once, also where the answer was lost and found again.

Whatever goes wrong here, the remote has applied what it answered. So nothing here fails: a write of which the details
cannot be told is told without them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Generic

import structlog

from relay.domain import identity
from relay.domain.ledger import Intent, LedgerEntry, OrderState
from relay.domain.writes.balance import Balance, Effects, after_answer, in_range, known_before, with_write_effects
from relay.domain.writes.fitted_writes import MOST_BYTES, fitted, without_records
from relay.domain.writes.held_parts import accepted_status, parts_with_money
from relay.domain.writes.remote_writes import RemoteWrite, WriteOperation, WrittenRecord
from relay.engine.record_codec import encoded
from relay.engine.telemetry import events
from relay.engine.writer.adapter import Accepted, C, PlannedCall, Task
from relay.engine.writer.in_flight import CallAnswered
from relay.engine.writer.outcomes import trace_of
from relay.engine.writer.state.partition_state import FAILURES_OF_ALL, PartitionState
from relay.engine.writer.state.unit_of_work import ToldWrite, UnitOfWork
from relay.engine.writer.written import Endpoint, Written
from schemas import Unwritable

_log = structlog.get_logger(__name__)
_NOT_KNOWN = Endpoint("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[C]):
    """An accepted answer for one change order, with the order as it was before and the entry as it is after.

    ``call`` is the one that was answered: it wrote, or it found what an earlier one wrote.
    """

    answered: CallAnswered[C]
    task: Task[C]
    call: PlannedCall
    order: OrderState
    result: Accepted
    before: LedgerEntry
    after: LedgerEntry

    @property
    def is_in_doubt(self) -> bool:
        """Whether an earlier call may have been taken of which this answer tells."""
        return self.task.intent is not None and (self.call.writes or self.call.resolves)

    @property
    def is_written(self) -> bool:
        """Whether it ends something that we wrote, so that what is ours is other than before."""
        return self.call.writes or self.is_in_doubt or self.result.written is True

    @property
    def touches_records(self) -> bool:
        """What is gone counts as deleted by us only where our deletion was in doubt."""
        return self.result.written is not False or (self.call.writes and self.is_in_doubt)

    @property
    def intent(self) -> Intent | None:
        """The intent that it ends, or that a person was asked about."""
        return self.order.intent or self.before.review

    @property
    def step(self) -> str:
        """The step that wrote."""
        if self.call.resolves and self.task.intent is not None:
            return self.task.intent.step
        return self.call.step


def tell(state: PartitionState[C], work: UnitOfWork, answer: Answer[C]) -> LedgerEntry:
    """Adds the write that the answer tells of, if it tells of one; returns the entry with what is held since."""
    written = _written(state, answer)
    balance = after_answer(
        answer.before.known_balance,
        amounts=written.amounts,
        there=parts_with_money(answer.after),
        status=accepted_status(answer.after),
    )
    balance = replace(balance, currency=written.currency or balance.currency)
    if answer.is_written:
        balance, effects = with_write_effects(balance)
        _add(state, work, answer, written, balance, effects)
    elif not answer.before.was_sent:
        balance = known_before(balance)
    return replace(answer.after, balance=balance, changed=tuple(_changed(answer)))


def _written(state: PartitionState[C], answer: Answer[C]) -> Written:
    try:
        return state.adapter.written(answer.task, answer.step, _planned(state, answer), answer.result, answer.after)
    except FAILURES_OF_ALL:
        raise
    except Exception:  # noqa: BLE001 - the remote has applied it, whatever cannot be said of it
        _log.exception(events.RECORD_DEFECT, stage=state.stage, subject=answer.task.command.origin_id)
        return Written(endpoint=_NOT_KNOWN)


def _planned(state: PartitionState[C], answer: Answer[C]) -> PlannedCall | None:
    """What was planned of the call that wrote; ``None`` where an owner before this one sent it."""
    if answer.call.writes or not answer.is_in_doubt:
        return answer.call
    return state.memory[answer.task.command.origin_id].sent_call


def _changed(answer: Answer[C]) -> Iterator[str]:
    """Parts that are other than before, for the command in hand."""
    yield from answer.before.changed
    if answer.result.was_there:
        return
    before, after = answer.before.parts, answer.after.parts
    for part in sorted({*answer.result.parts, *answer.result.removed} - set(answer.before.changed)):
        if before.get(part) != after.get(part):
            yield part


def _add(
    state: PartitionState[C],
    work: UnitOfWork,
    answer: Answer[C],
    written: Written,
    balance: Balance,
    effects: Effects,
) -> None:
    """What a call found gone touches no record, and is told only for what it changes."""
    records = tuple(_finished(record, answer, balance) for record in written.records if answer.touches_records)
    if not (records or effects.approved or effects.pending or written.endpoint is _NOT_KNOWN):
        return
    write = _write(state, answer, written, records, balance, effects)
    value = _fitted(state, write)
    if value is not None:
        trace = trace_of(answer.order.record) if answer.order.record else ()
        work.add_write(ToldWrite(write.change_order_key, value, trace))


def _finished(record: WrittenRecord, answer: Answer[C], balance: Balance) -> WrittenRecord:
    """The record with the hashes and amounts of its parts."""
    held, parts = answer.after.parts, record.parts
    before, after = answer.before.known_balance.amounts, balance.amounts
    return replace(
        record,
        parts={part: held[part].hash if part in held else "" for part in parts},
        amount_before=_sum(before, record),
        amount_after=_sum(after, record),
    )


def _sum(amounts: dict[str, Decimal], record: WrittenRecord) -> Decimal | None:
    known = [amounts[part] for part in record.parts if part in amounts]
    return in_range(sum(known, Decimal(0))) if known else None


def _write(
    state: PartitionState[C],
    answer: Answer[C],
    written: Written,
    records: tuple[WrittenRecord, ...],
    balance: Balance,
    effects: Effects,
) -> RemoteWrite:
    command, batch, intent = answer.task.command, answer.answered.batch, answer.intent
    shared = answer.call.writes and len(batch.tasks) > 1
    return RemoteWrite(
        write_id=_write_id(answer, intent),
        at=state.clock.now(),
        stage=state.stage,
        instance=state.instance,
        system=command.system,
        account=command.account,
        destination=command.destination.name,
        change_order_key=command.change_order_key,
        origin_id=command.origin_id,
        target=command.target,
        sequence=command.sequence,
        command_id=command.command_id,
        step=answer.step,
        method=written.endpoint.method,
        path=written.endpoint.path,
        records=records,
        idempotency_key=command.idempotency_key,
        person=command.person,
        plan_id=command.plan_id,
        took_ms=round(answer.answered.seconds * 1000) if answer.call.writes else None,
        batch_id=batch.idempotency_key if shared else None,
        batch_size=len(batch.tasks) if shared else None,
        currency=balance.currency,
        amount_before=answer.before.known_balance.total,
        amount_after=balance.total,
        approved_effect=effects.approved,
        pending_effect=effects.pending,
        found_again=_is_found_again(state, answer, records),
        parts={name: part.hash for name, part in answer.after.parts.items()},
        facts=dict(answer.after.remote),
    )


def _write_id(answer: Answer[C], intent: Intent | None) -> str:
    """Equal for one intent and step, however often its answer is recorded."""
    command = answer.task.command
    if intent is None:
        return identity.write_id(command.origin_id, command.command_id, answer.step, "", "")
    return identity.write_id(
        command.origin_id, intent.command_id, answer.step, intent.bytes_hash, intent.intended_at.isoformat()
    )


def _is_found_again(state: PartitionState[C], answer: Answer[C], records: tuple[WrittenRecord, ...]) -> bool:
    intent = answer.task.intent
    if answer.call.writes:
        return intent is not None
    if intent is not None:
        return intent.ambiguous_at is not None or not state.is_own_intent(intent)
    return any(record.operation is not WriteOperation.ADOPTED for record in records)


def _fitted(state: PartitionState[C], write: RemoteWrite) -> bytes | None:
    """The bytes of the write, or of as much of it as fits; ``None``: not even that can be written."""
    topic = state.store.topics.writes
    try:
        value = encoded(state.codec, write, topic)
        if len(value) <= MOST_BYTES:
            return value
        shorter = fitted(write, lambda other: len(encoded(state.codec, other, topic)))
        return encoded(state.codec, shorter, topic)
    except Unwritable:
        _log.exception(events.RECORD_DEFECT, stage=state.stage, subject=write.origin_id)
    try:
        return encoded(state.codec, without_records(write), topic)
    except Unwritable:
        _log.exception(events.RECORD_DEFECT, stage=state.stage, subject=write.origin_id)
        return None
