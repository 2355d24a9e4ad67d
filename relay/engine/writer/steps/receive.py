"""Step 1, receive: every command is taken off the lane at once, and only its end waits for the remote."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from relay.domain import identity
from relay.domain.commands import Lane, Mode, Operation
from relay.domain.ledger import OrderState, Waiting, new_entry
from relay.domain.ledger_facts import LedgerFact
from relay.domain.letters import DEFECT, LetterHeader, LetterKind
from relay.domain.outcomes import OutcomeKind
from relay.domain.receiving import Reception, receive
from relay.engine.kafka import WITHHELD, Outgoing, Partition, Record
from relay.engine.letters import Failure, letter_of, new_letter
from relay.engine.sizes import TOO_LARGE
from relay.engine.source_record import SourceRecord
from relay.engine.writer.adapter import C, Done, Task
from relay.engine.writer.outcomes import OutcomeDetails
from relay.engine.writer.state.claims import release_claim
from relay.engine.writer.state.ledger_updates import with_doubted, with_facts
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.transactions import TransactionKind
from relay.engine.writer.state.unit_of_work import UnitOfWork
from relay.engine.writer.state.unreadable import decide_frozen, renew_letters, report_unreadable
from relay.engine.writer.state.waiting import supersede
from schemas import Unreadable, Unwritable

_WITHDRAWN = Done(kind=OutcomeKind.WITHDRAWN)


def receive_batch(state: PartitionState[C], lane: Lane, records: Iterable[Record]) -> None:
    """Commits what the records become, and the offsets behind them. Raises ``CommitFailed``."""
    report_unreadable(state)
    work = state.begin()
    offsets = dict(state.offsets)
    for record in records:
        state.work_on(
            work,
            f"{record.topic}[{record.partition}] at offset {record.offset}",
            partial(_receive_record, state, lane=lane, record=record),
            partial(_defect, state, record=record),
        )
        offsets[Partition(record.topic, record.partition)] = record.offset + 1
    state.commit(work, TransactionKind.RECEIVE, offsets)


def _receive_record(state: PartitionState[C], work: UnitOfWork, lane: Lane, record: Record) -> None:
    """One record: what it does not survive concerns its own letter, and no neighbour."""
    try:
        value = _value_of(record, state.store.topics.largest_command)
        command = state.command(value)
        _check_names(command)
    except Unreadable as error:
        _unreadable(state, work, record, error)
        return
    order = work.order(command.origin_id)
    task = state.first_task(command, order)
    # Verifying has no version: it stands with what is seen, and whatever is newer takes its place.
    seen = task.entry if command.operation is Operation.VERIFY else None
    received = Waiting(
        origin_id=command.origin_id,
        command_id=command.command_id,
        lane=lane,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        received_at=state.clock.now(),
        sequence=seen.seen_sequence if seen else command.sequence,
        mapped_at=seen.seen_mapped_at if seen else command.mapped_at,
        record_key=record.key,
        command=value,
        headers=tuple(LetterHeader(name=name, value=value) for name, value in record.headers),
    )
    _receive_command(state, work, received, task, order)


def _value_of(record: Record, largest: int) -> bytes:
    """The bytes of what may be a command, at most ``largest`` as a record. Raises ``Unreadable`` for others."""
    if record.withheld:
        raise Unreadable(str(record.withheld), reason=WITHHELD)
    if record.value is None:
        raise Unreadable("a record without a value", reason="record.empty")
    size = Outgoing(record.topic, record.key, record.value, headers=record.headers).size
    if size > largest:
        raise Unreadable(f"it takes {size} bytes, and the inbox keeps at most {largest}", reason=TOO_LARGE)
    return record.value


def _check_names(command: C) -> None:
    """Raises ``Unreadable`` for a command of which no record could tell: no release of ours makes such names."""
    longest = command.longest_name
    if longest > identity.LONGEST_NAME:
        raise Unreadable(f"a name in it takes {longest} bytes", reason=TOO_LARGE)


def _receive_command(
    state: PartitionState[C], work: UnitOfWork, received: Waiting, task: Task[C], order: OrderState
) -> None:
    command = task.command
    if command.mode is Mode.DRY_RUN:
        _dry_run(state, work, received, task)
        return
    if command.account not in state.accounts:
        _no_account(state, work, received, command)
        return
    decision = receive(command, order, lambda: _plan_without_call(state, task))
    if decision.reception is Reception.WAITS:
        supersede(state, work, order.waiting)
        work.put_waiting(received.origin_id, received)
        if order.frozen:
            renew_letters(state, work, received, command)
    elif decision.reception is Reception.SUPERSEDED:
        supersede(state, work, received)
    elif decision.reception is Reception.TAKES_OVER:
        _apply_decision(state, work, received, command, order)
    elif decision.reception is not Reception.REDELIVERED:
        _settle_without_call(state, work, received, command, order, decision.plan or _WITHDRAWN)


def _plan_without_call(state: PartitionState[C], task: Task[C]) -> Done | None:
    """The plan of a known change order for which nothing is to be sent. A missing reference is no answer."""
    if task.entry is None or task.command.operation is not Operation.APPLY:
        return None
    plan = state.plan(task)
    return plan if isinstance(plan, Done) and plan.kind is None else None


def _apply_decision(
    state: PartitionState[C], work: UnitOfWork, received: Waiting, command: C, order: OrderState
) -> None:
    """A person's decision: ``adopt`` goes first; ``resubmit`` lifts the review, and the newest goes."""
    origin_id = command.origin_id
    if order.frozen:
        order = decide_frozen(state, work, command, order)
    if command.operation is Operation.ADOPT:
        work.put_current(origin_id, received)
        return
    if order.entry is not None:
        release_claim(state, work, origin_id)
        # A person has looked: what a rebuilt ledger does not tell bars nothing any more. What was in doubt does, as
        # a newer revision may go in place of the one that is to be sent once more.
        lifted = with_facts(replace(order.entry, review=None), {LedgerFact.REBUILT: ""})
        work.put_entry(with_doubted(lifted, order.entry.review) if state.adapter.looks_first else lifted)
    if order.waiting is None:
        work.put_waiting(origin_id, received)
    else:
        supersede(state, work, received)


def _settle_without_call(
    state: PartitionState[C], work: UnitOfWork, received: Waiting, command: C, order: OrderState, plan: Done
) -> None:
    """Settles where nothing is to change, or what was never sent is withdrawn."""
    entry = order.entry or new_entry(command)
    settled = entry.letters_settled_by(command)
    withdrawn = plan.kind is OutcomeKind.WITHDRAWN
    details = OutcomeDetails(
        kind=OutcomeKind.WITHDRAWN if withdrawn else OutcomeKind.UNCHANGED,
        reason=plan.reason,
        sentence=plan.sentence,
        remote=() if withdrawn else state.adapter.describe(entry),
        entry=entry,
    )
    supersede(state, work, order.waiting, order.current)
    state.add_outcome(work, received, details)
    work.clear_slots(command.origin_id)
    work.settle_letters(settled, command.change_order_key)
    work.put_entry(
        replace(
            entry,
            seen_sequence=command.sequence,
            seen_mapped_at=command.mapped_at,
            applied_sequence=entry.applied_sequence if withdrawn else command.sequence,
            applied_payload_hash=entry.applied_payload_hash if withdrawn else command.payload_hash,
            letters=(),
            withdrawn=withdrawn,
        )
    )


def _dry_run(state: PartitionState[C], work: UnitOfWork, received: Waiting, task: Task[C]) -> None:
    preview = state.adapter.preview(task)
    sentence = "The route is in the mode dry_run: nothing was sent; the preview holds what would have been."
    details = OutcomeDetails(kind=OutcomeKind.SKIPPED, reason="route.dry_run", sentence=sentence, preview=preview)
    state.add_outcome(work, received, details)


def _no_account(state: PartitionState[C], work: UnitOfWork, received: Waiting, command: C) -> None:
    sentence = (
        f"The {command.system} account {command.account!r} is not in the configuration of the writer: add it "
        "under accounts (or correct the route), then send this letter again."
    )
    failure = Failure(kind=LetterKind.REJECTED, reason=f"{command.system}.account_unknown", sentence=sentence)
    letter = letter_of(received, command, failure, state.stage, state.clock.now())
    work.add_letter(letter)
    details = OutcomeDetails(
        kind=OutcomeKind.REJECTED, reason=failure.reason, sentence=sentence, letter_id=letter.letter_id
    )
    state.add_outcome(work, received, details)


def _defect(state: PartitionState[C], work: UnitOfWork, error: Exception, record: Record) -> None:
    """A command over which the relay itself failed: its letter, and nothing else of it."""
    reason = error.reason if isinstance(error, Unwritable) else DEFECT
    sentence = (
        f"The relay itself failed over record {record.offset} of partition {record.partition} of {record.topic} "
        f"({type(error).__name__}: {error}). Nothing was sent. Report it; the log holds the details. Send this letter "
        "again once it is mended."
    )
    failure = Failure(kind=LetterKind.REJECTED, reason=reason, sentence=sentence)
    work.add_letter(new_letter(SourceRecord.of(record), failure, stage=state.stage, at=state.clock.now()))


def _unreadable(state: PartitionState[C], work: UnitOfWork, record: Record, error: Unreadable) -> None:
    kept = "are not kept here" if record.withheld else "are kept here untouched"
    sentence = (
        f"Record {record.offset} of partition {record.partition} of {record.topic} is no command of ours "
        f"({error}). Its bytes {kept}; whoever wrote it has to be found."
    )
    failure = Failure(kind=LetterKind.UNREADABLE, reason=error.reason, sentence=sentence)
    letter = new_letter(SourceRecord.of(record), failure, stage=state.stage, at=state.clock.now())
    work.add_letter(letter)
