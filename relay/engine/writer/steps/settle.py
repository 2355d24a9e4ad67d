"""Step 5, settle: the end of a command, in one transaction with everything that follows from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from relay.domain.commands import Operation
from relay.domain.ledger import Intent, LedgerEntry, OrderState, Waiting
from relay.domain.letters import DEFECT, DeadLetter
from relay.domain.outcomes import OutcomeKind
from relay.engine.letters import letter_of
from relay.engine.telemetry import events
from relay.engine.writer.adapter import C, Done, NeedsReview, Reject
from relay.engine.writer.outcomes import OutcomeDetails
from relay.engine.writer.state.claims import keep_claim, release_claim
from relay.engine.writer.state.ledger_updates import with_ended_call, with_quarantine_until
from relay.engine.writer.state.partition_state import FAILURES_OF_ALL, PartitionState
from relay.engine.writer.state.quarantine import seconds_in_flight
from relay.engine.writer.state.scheduler import Delay
from relay.engine.writer.state.unit_of_work import RecordWork, UnitOfWork
from schemas import Unwritable

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ending:
    """What a command's end leaves: the ledger's entry, letters that are done with, and perhaps a new one."""

    entry: LedgerEntry
    details: OutcomeDetails
    settled_letters: tuple[str, ...]
    letter: DeadLetter | None = None


def settle(state: PartitionState[C], work: UnitOfWork, order: OrderState, plan: Done | Reject | NeedsReview) -> None:
    """Ends the command in hand as ``plan`` says; where there is none, nothing happens."""
    record = order.record
    if record is None:
        return
    command = state.command(record.command)
    entry = order.entry_for(command)
    if isinstance(plan, Done):
        ending = _done(state, record, command, entry, plan)
    else:
        ending = _rejected(state, record, command, entry, order.intent, plan)
    _follow_claim(state, work, order, command, plan)
    state.add_outcome(work, record, replace(ending.details, entry=ending.entry))
    if ending.letter is not None:
        work.add_letter(ending.letter)
    work.settle_letters(ending.settled_letters, command.change_order_key)
    work.put_entry(replace(ending.entry, changed=()))
    work.end_record(record.origin_id)


def settle_sent(
    state: PartitionState[C], work: UnitOfWork, order: OrderState, command: C, plan: Done | NeedsReview | Reject
) -> None:
    """Ends the command in hand where something of ``command`` may have reached the remote, or still may."""
    entry = entry_once_sent(state, order, command)
    work.put_entry(entry)
    settle(state, work, replace(order, entry=entry), plan)


def entry_once_sent(state: PartitionState[C], order: OrderState, command: C) -> LedgerEntry:
    """The ledger's entry without the open intent, of which something may have reached the remote, or still may."""
    intent = order.intent
    entry = with_ended_call(order.entry_for(command), intent, state.timing.quarantine, command)
    seconds = seconds_in_flight(state, intent)
    return with_quarantine_until(entry, state.later(seconds)) if seconds > 0 else entry


def settle_defect(state: PartitionState[C], work: UnitOfWork, origin_id: str, error: Exception) -> bool:
    """Ends the command in hand over which the relay itself failed, with a letter; returns whether it could.

    Where something of it may be under way, or not even that can be said, it waits instead.
    """
    reason = error.reason if isinstance(error, Unwritable) else DEFECT
    failed = f"The relay itself failed over this change order ({type(error).__name__}: {error})."
    sentence = f"{failed} Nothing was sent. Report it, and send this letter again once it is mended."
    order = work.order(origin_id)
    if order.open_intent is None:
        own = UnitOfWork(work)
        try:
            settle(state, own, order, Reject(reason=reason, sentence=sentence))
        except FAILURES_OF_ALL:
            raise
        except Exception:  # noqa: BLE001 - what does not even end so waits; the neighbours go on
            _log.exception(events.RECORD_DEFECT, stage=state.stage, subject=origin_id)
        else:
            work.add(RecordWork(own, lambda replacement, error: None))
            return True
    state.scheduler.delay(origin_id, Delay(state.running_in(state.timing.backoff.longest), reason, sentence))
    return False


def _follow_claim(
    state: PartitionState[C], work: UnitOfWork, order: OrderState, command: C, plan: Done | Reject | NeedsReview
) -> None:
    """A review keeps what its intent claims; the end of a review gives it up."""
    intent = order.intent
    if isinstance(plan, Done) and order.in_review:
        release_claim(state, work, command.origin_id)
    elif isinstance(plan, NeedsReview) and plan.keeps_claim and intent is not None and intent.exclusive is not None:
        keep_claim(state, work, command, intent)


def _with_seen(entry: LedgerEntry, command: C) -> LedgerEntry:
    """Verifying has no version of its own; neither has anything older than what is seen."""
    if command.operation is Operation.VERIFY or command.version < entry.seen:
        return entry
    return replace(entry, seen_sequence=command.sequence, seen_mapped_at=command.mapped_at)


def _done(state: PartitionState[C], record: Waiting, command: C, entry: LedgerEntry, plan: Done) -> _Ending:
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
    left = tuple(letter_id for letter_id in entry.letters if letter_id not in settled)
    remote = state.adapter.describe(entry)
    return _Ending(
        entry=replace(entry, letters=left, review=None),
        details=OutcomeDetails(kind=kind, reason=plan.reason, sentence=plan.sentence, remote=remote),
        settled_letters=settled,
    )


def _letters_settled_by(command: C, entry: LedgerEntry) -> tuple[str, ...]:
    """Looking at the record again mends nothing that an earlier command failed over."""
    if command.operation is Operation.VERIFY:
        return (command.letter_id,) if command.letter_id else ()
    return entry.letters_settled_by(command)


def _rejected(
    state: PartitionState[C],
    record: Waiting,
    command: C,
    entry: LedgerEntry,
    intent: Intent | None,
    plan: Reject | NeedsReview,
) -> _Ending:
    now = state.clock.now()
    letter = letter_of(record, command, plan.failure, state.stage, now)
    replaced = _replaced_letters(entry, command, letter.letter_id)
    kept = (letter_id for letter_id in entry.letters if letter_id not in replaced)
    entry = replace(_with_seen(entry, command), letters=tuple(dict.fromkeys((*kept, letter.letter_id))))
    if isinstance(plan, NeedsReview):
        entry = _with_review(entry, record, intent, plan, now)
    elif plan.rest > 0:
        entry = with_quarantine_until(entry, now + timedelta(seconds=plan.rest))
    details = OutcomeDetails(
        kind=plan.outcome,
        reason=plan.reason,
        sentence=plan.sentence,
        letter_id=letter.letter_id,
        remote=state.adapter.describe(entry),
    )
    return _Ending(entry=entry, details=details, settled_letters=replaced, letter=letter)


def _with_review(
    entry: LedgerEntry, record: Waiting, intent: Intent | None, plan: NeedsReview, at: datetime
) -> LedgerEntry:
    """The entry with what a person must decide about: the intent, or that a decision is awaited at all."""
    undecided = _undecided(record, at) if plan.held else None
    return replace(entry, review=intent or entry.review or undecided)


def _replaced_letters(entry: LedgerEntry, command: C, letter_id: str) -> tuple[str, ...]:
    """Letters about what an older mapping wanted: a person gets one letter of each record, the newest."""
    if entry.review is not None or not command.operation.is_mapped or command.version < entry.seen:
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
