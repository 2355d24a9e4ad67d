"""Which dataclass stands for which schema."""

from __future__ import annotations

from relay.domain.commands import CinxCommand, ProcoreCommand
from relay.domain.control import Control
from relay.domain.directory import DirectoryEntry
from relay.domain.events import ChangeOrderObserved
from relay.domain.ledger import InboxRecord, LedgerEntry
from relay.domain.letters import DeadLetter
from relay.domain.outcomes import ChangeOrderOutcome
from relay.domain.records import NameRecord, OperatorAction, PollState
from relay.domain.writes.remote_writes import RemoteWrite

RECORD_TYPES: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        ChangeOrderObserved,
        ProcoreCommand,
        CinxCommand,
        InboxRecord,
        LedgerEntry,
        ChangeOrderOutcome,
        DeadLetter,
        PollState,
        NameRecord,
        OperatorAction,
        Control,
        RemoteWrite,
        DirectoryEntry,
    )
}
"""The dataclass of every record that stands on a topic, by its schema's name; the records inside it follow from it."""
