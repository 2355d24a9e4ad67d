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


def summarised(life: History) -> tuple[dict[str, str], frozenset[str]]:
    """Of a person's story: the sentence that stands for a command, by its id, and what need not be told at all.

    The latter are ids of commands and of outcomes.
    """
    told: dict[str, str] = {}
    passed_over: set[str] = set()
    said: dict[str, str | None] = {}
    empty = [sent for sent in life.commands if _is_empty(sent, life)]
    for one in empty:
        command = one.command
        if said.get(command.origin_id, "") == command.reason:
            passed_over.add(command.command_id)
        else:
            told[command.command_id] = _sentence(one, life)
        said[command.origin_id] = command.reason
    about = {one.command.command_id for one in empty}
    return told, frozenset(passed_over | set(_quiet(life, about)))


def was_never_sent(entry: LedgerEntry) -> bool:
    """Whether nothing of it was ever sent to the target."""
    return entry.sent_sequence is None and entry.applied_sequence is None and not entry.parts


def _quiet(life: History, commands: set[str]) -> Iterator[str]:
    for outcome in life.outcomes:
        if outcome.command_id in commands and outcome.kind in _NO_NEWS:
            yield outcome.outcome_id


def _is_empty(sent: SentCommand, life: History) -> bool:
    if sent.command.operation is not Operation.WITHDRAW:
        return False
    origin_id = sent.command.origin_id
    same = [other for other in life.commands if other.command.origin_id == origin_id]
    wishes = [other.at for other in same if other.command.operation in _WISHES]
    if not wishes:  # Retention may have removed them; the ledger stays.
        entry = life.ledger.get(origin_id)
        return entry is None or was_never_sent(entry)
    return min(wishes) > sent.at and not _was_sent(origin_id, sent.at, life)


def _was_sent(origin_id: str, before: datetime, life: History) -> bool:
    return any(
        outcome.origin_id == origin_id and outcome.kind in _SENT and outcome.at <= before for outcome in life.outcomes
    )


def _sentence(sent: SentCommand, life: History) -> str:
    where, reason = place_of(sent.command), sent.command.reason
    if reason == reasons.NO_ITEMS:
        return f"It has nothing for {where}{_left_over(sent, life)}."
    if reason == reasons.DELETED:
        return f"It was deleted before anything of it went to {where}."
    if reason == reasons.STATUS_NOT_CARRIED:
        return f"Nothing of it goes to {where} while it is {_status(sent, life)}."
    return f"Nothing of it goes to {where}: {reason}."


def _left_over(sent: SentCommand, life: History) -> str:
    """Items without any target; where something of the revision is written, it is said there."""
    written = any(
        other.command.sequence == sent.command.sequence and other.command.operation in _WISHES
        for other in life.commands
    )
    items = sent.command.unplaced
    return f"; items that no target takes: {', '.join(items)}" if items and not written else ""


def _status(sent: SentCommand, life: History) -> str:
    for event in life.events:
        if event.sequence == sent.command.sequence:
            return event.change_order.status.value
    return "in this status"
