"""How large the ledger's entry of a command may become, before anything is written for it."""

from __future__ import annotations

from relay.domain.commands import TargetCommand
from relay.domain.ledger import LedgerEntry

_ENTRY = 16 * 1024
"""Bytes of what is no line: ids, header, status, packages, links, letters."""

_SMALL_ENTRY = 512
"""Bytes of an entry without parts."""

_PART = 40
"""Bytes of a part beside its name: its hash, and who has changed it."""

_AMOUNT = 12
"""Bytes of an amount in the balance beside its part's name."""

_LINE = 360
"""Bytes of a line beside its id: name, hash, amount and the remote's id, and all of it once more while a person has to
decide about a call that may have been sent."""

_NAMED = 6
"""How often a line's id stands in an entry at most: twice of these in the balance and in what the command changed."""


def entry_size(entry: LedgerEntry) -> int:
    """Bytes that an entry takes, roughly."""
    parts = sum(len(name) + _PART for name in entry.parts)
    parts += sum(len(name) + _AMOUNT for name in entry.balance.amounts) if entry.balance else 0
    return _SMALL_ENTRY + parts + sum(len(name) + len(value) for name, value in entry.remote.items())


def estimated_entry_size(command: TargetCommand) -> int:
    """Bytes that the entry takes at most, in the wire format."""
    lines = command.payload.lines if command.payload is not None else ()
    return _ENTRY + sum(_LINE + _NAMED * len(line.item_id.encode()) for line in lines)
