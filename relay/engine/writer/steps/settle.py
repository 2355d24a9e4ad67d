"""Step 5, settle: the end of a command, in one transaction with everything that follows from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from relay.domain.commands import Operation
from relay.domain.ledger import Intent, LedgerEntry, OrderState, Waiting
from relay.domain.outcomes import OutcomeKind
from relay.engine.letters import letter_of
from relay.engine.writer.adapter import C, Done, NeedsReview, Reject
from relay.engine.writer.outcomes import OutcomeDetails
from relay.engine.writer.state.claims import keep_claim, release_claim
from relay.engine.writer.state.ledger_updates import with_quarantine_until
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.unit_of_work import UnitOfWork

_MAPPED = (Operation.APPLY, Operation.WITHDRAW)
"""What a mapping asks for, and no person."""


def settle(state: PartitionState[C], work: UnitOfWork, origin_id: str, plan: Done | Reject | NeedsReview) -> None:
    """Ends the command in hand as ``plan`` says; where there is none, nothing happens."""
    order = work.order(origin_id)
    if order.record is None:
        return
    command = state.command(order.record.command)
    if isinstance(plan, Done):
        _settle_done(state, work, order.record, command, order.entry_for(command), plan)
    else:
        _settle_rejected(state, work, order.record, command, order, plan)
    work.put_intent(origin_id, None)
    if order.current is not None:
        work.put_current(origin_id, None)
    else:
        work.put_waiting(origin_id, None)


def _with_seen(entry: LedgerEntry, command: C) -> LedgerEntry:
    """Verifying has no version of its own; neither has anything older than what is seen."""
    if command.operation is Operation.VERIFY or command.version < entry.seen:
        return entry
    return replace(entry, seen_sequence=command.sequence, seen_mapped_at=command.mapped_at)


def _settle_done(
    state: PartitionState[C], work: UnitOfWork, record: Waiting, command: C, entry: LedgerEntry, plan: Done
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
    settled = _letters_settled_by(command, entry)
    work.settle_letters(settled, command.change_order_key)
    left = tuple(letter_id for letter_id in entry.letters if letter_id not in settled)
    if entry.review is not None:
        release_claim(state, work, entry.origin_id)
    work.put_entry(replace(entry, letters=left, review=None))
    details = OutcomeDetails(
        kind=kind, reason=plan.reason, sentence=plan.sentence, remote=state.adapter.describe(entry)
    )
    state.add_outcome(work, record, details)


def _letters_settled_by(command: C, entry: LedgerEntry) -> tuple[str, ...]:
    """Looking at the record again mends nothing that an earlier command failed over."""
    if command.operation is Operation.VERIFY:
        return (command.letter_id,) if command.letter_id else ()
    return entry.letters_settled_by(command)


def _settle_rejected(
    state: PartitionState[C],
    work: UnitOfWork,
    record: Waiting,
    command: C,
    order: OrderState,
    plan: Reject | NeedsReview,
) -> None:
    entry = order.entry_for(command)
    letter = letter_of(record, command, plan.failure, state.stage, state.clock.now())
    work.add_letter(letter)
    replaced = _replaced_letters(entry, command, letter.letter_id)
    work.settle_letters(replaced, command.change_order_key)
    kept = (letter_id for letter_id in entry.letters if letter_id not in replaced)
    entry = replace(_with_seen(entry, command), letters=tuple(dict.fromkeys((*kept, letter.letter_id))))
    if isinstance(plan, NeedsReview):
        entry = _with_review(entry, record, order.intent, plan, state.clock.now())
        if plan.keeps_claim and order.intent is not None and order.intent.exclusive is not None:
            keep_claim(state, work, command, order.intent)
    elif plan.rest > 0:
        entry = with_quarantine_until(entry, state.clock.now() + timedelta(seconds=plan.rest))
    work.put_entry(entry)
    details = OutcomeDetails(
        kind=plan.outcome,
        reason=plan.reason,
        sentence=plan.sentence,
        letter_id=letter.letter_id,
        remote=state.adapter.describe(entry),
    )
    state.add_outcome(work, record, details)


def _with_review(
    entry: LedgerEntry, record: Waiting, intent: Intent | None, plan: NeedsReview, at: datetime
) -> LedgerEntry:
    """The entry with what a person must decide about: the intent, or that a decision is awaited at all."""
    undecided = _undecided(record, at) if plan.held else None
    return replace(entry, review=intent or entry.review or undecided)


def _replaced_letters(entry: LedgerEntry, command: C, letter_id: str) -> tuple[str, ...]:
    """Letters about what an older mapping wanted: a person gets one letter of each record, the newest."""
    if entry.review is not None or command.operation not in _MAPPED or command.version < entry.seen:
        return ()
    return tuple(earlier for earlier in entry.letters if earlier != letter_id)


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
