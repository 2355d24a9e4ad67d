"""Targets to which nothing of a change order had gone when it was to be withdrawn from there.

The mapper says ``withdraw`` to every target that the change order does not match, so that no older order can pass
later. Where there never was anything, that is no event in anybody's eyes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from operations.trace.history import History, SentCommand
from operations.wording import place_of
from relay.domain.commands import Operation
from relay.domain.ledger import LedgerEntry
from relay.domain.mapping import reasons
from relay.domain.outcomes import OutcomeKind

_NO_NEWS = frozenset({OutcomeKind.WITHDRAWN, OutcomeKind.SUPERSEDED, OutcomeKind.UNCHANGED})
_SENT = frozenset({OutcomeKind.APPLIED, OutcomeKind.SUBMITTED, OutcomeKind.NEEDS_REVIEW, OutcomeKind.REMOTE_STATUS})
_WISHES = frozenset({Operation.APPLY, Operation.ADOPT, Operation.RESUBMIT})


def summarised(history: History) -> tuple[dict[str, str], frozenset[str]]:
    """For people: sentences that stand for commands, by command id, and ids of what need not be shown at all.

    The latter are ids of commands and of outcomes.
    """
    sentences: dict[str, str] = {}
    left_out: set[str] = set()
    last_reasons: dict[str, str | None] = {}
    empty = [sent for sent in history.commands if _is_empty(sent, history)]
    for sent in empty:
        command = sent.command
        if last_reasons.get(command.origin_id, "") == command.reason:
            left_out.add(command.command_id)
        else:
            sentences[command.command_id] = _sentence(sent, history)
        last_reasons[command.origin_id] = command.reason
    command_ids = {sent.command.command_id for sent in empty}
    return sentences, frozenset(left_out | set(_without_news(history, command_ids)))


def was_never_sent(entry: LedgerEntry) -> bool:
    """Whether nothing of it was ever sent to the target."""
    return entry.sent_sequence is None and entry.applied_sequence is None and not entry.parts


def _without_news(history: History, command_ids: set[str]) -> Iterator[str]:
    for outcome in history.outcomes:
        if outcome.command_id in command_ids and outcome.kind in _NO_NEWS:
            yield outcome.outcome_id


def _is_empty(sent: SentCommand, history: History) -> bool:
    if sent.command.operation is not Operation.WITHDRAW:
        return False
    origin_id = sent.command.origin_id
    same = [other for other in history.commands if other.command.origin_id == origin_id]
    wishes = [other.at for other in same if other.command.operation in _WISHES]
    if not wishes:  # Retention may have removed them; the ledger stays.
        entry = history.ledger.get(origin_id)
        return entry is None or was_never_sent(entry)
    return min(wishes) > sent.at and not _was_sent(origin_id, sent.at, history)


def _was_sent(origin_id: str, before: datetime, history: History) -> bool:
    return any(
        outcome.origin_id == origin_id and outcome.kind in _SENT and outcome.at <= before
        for outcome in history.outcomes
    )


def _sentence(sent: SentCommand, history: History) -> str:
    where, reason = place_of(sent.command, history.names), sent.command.reason
    if reason == reasons.NO_ITEMS:
        return f"It has nothing for {where}{_left_over(sent, history)}."
    if reason == reasons.DELETED:
        return f"It was deleted before anything of it went to {where}."
    if reason == reasons.STATUS_NOT_CARRIED:
        return f"Nothing of it goes to {where} while it is {_status(sent, history)}."
    return f"Nothing of it goes to {where}: {reason}."


def _left_over(sent: SentCommand, history: History) -> str:
    """Items without any target; where something of the revision is written, it is said there."""
    written = any(
        other.command.sequence == sent.command.sequence and other.command.operation in _WISHES
        for other in history.commands
    )
    items = sent.command.unplaced
    return f"; items that no target takes: {', '.join(items)}" if items and not written else ""


def _status(sent: SentCommand, history: History) -> str:
    for event in history.events:
        if event.sequence == sent.command.sequence:
            return event.change_order.status.value
    return "in this status"
