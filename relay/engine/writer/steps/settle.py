"""Step 5, settle: the end of a command, in one transaction with everything that follows from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from relay.domain.commands import Operation
from relay.domain.ledger import Intent, LedgerEntry, Waiting, new_entry, with_destination
from relay.domain.letters import LetterKind
from relay.domain.outcomes import OutcomeKind
from relay.engine.letters import Failure, letter_of
from relay.engine.writer.adapter import Done, NeedsReview, Reject
from relay.engine.writer.outcomes import OutcomeDetails
from relay.engine.writer.state.ledger_updates import with_quarantine_until
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.unit_of_work import UnitOfWork
from relay.engine.writer.state.waiting import settled_letters
from relay.engine.writer.steps import claims

_WISHES = (Operation.APPLY, Operation.WITHDRAW)


def settle(state: PartitionState, work: UnitOfWork, origin_id: str, plan: Done | Reject | NeedsReview) -> None:
    """The command in hand has ended as ``plan`` says."""
    record = work.current(origin_id) or work.waiting(origin_id)
    if record is None:
        return
    command = state.command(record.command)
    entry = with_destination(work.entry(origin_id), command) or new_entry(command)
    if isinstance(plan, Done):
        _settle_done(state, work, record, command, entry, plan)
    else:
        _settle_rejected(state, work, record, command, entry, plan)
    work.put_intent(origin_id, None)
    if work.current(origin_id) is not None:
        work.put_current(origin_id, None)
    else:
        work.put_waiting(origin_id, None)


def _with_seen(entry: LedgerEntry, command: Any) -> LedgerEntry:
    """Verifying has no version of its own; neither has anything older than what is seen."""
    if command.operation is Operation.VERIFY or command.version < entry.seen:
        return entry
    return replace(entry, seen_sequence=command.sequence, seen_mapped_at=command.mapped_at)


def _settle_done(
    state: PartitionState, work: UnitOfWork, record: Waiting, command: Any, entry: LedgerEntry, plan: Done
) -> None:
    kind = plan.kind or (OutcomeKind.APPLIED if record.touched else OutcomeKind.UNCHANGED)
    entry = _with_seen(entry, command)
    if plan.kind is None and command.operation is not Operation.VERIFY:
        entry = replace(
            entry,
            applied_sequence=command.sequence,
            applied_payload_hash=command.payload_hash,
            withdrawn=False,
        )
    elif kind is OutcomeKind.WITHDRAWN:
        entry = replace(entry, withdrawn=True)
    settled = _settled_entry(entry, command)
    for letter_id in settled:
        work.settle_letter(letter_id, command.change_order_key)
    left = tuple(letter_id for letter_id in entry.letters if letter_id not in settled)
    if entry.review is not None:
        claims.release_claim(state, work, entry.origin_id)
    work.put_entry(replace(entry, letters=left, review=None))
    told = OutcomeDetails(
        kind=kind,
        reason=plan.reason,
        sentence=plan.sentence,
        remote=state.adapter.describe(entry),
    )
    state.add_outcome(work, command, told)


def _settled_entry(entry: LedgerEntry, command: Any) -> tuple[str, ...]:
    """Looking at the record again mends nothing that an earlier command failed over."""
    if command.operation is Operation.VERIFY:
        return (command.letter_id,) if command.letter_id else ()
    return settled_letters(entry, command)


def _settle_rejected(
    state: PartitionState,
    work: UnitOfWork,
    record: Waiting,
    command: Any,
    entry: LedgerEntry,
    plan: Reject | NeedsReview,
) -> None:
    review = isinstance(plan, NeedsReview)
    failure = Failure(
        kind=LetterKind.NEEDS_REVIEW if review else LetterKind.REJECTED,
        reason=plan.reason,
        sentence=plan.sentence,
        remote_answer=plan.remote_answer if isinstance(plan, Reject) else "",
        sides=plan.sides,
    )
    letter = letter_of(record, command, failure, state.stage, state.clock.now())
    work.add_letter(letter)
    intent = work.intent(record.origin_id)
    replaced = _with_letter(entry, command, letter.letter_id)
    for letter_id in replaced:
        work.settle_letter(letter_id, command.change_order_key)
    letters = dict.fromkeys((*(one for one in entry.letters if one not in replaced), letter.letter_id))
    entry = replace(_with_seen(entry, command), letters=tuple(letters))
    if isinstance(plan, Reject) and plan.rest > 0:
        entry = with_quarantine_until(entry, state.clock.now() + timedelta(seconds=plan.rest))
    if isinstance(plan, NeedsReview):
        undecided = _undecided(record, state.clock.now()) if plan.held else None
        entry = replace(entry, review=intent or entry.review or undecided)
        if plan.keeps_claim and intent is not None and intent.exclusive is not None:
            claims.keep_claim(state, work, command, intent)
    work.put_entry(entry)
    told = OutcomeDetails(
        kind=OutcomeKind.NEEDS_REVIEW if review else OutcomeKind.REJECTED,
        reason=plan.reason,
        sentence=plan.sentence,
        letter_id=letter.letter_id,
        remote=state.adapter.describe(entry),
    )
    state.add_outcome(work, command, told)


def _with_letter(entry: LedgerEntry, command: Any, letter_id: str) -> tuple[str, ...]:
    """Letters about what an older mapping wanted: a person gets one letter of each record, the newest."""
    if entry.review is not None or command.operation not in _WISHES or command.version < entry.seen:
        return ()
    return tuple(one for one in entry.letters if one != letter_id)


def _undecided(record: Waiting, at: datetime) -> Intent:
    """What a decision is awaited about where nothing was sent."""
    return Intent(
        origin_id=record.origin_id,
        command_id=record.command_id,
        step="undecided",
        parts={},
        bytes_hash="",
        intended_at=at,
        sent=False,
    )
