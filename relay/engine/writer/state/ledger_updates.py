"""What an answer teaches: the ledger's entry afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from relay.domain.ledger import LedgerEntry, Part, new_entry, with_destination
from relay.engine.writer.adapter import Accepted, Task
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.unit_of_work import UnitOfWork


def entry_of(work: UnitOfWork, task: Task[Any]) -> LedgerEntry:
    """The entry as it stands, or the first one of its origin id."""
    command = task.command
    return with_destination(work.entry(command.origin_id), command) or new_entry(command)


def with_accepted(entry: LedgerEntry, result: Accepted) -> LedgerEntry:
    """The entry after what the remote accepted."""
    parts = {name: part for name, part in entry.parts.items() if name not in result.removed}
    for name, value in result.parts.items():
        parts[name] = Part(hash=value, person=name in result.person)
    for name in result.person - set(result.parts):
        if name in parts:
            parts[name] = replace(parts[name], person=True)
    return replace(entry, parts=parts, remote=merged(entry.remote, result.remote))


def merged(known: Mapping[str, str], news: Mapping[str, str]) -> dict[str, str]:
    """``known`` with ``news``; an empty text strikes a fact."""
    return {name: value for name, value in {**known, **news}.items() if value != ""}


def with_sent_version(entry: LedgerEntry, command: Any) -> LedgerEntry:
    """Something of this command may have reached the remote."""
    if entry.sent_sequence is not None and entry.sent_sequence > command.sequence:
        return entry
    return replace(entry, sent_sequence=command.sequence, sent_payload_hash=command.payload_hash)


def with_quarantine(state: PartitionState, work: UnitOfWork, entry: LedgerEntry) -> LedgerEntry:
    """A lost request may be applied late: different bytes wait until that is impossible."""
    intent = work.intent(entry.origin_id)
    if intent is None or intent.ambiguous_at is None:
        return entry
    return with_quarantine_until(entry, intent.ambiguous_at + timedelta(seconds=state.timing.quarantine))


def with_quarantine_until(entry: LedgerEntry, until: datetime) -> LedgerEntry:
    """Different bytes wait until then."""
    later = until if entry.different_after is None else max(until, entry.different_after)
    return replace(entry, different_after=later)
