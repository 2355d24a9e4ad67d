"""Records under keys of ours that cannot be read fail closed: nothing is decided as if they were not there.

A change order of which the ledger's entry, the intent or the command in work cannot be read is frozen
(:meth:`.store.StateStore.order`): it stands as in a person's review, and only a decision about it goes on. A hold that
cannot be read holds. The record itself stays as it is until then, so that a release that can read it goes on with it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import structlog

from relay.domain import identity
from relay.domain.commands import Operation
from relay.domain.ledger import Hold, HoldKind, OrderState, Slot, Waiting
from relay.domain.letters import DeadLetter, LetterKind
from relay.engine.letters import Failure, letter_of, new_letter
from relay.engine.source_record import SourceRecord
from relay.engine.telemetry import events
from relay.engine.topics import CINX
from relay.engine.writer.adapter import C
from relay.engine.writer.state.claims import BEHIND_REVIEW, FOR_EVER, keep_claim
from relay.engine.writer.state.holds import scope_of
from relay.engine.writer.state.ledger_updates import with_quarantine_until
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.store import UnreadableRecord
from relay.engine.writer.state.transactions import TransactionKind
from relay.engine.writer.state.unit_of_work import UnitOfWork
from relay.engine.writer.state.waiting import supersede

_log = structlog.get_logger(__name__)

LEDGER_UNREADABLE = "ledger.unreadable"
INBOX_UNREADABLE = "inbox.unreadable"
FROZEN_REASONS = (LEDGER_UNREADABLE, INBOX_UNREADABLE)
"""Reasons of letters about what stands on the writer's own topics."""


def report_unreadable(state: PartitionState[C]) -> None:
    """Writes a letter about each unreadable record that was met since, unless it is open already.

    What is in work for a frozen change order waits from then on. Raises ``CommitFailed``.
    """
    met = state.store.take_unreported()
    if not met:
        return
    work, letters = state.begin(), list[DeadLetter]()
    for unreadable in met:
        _log.error(
            events.STATE_UNREADABLE,
            topic=unreadable.topic,
            partition=unreadable.partition,
            offset=unreadable.offset,
            key=unreadable.key,
            message=unreadable.why,
        )
        if unreadable.slot not in (Slot.HOLD, Slot.ACCOUNT):
            _leave_waiting(state, work, unreadable.subject)
        _hold_submissions(state, work, unreadable)
        letters.append(_letter_about(state, unreadable, state.store.order(unreadable.subject).record))
    told = state.open_among(letters)
    for letter in letters:
        if letter.letter_id not in told:
            work.add_letter(letter)
    if not work.is_empty:
        state.commit(work, TransactionKind.NOTE)


def _leave_waiting(state: PartitionState[C], work: UnitOfWork, origin_id: str) -> None:
    """The command in work of a frozen change order becomes the next one, unless a newer one is."""
    if not state.store.freezing(origin_id):
        return
    current, waiting = (state.store.inbox(slot, origin_id) for slot in (Slot.CURRENT, Slot.NEXT))
    if current is None or current.waiting is None:
        return
    if waiting is not None:
        supersede(state, work, current.waiting)
    work.leave_waiting(origin_id)


def _hold_submissions(state: PartitionState[C], work: UnitOfWork, unreadable: UnreadableRecord) -> None:
    """Which purchase order an unreadable intent claims is not known: it may be any of the account's."""
    if unreadable.slot is not Slot.INTENT or state.store.topics.family != CINX:
        return
    for tenant in map(str, state.tenants()):
        scope = scope_of(tenant, unreadable.subject)
        if work.inbox(Slot.HOLD, scope) is not None:
            continue
        sentence = (
            f"What was sent to {tenant} for {_named(unreadable.subject)} cannot be read, and may be open at any of its "
            "purchase orders: nothing else is submitted until a person has decided (`cor letters list`)."
        )
        now = state.clock.now()
        work.put_hold(
            scope,
            Hold(scope=scope, kind=HoldKind.DOUBT, reason=BEHIND_REVIEW, sentence=sentence, since=now, until=FOR_EVER),
        )


def _letter_about(state: PartitionState[C], unreadable: UnreadableRecord, record: Waiting | None) -> DeadLetter:
    """The letter about an unreadable record; it holds the newest command of its change order where there is one."""
    if record is None:
        return _letter_without_command(state, unreadable)
    return _letter_with_command(state, unreadable, record, state.command(record.command))


def renew_letters(state: PartitionState[C], work: UnitOfWork, received: Waiting, command: C) -> None:
    """Has the letters about a frozen change order hold ``command``, the newest."""
    for unreadable in state.store.freezing(received.origin_id):
        work.add_letter(_letter_with_command(state, unreadable, received, command))


def _letter_with_command(
    state: PartitionState[C], unreadable: UnreadableRecord, record: Waiting, command: C
) -> DeadLetter:
    """The letter about an unreadable record, by which a person decides; it holds a command of its change order.

    Its id follows from where the record stands, so that a later command, and a later owner, write the same letter.
    """
    letter_id = _source(unreadable).letter_id(state.stage)
    failure = _failure(unreadable, LetterKind.NEEDS_REVIEW)
    letter = letter_of(record, command, failure, state.stage, state.clock.now())
    return replace(letter, letter_id=letter_id)


def _letter_without_command(state: PartitionState[C], unreadable: UnreadableRecord) -> DeadLetter:
    root = identity.root_of(unreadable.subject)
    return new_letter(
        _source(unreadable),
        _failure(unreadable, LetterKind.UNREADABLE),
        stage=state.stage,
        at=state.clock.now(),
        change_order_key=root[0] if root else None,
        origin_id=unreadable.subject if root else None,
    )


def _source(unreadable: UnreadableRecord) -> SourceRecord:
    return SourceRecord(
        topic=unreadable.topic,
        partition=unreadable.partition,
        offset=unreadable.offset,
        key=unreadable.key.encode(),
        value=unreadable.value,
    )


def _failure(unreadable: UnreadableRecord, kind: LetterKind) -> Failure:
    reason = LEDGER_UNREADABLE if unreadable.slot is None else INBOX_UNREADABLE
    return Failure(kind=kind, reason=reason, sentence=_sentence(unreadable))


def _sentence(unreadable: UnreadableRecord) -> str:
    at = f"The record at offset {unreadable.offset} of {unreadable.topic}[{unreadable.partition}]"
    cannot = f"{at} with the key {unreadable.key!r} cannot be read ({unreadable.why})."
    if unreadable.slot is Slot.ACCOUNT:
        return f"{cannot} What it noted of the account is noted anew; settle this letter, and find out who wrote it."
    if unreadable.slot is Slot.HOLD:
        return (
            f"{cannot} It goes on holding what its key names. Find out who wrote it, write a record without a value "
            "under the key, and start the stage again."
        )
    if unreadable.slot is Slot.NEXT:
        return f"{cannot} A command may be lost that waited there: say `cor replay` for the change order."
    return (
        f"{cannot} What was sent for {_named(unreadable.subject)} is not known, and nothing is sent before a person "
        "decides. Look at the record in the remote system, then say `cor letters adopt` if it is right, or `cor "
        "letters resubmit` to have it sent once more. Where this letter holds no command, say `cor replay` for the "
        "change order first."
    )


def _named(origin_id: str) -> str:
    root = identity.root_of(origin_id)
    return root[0] if root else origin_id


def unreadable_hold(scope: str, since: datetime) -> Hold:
    """What an unreadable hold is taken for: one that ends by nothing but a person."""
    origin_id = scope.rpartition("/")[2]
    is_claim = identity.root_of(origin_id) is not None
    return Hold(
        scope=scope,
        kind=HoldKind.DOUBT if is_claim else HoldKind.TENANT_BLOCKED,
        reason=BEHIND_REVIEW if is_claim else INBOX_UNREADABLE,
        sentence=f"The record of this hold ({scope}) cannot be read, so that it holds: see `cor letters list`.",
        since=since,
        until=FOR_EVER,
    )


def decide_frozen(state: PartitionState[C], work: UnitOfWork, command: C, order: OrderState) -> OrderState:
    """Lets a person's decision stand in place of what could not be read; returns the order as it is then."""
    entry = order.entry
    if not order.frozen or entry is None:
        return order
    intent = order.open_intent
    if intent is not None and intent.exclusive is not None and command.operation is Operation.ADOPT:
        keep_claim(state, work, command, intent)
    letters = tuple(dict.fromkeys((*entry.letters, *((command.letter_id,) if command.letter_id else ()))))
    entry = replace(entry, destination=entry.destination or command.destination.name, letters=letters)
    entry = with_quarantine_until(entry, state.later(state.timing.quarantine))
    return work.thaw(entry)
