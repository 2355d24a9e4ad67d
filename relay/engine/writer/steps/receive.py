"""Step 1, receive: every command is taken off the lane at once, and only its end waits for the remote."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from relay.domain.commands import Command, Lane, Mode, Operation
from relay.domain.ledger import LedgerEntry, Waiting, new_entry, with_destination
from relay.domain.letters import LetterHeader, LetterKind
from relay.domain.outcomes import OutcomeKind
from relay.domain.receiving import OriginState, Reception, receive
from relay.engine.kafka import WITHHELD, Partition, Record
from relay.engine.letters import Failure, letter_of, new_letter
from relay.engine.source_record import SourceRecord
from relay.engine.stages.crash_points import CrashPoint, reached
from relay.engine.writer.adapter import Done, Plan, Task
from relay.engine.writer.outcomes import OutcomeDetails
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.unit_of_work import UnitOfWork
from relay.engine.writer.state.waiting import _supersede, _tell_superseded, replace_waiting, settled_letters
from relay.engine.writer.steps import claims
from schemas import Unreadable

_WITHDRAWN = Done(kind=OutcomeKind.WITHDRAWN)


def receive_batch(state: PartitionState, lane: Lane, records: Iterable[Record]) -> None:
    """One transaction: what the records become, and the offsets behind them."""
    work = state.begin()
    offsets = dict(state.offsets)
    for record in records:
        state.trace = record.headers
        _receive_record(state, work, lane, record)
        offsets[Partition(record.topic, record.partition)] = record.offset + 1
    before, state.offsets = state.offsets, offsets
    reached(CrashPoint.WRITER_AFTER_RECEIVE)
    try:
        state.commit(work, CrashPoint.WRITER_BEFORE_RECEIVE_COMMIT, CrashPoint.WRITER_AFTER_RECEIVE_COMMIT)
    except BaseException:
        state.offsets = before
        raise


def _receive_record(state: PartitionState, work: UnitOfWork, lane: Lane, record: Record) -> None:
    if record.withheld:
        _unreadable(state, work, record, WITHHELD, str(record.withheld))
        return
    if record.value is None:
        _unreadable(state, work, record, "record.empty", "a record without a value")
        return
    try:
        command = state.command(record.value)
    except Unreadable as error:
        _unreadable(state, work, record, error.reason, str(error))
        return
    waiting = _waiting_of(state, lane, record, command)
    if command.mode is Mode.DRY_RUN:
        _dry_run(state, work, command)
    elif command.account not in state.accounts:
        _no_account(state, work, waiting, command)
    else:
        _receive_command(state, work, waiting, command)


def _waiting_of(state: PartitionState, lane: Lane, record: Record, command: Command) -> Waiting:
    return Waiting(
        origin_id=command.origin_id,
        command_id=command.command_id,
        lane=lane,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        received_at=state.clock.now(),
        sequence=command.sequence,
        mapped_at=command.mapped_at,
        record_key=record.key,
        command=record.value or b"",
        headers=tuple(LetterHeader(name=name, value=value) for name, value in record.headers),
    )


def _receive_command(state: PartitionState, work: UnitOfWork, waiting: Waiting, command: Any) -> None:
    origin_id = command.origin_id
    intent = work.intent(origin_id)
    if _is_redelivered(command, work.waiting(origin_id), work.current(origin_id)):
        return  # Delivered again; its end will be told once.
    standing = OriginState(
        waiting=work.waiting(origin_id),
        current=work.current(origin_id),
        under_way=intent is not None and intent.sent,
        entry=work.entry(origin_id),
    )
    first: Plan | None = None

    def nothing_to_change() -> bool:
        nonlocal first
        first = _first_plan(state, command, standing.entry)
        return isinstance(first, Done) and first.kind is None

    reception = receive(command, standing, nothing_to_change)
    if reception is Reception.SUPERSEDED:
        _tell_superseded(state, work, command)
    elif reception is Reception.WAITS:
        replace_waiting(state, work, _with_version(waiting, command, standing.entry))
    elif reception is Reception.TAKES_OVER:
        _take_over(state, work, waiting, command)
    else:
        _settle_without_call(state, work, command, standing, first if isinstance(first, Done) else _WITHDRAWN)


def _with_version(waiting: Waiting, command: Command, entry: LedgerEntry | None) -> Waiting:
    """Verifying has no version: whatever is newer than what is seen takes its place."""
    if command.operation is not Operation.VERIFY or entry is None:
        return waiting
    return replace(waiting, sequence=entry.seen_sequence, mapped_at=entry.seen_mapped_at)


def _is_redelivered(command: Command, *known: Waiting | None) -> bool:
    return any(one is not None and one.command_id == command.command_id for one in known)


def _first_plan(state: PartitionState, command: Any, entry: LedgerEntry | None) -> Plan | None:
    """What would have to be done first for something that is known. A missing reference is no answer."""
    if entry is None or command.operation is not Operation.APPLY:
        return None
    return state.plan(Task(command=command, entry=with_destination(entry, command)))


def _take_over(state: PartitionState, work: UnitOfWork, waiting: Waiting, command: Command) -> None:
    """A person's decision: ``adopt`` goes first; ``resubmit`` lifts the review, and the newest goes."""
    origin_id = command.origin_id
    if command.operation is Operation.ADOPT:
        work.put_current(origin_id, waiting)
        return
    entry = work.entry(origin_id)
    if entry is not None:
        claims.release_claim(state, work, origin_id)
        work.put_entry(replace(entry, review=None))
    if work.waiting(origin_id) is None:
        work.put_waiting(origin_id, waiting)
    else:
        _tell_superseded(state, work, command)


def _settle_without_call(
    state: PartitionState, work: UnitOfWork, command: Any, standing: OriginState, plan: Done
) -> None:
    """Settled without a call: nothing to change, or a withdrawal of what was never sent."""
    entry = standing.entry or new_entry(command)
    for waiting in (standing.waiting, standing.current):
        if waiting is not None:
            _supersede(state, work, waiting)
    work.put_waiting(command.origin_id, None)
    work.put_current(command.origin_id, None)
    work.put_intent(command.origin_id, None)
    withdrawn = plan.kind is OutcomeKind.WITHDRAWN
    for letter_id in settled_letters(entry, command):
        work.settle_letter(letter_id, command.change_order_key)
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
    told = OutcomeDetails(
        kind=OutcomeKind.WITHDRAWN if withdrawn else OutcomeKind.UNCHANGED,
        reason=plan.reason,
        sentence=plan.sentence,
        remote=() if withdrawn else state.adapter.describe(entry),
    )
    state.add_outcome(work, command, told)


def _dry_run(state: PartitionState, work: UnitOfWork, command: Any) -> None:
    entry = work.entry(command.origin_id)
    preview = state.adapter.preview(Task(command=command, entry=with_destination(entry, command)))
    words = "The route is in the mode dry_run: nothing was sent; the preview holds what would have been."
    told = OutcomeDetails(kind=OutcomeKind.SKIPPED, reason="route.dry_run", sentence=words, preview=preview)
    state.add_outcome(work, command, told)


def _no_account(state: PartitionState, work: UnitOfWork, waiting: Waiting, command: Any) -> None:
    sentence = (
        f"The {command.system} account {command.account!r} is not in the configuration of the writer: add it "
        "under accounts (or correct the route), then send this letter again."
    )
    failure = Failure(kind=LetterKind.REJECTED, reason=f"{command.system}.account_unknown", sentence=sentence)
    letter = letter_of(waiting, command, failure, state.stage, state.clock.now())
    work.add_letter(letter)
    told = OutcomeDetails(
        kind=OutcomeKind.REJECTED,
        reason=failure.reason,
        sentence=sentence,
        letter_id=letter.letter_id,
    )
    state.add_outcome(work, command, told)


def _unreadable(state: PartitionState, work: UnitOfWork, record: Record, reason: str, found: str) -> None:
    kept = "are not kept here" if record.withheld else "are kept here untouched"
    sentence = (
        f"Record {record.offset} of partition {record.partition} of {record.topic} is no command of ours "
        f"({found}). Its bytes {kept}; whoever wrote it has to be found."
    )
    failure = Failure(kind=LetterKind.UNREADABLE, reason=reason, sentence=sentence)
    letter = new_letter(SourceRecord.of(record), failure, stage=state.stage, at=state.clock.now())
    work.add_letter(letter)
