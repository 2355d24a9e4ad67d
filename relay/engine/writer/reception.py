"""Step 1, receive: every command is taken off the lane at once, and only its end waits for the remote."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from relay.domain.commands import Command, Lane, Mode, Operation
from relay.domain.ledger import LedgerEntry, Waiting
from relay.domain.letters import LetterHeader, LetterKind
from relay.domain.outcomes import OutcomeKind
from relay.domain.receiving import Reception, Standing, receive
from relay.engine.crash_points import CrashPoint, reached
from relay.engine.kafka import WITHHELD, Partition, Record
from relay.engine.writer import reviewing, telling
from relay.engine.writer.books import Draft
from relay.engine.writer.carrier import Done, Plan, Task
from relay.engine.writer.desk import Desk, new_entry, with_destination
from relay.engine.writer.telling import Failure, Telling
from schemas import Unreadable

_SUPERSEDED = "A newer version of this change order is known; this one is not carried."
_LOOK_NOT_TAKEN = "No look is taken at the record: what waits or is under way for the change order tells what it says."
_WITHDRAWN = Done(kind=OutcomeKind.WITHDRAWN)


def take_in(desk: Desk, lane: Lane, records: Iterable[Record]) -> None:
    """One transaction: what the records become, and the offsets behind them."""
    draft = desk.books.draft()
    offsets = dict(desk.offsets)
    for record in records:
        desk.trace = record.headers
        _take(desk, draft, lane, record)
        offsets[Partition(record.topic, record.partition)] = record.offset + 1
    before, desk.offsets = desk.offsets, offsets
    reached(CrashPoint.WRITER_AFTER_RECEIVE)
    try:
        desk.commit(draft, CrashPoint.WRITER_BEFORE_RECEIVE_COMMIT, CrashPoint.WRITER_AFTER_RECEIVE_COMMIT)
    except BaseException:
        desk.offsets = before
        raise


def _take(desk: Desk, draft: Draft, lane: Lane, record: Record) -> None:
    if record.withheld:
        _unreadable(desk, draft, record, WITHHELD, str(record.withheld))
        return
    if record.value is None:
        _unreadable(desk, draft, record, "record.empty", "a record without a value")
        return
    try:
        command = desk.command(record.value)
    except Unreadable as error:
        _unreadable(desk, draft, record, error.reason, str(error))
        return
    waiting = _waiting(desk, lane, record, command)
    if command.mode is Mode.DRY_RUN:
        _dry_run(desk, draft, command)
    elif command.account not in desk.accounts:
        _no_account(desk, draft, waiting, command)
    else:
        _receive(desk, draft, waiting, command)


def _waiting(desk: Desk, lane: Lane, record: Record, command: Command) -> Waiting:
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


def _receive(desk: Desk, draft: Draft, waiting: Waiting, command: Any) -> None:
    origin_id = command.origin_id
    intent = draft.intent(origin_id)
    if _is_here(command, draft.waiting(origin_id), draft.current(origin_id)):
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
        replace_waiting(desk, draft, _placed(waiting, command, standing.entry))
    elif reception is Reception.TAKES_OVER:
        _take_over(desk, draft, waiting, command)
    else:
        _end_here(desk, draft, command, standing, first if isinstance(first, Done) else _WITHDRAWN)


def _placed(waiting: Waiting, command: Command, entry: LedgerEntry | None) -> Waiting:
    """Verifying has no version: whatever is newer than what is seen takes its place."""
    if command.operation is not Operation.VERIFY or entry is None:
        return waiting
    return replace(waiting, sequence=entry.seen_sequence, mapped_at=entry.seen_mapped_at)


def _is_here(command: Command, *known: Waiting | None) -> bool:
    return any(one is not None and one.command_id == command.command_id for one in known)


def _first_plan(desk: Desk, command: Any, entry: LedgerEntry | None) -> Plan | None:
    """What would have to be done first for something that is known. A missing reference is no answer."""
    if entry is None or command.operation is not Operation.APPLY:
        return None
    return desk.plan(Task(command=command, entry=with_destination(entry, command)))


def replace_waiting(desk: Desk, draft: Draft, waiting: Waiting) -> None:
    """``waiting`` is the next one; what waited before is superseded."""
    replaced = draft.waiting(waiting.origin_id)
    if replaced is not None:
        _supersede(desk, draft, replaced)
    draft.put_waiting(waiting.origin_id, waiting)


def _supersede(desk: Desk, draft: Draft, waiting: Waiting) -> None:
    _tell_superseded(desk, draft, desk.command(waiting.command))


def _tell_superseded(desk: Desk, draft: Draft, command: Command) -> None:
    sentence = _LOOK_NOT_TAKEN if command.operation is Operation.VERIFY else _SUPERSEDED
    desk.tell(draft, command, Telling(kind=OutcomeKind.SUPERSEDED, sentence=sentence))


def promote(desk: Desk, draft: Draft, origin_id: str) -> None:
    """Newest wins: between two calls the newer command takes the place of the current one.

    A person's ``adopt`` goes first: until it has ended, what waits may not be written at all.
    """
    waiting, current = draft.waiting(origin_id), draft.current(origin_id)
    if waiting is None or (current is not None and desk.command(current.command).operation is Operation.ADOPT):
        return
    if current is not None:
        _supersede(desk, draft, current)
        waiting = replace(waiting, touched=current.touched)
    draft.put_waiting(origin_id, None)
    draft.put_current(origin_id, waiting)


def _take_over(desk: Desk, draft: Draft, waiting: Waiting, command: Command) -> None:
    """A person's decision: ``adopt`` goes first; ``resubmit`` lifts the review, and the newest goes."""
    origin_id = command.origin_id
    if command.operation is Operation.ADOPT:
        draft.put_current(origin_id, waiting)
        return
    entry = draft.entry(origin_id)
    if entry is not None:
        reviewing.give_up_claim(desk, draft, origin_id)
        draft.put_entry(replace(entry, review=None))
    if draft.waiting(origin_id) is None:
        draft.put_waiting(origin_id, waiting)
    else:
        _tell_superseded(desk, draft, command)


def _end_here(desk: Desk, draft: Draft, command: Any, standing: Standing, plan: Done) -> None:
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
    told = Telling(
        kind=OutcomeKind.WITHDRAWN if withdrawn else OutcomeKind.UNCHANGED,
        reason=plan.reason,
        sentence=plan.sentence,
        remote=() if withdrawn else desk.carrier.describe(entry),
    )
    desk.tell(draft, command, told)


def settled_letters(entry: LedgerEntry, command: Command) -> tuple[str, ...]:
    """The letters that are done with once ``command`` has ended well."""
    listed = dict.fromkeys(entry.letters)
    if command.letter_id:
        listed[command.letter_id] = None
    return tuple(listed)


def _dry_run(desk: Desk, draft: Draft, command: Any) -> None:
    entry = draft.entry(command.origin_id)
    preview = desk.carrier.preview(Task(command=command, entry=with_destination(entry, command)))
    words = "The route is in the mode dry_run: nothing was sent; the preview holds what would have been."
    told = Telling(kind=OutcomeKind.SKIPPED, reason="route.dry_run", sentence=words, preview=preview)
    desk.tell(draft, command, told)


def _no_account(desk: Desk, draft: Draft, waiting: Waiting, command: Any) -> None:
    sentence = (
        f"The {command.system} account {command.account!r} is not in the configuration of the writer: add it "
        "under accounts (or correct the route), then send this letter again."
    )
    failure = Failure(kind=LetterKind.REJECTED, reason=f"{command.system}.account_unknown", sentence=sentence)
    letter = telling.letter_of(waiting, command, failure, desk.stage, desk.clock.now())
    draft.put_letter(letter)
    told = Telling(
        kind=OutcomeKind.REJECTED,
        reason=failure.reason,
        sentence=sentence,
        letter_id=letter.letter_id,
    )
    desk.tell(draft, command, told)


def _unreadable(desk: Desk, draft: Draft, record: Record, reason: str, found: str) -> None:
    kept = "are not kept here" if record.withheld else "are kept here untouched"
    sentence = (
        f"Record {record.offset} of partition {record.partition} of {record.topic} is no command of ours "
        f"({found}). Its bytes {kept}; whoever wrote it has to be found."
    )
    letter = telling.unreadable_letter(
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
    draft.put_letter(letter)
