"""Step 1, receive: every command is taken off the lane at once, and only its end waits for the remote."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from relay.domain.commands import Command, Lane, Mode, Operation
from relay.domain.ledger import LedgerEntry, Waiting, new_entry, with_destination
from relay.domain.letters import LetterHeader, LetterKind
from relay.domain.outcomes import OutcomeKind
from relay.domain.receiving import Reception, Standing, receive
from relay.engine.kafka import Partition, Record
from relay.engine.letters import Failure, letter_of, unreadable_letter
from relay.engine.stages.crash_points import CrashPoint, reached
from relay.engine.writer.adapter import Done, Plan, Task
from relay.engine.writer.outcomes import OutcomeDetails
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.unit_of_work import UnitOfWork
from relay.engine.writer.state.waiting import _supersede, _tell_superseded, replace_waiting, settled_letters
from relay.engine.writer.steps import claims
from schemas import Unreadable

_WITHDRAWN = Done(kind=OutcomeKind.WITHDRAWN)


def receive_batch(desk: PartitionState, lane: Lane, records: Iterable[Record]) -> None:
    """One transaction: what the records become, and the offsets behind them."""
    draft = desk.begin()
    offsets = dict(desk.offsets)
    for record in records:
        desk.trace = record.headers
        _receive_record(desk, draft, lane, record)
        offsets[Partition(record.topic, record.partition)] = record.offset + 1
    before, desk.offsets = desk.offsets, offsets
    reached(CrashPoint.WRITER_AFTER_RECEIVE)
    try:
        desk.commit(draft, CrashPoint.WRITER_BEFORE_RECEIVE_COMMIT, CrashPoint.WRITER_AFTER_RECEIVE_COMMIT)
    except BaseException:
        desk.offsets = before
        raise


def _receive_record(desk: PartitionState, draft: UnitOfWork, lane: Lane, record: Record) -> None:
    if record.value is None:
        _unreadable(desk, draft, record, "record.empty", "a record without a value")
        return
    try:
        command = desk.command(record.value)
    except Unreadable as error:
        _unreadable(desk, draft, record, error.reason, str(error))
        return
    waiting = _waiting_of(desk, lane, record, command)
    if command.mode is Mode.DRY_RUN:
        _dry_run(desk, draft, command)
    elif command.account not in desk.accounts:
        _no_account(desk, draft, waiting, command)
    else:
        _receive_command(desk, draft, waiting, command)


def _waiting_of(desk: PartitionState, lane: Lane, record: Record, command: Command) -> Waiting:
    return Waiting(
        origin_id=command.origin_id,
        command_id=command.command_id,
        lane=lane,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        received_at=desk.clock.now(),
        sequence=command.sequence,
        mapped_at=command.mapped_at,
        record_key=record.key,
        command=record.value or b"",
        headers=tuple(LetterHeader(name=name, value=value) for name, value in record.headers),
    )


def _receive_command(desk: PartitionState, draft: UnitOfWork, waiting: Waiting, command: Any) -> None:
    origin_id = command.origin_id
    intent = draft.intent(origin_id)
    if _is_redelivered(command, draft.waiting(origin_id), draft.current(origin_id)):
        return  # Delivered again; its end will be told once.
    standing = Standing(
        waiting=draft.waiting(origin_id),
        current=draft.current(origin_id),
        under_way=intent is not None and intent.sent,
        entry=draft.entry(origin_id),
    )
    first: Plan | None = None

    def nothing_to_change() -> bool:
        nonlocal first
        first = _first_plan(desk, command, standing.entry)
        return isinstance(first, Done) and first.kind is None

    reception = receive(command, standing, nothing_to_change)
    if reception is Reception.SUPERSEDED:
        _tell_superseded(desk, draft, command)
    elif reception is Reception.WAITS:
        replace_waiting(desk, draft, _with_version(waiting, command, standing.entry))
    elif reception is Reception.TAKES_OVER:
        _take_over(desk, draft, waiting, command)
    else:
        _settle_without_call(desk, draft, command, standing, first if isinstance(first, Done) else _WITHDRAWN)


def _with_version(waiting: Waiting, command: Command, entry: LedgerEntry | None) -> Waiting:
    """Verifying has no version: whatever is newer than what is seen takes its place."""
    if command.operation is not Operation.VERIFY or entry is None:
        return waiting
    return replace(waiting, sequence=entry.seen_sequence, mapped_at=entry.seen_mapped_at)


def _is_redelivered(command: Command, *known: Waiting | None) -> bool:
    return any(one is not None and one.command_id == command.command_id for one in known)


def _first_plan(desk: PartitionState, command: Any, entry: LedgerEntry | None) -> Plan | None:
    """What would have to be done first for something that is known. A missing reference is no answer."""
    if entry is None or command.operation is not Operation.APPLY:
        return None
    return desk.plan(Task(command=command, entry=with_destination(entry, command)))


def _take_over(desk: PartitionState, draft: UnitOfWork, waiting: Waiting, command: Command) -> None:
    """A person's decision: ``adopt`` goes first; ``resubmit`` lifts the review, and the newest goes."""
    origin_id = command.origin_id
    if command.operation is Operation.ADOPT:
        draft.put_current(origin_id, waiting)
        return
    entry = draft.entry(origin_id)
    if entry is not None:
        claims.release_claim(desk, draft, origin_id)
        draft.put_entry(replace(entry, review=None))
    if draft.waiting(origin_id) is None:
        draft.put_waiting(origin_id, waiting)
    else:
        _tell_superseded(desk, draft, command)


def _settle_without_call(desk: PartitionState, draft: UnitOfWork, command: Any, standing: Standing, plan: Done) -> None:
    """Settled without a call: nothing to change, or a withdrawal of what was never sent."""
    entry = standing.entry or new_entry(command)
    for waiting in (standing.waiting, standing.current):
        if waiting is not None:
            _supersede(desk, draft, waiting)
    draft.put_waiting(command.origin_id, None)
    draft.put_current(command.origin_id, None)
    draft.put_intent(command.origin_id, None)
    withdrawn = plan.kind is OutcomeKind.WITHDRAWN
    for letter_id in settled_letters(entry, command):
        draft.settle_letter(letter_id, command.change_order_key)
    draft.put_entry(
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
        remote=() if withdrawn else desk.adapter.describe(entry),
    )
    desk.add_outcome(draft, command, told)


def _dry_run(desk: PartitionState, draft: UnitOfWork, command: Any) -> None:
    entry = draft.entry(command.origin_id)
    preview = desk.adapter.preview(Task(command=command, entry=with_destination(entry, command)))
    words = "The route is in the mode dry_run: nothing was sent; the preview holds what would have been."
    told = OutcomeDetails(kind=OutcomeKind.SKIPPED, reason="route.dry_run", sentence=words, preview=preview)
    desk.add_outcome(draft, command, told)


def _no_account(desk: PartitionState, draft: UnitOfWork, waiting: Waiting, command: Any) -> None:
    sentence = (
        f"The {command.system} account {command.account!r} is not in the configuration of the writer: add it "
        "under accounts (or correct the route), then send this letter again."
    )
    failure = Failure(kind=LetterKind.REJECTED, reason=f"{command.system}.account_unknown", sentence=sentence)
    letter = letter_of(waiting, command, failure, desk.stage, desk.clock.now())
    draft.add_letter(letter)
    told = OutcomeDetails(
        kind=OutcomeKind.REJECTED,
        reason=failure.reason,
        sentence=sentence,
        letter_id=letter.letter_id,
    )
    desk.add_outcome(draft, command, told)


def _unreadable(desk: PartitionState, draft: UnitOfWork, record: Record, reason: str, found: str) -> None:
    sentence = (
        f"Record {record.offset} of partition {record.partition} of {record.topic} is no command of ours "
        f"({found}). Its bytes are kept here untouched; whoever wrote it has to be found."
    )
    letter = unreadable_letter(
        stage=desk.stage,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        value=record.value,
        headers=record.headers,
        reason=reason,
        sentence=sentence,
        at=desk.clock.now(),
    )
    draft.add_letter(letter)
