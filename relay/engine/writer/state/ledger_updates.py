"""What an answer teaches: the ledger's entry afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from relay.domain.commands import Command
from relay.domain.ledger import Intent, LedgerEntry, Part
from relay.domain.ledger_facts import LedgerFact
from relay.engine.writer.adapter import Accepted


def with_accepted(entry: LedgerEntry, result: Accepted) -> LedgerEntry:
    """The entry after what the remote accepted."""
    parts = {name: part for name, part in entry.parts.items() if name not in result.removed}
    for name, value in result.parts.items():
        parts[name] = Part(hash=value, person=name in result.person)
    for name in result.person - set(result.parts):
        if name in parts:
            parts[name] = replace(parts[name], person=True)
    return with_facts(replace(entry, parts=parts), result.remote)


def with_facts(entry: LedgerEntry, facts: Mapping[str, str]) -> LedgerEntry:
    """The entry with ``facts`` of the remote; an empty text strikes one."""
    merged = {name: value for name, value in {**entry.remote, **facts}.items() if value != ""}
    return replace(entry, remote=merged)


def with_doubted(entry: LedgerEntry, intent: Intent | None) -> LedgerEntry:
    """The entry with the parts that ``intent`` may have written, though another revision goes next."""
    if intent is None or not intent.sent or not intent.parts:
        return entry
    return with_facts(entry, {LedgerFact.DOUBTED: json.dumps(intent.parts, sort_keys=True)})


def with_ended_call(entry: LedgerEntry, intent: Intent | None, quarantine: float, sent: Command | None) -> LedgerEntry:
    """The entry once the outcome of a call is known and its intent goes.

    ``sent``: the command of which something may have reached the remote; ``None``: nothing can have. Where an answer
    to the intent was lost, different bytes wait ``quarantine`` seconds from then.
    """
    if sent is not None:
        entry = _with_sent_version(entry, sent)
    if intent is None or intent.ambiguous_at is None:
        return entry
    return with_quarantine_until(entry, intent.ambiguous_at + timedelta(seconds=quarantine))


def _with_sent_version(entry: LedgerEntry, command: Command) -> LedgerEntry:
    """The entry where something of ``command`` may have reached the remote."""
    if entry.sent_sequence is not None and entry.sent_sequence > command.sequence:
        return entry
    return replace(
        entry,
        sent_sequence=command.sequence,
        sent_payload_hash=command.payload_hash,
        balance=entry.known_balance,
    )


def with_quarantine_until(entry: LedgerEntry, until: datetime) -> LedgerEntry:
    """The entry whose different bytes wait until then, or longer where it says so already."""
    later = until if entry.different_after is None else max(until, entry.different_after)
    return replace(entry, different_after=later)
