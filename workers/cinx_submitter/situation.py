"""One command beside what the ledger and the memory hold of its change order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from relay.domain.commands import CinxCommand, CinxPayload
from relay.domain.identity import part_hash
from relay.domain.ledger import Intent, LedgerEntry
from relay.domain.ledger_facts import CinxFact
from relay.domain.outcomes import RemoteRecord
from workers.cinx_submitter.cache.cache import CachedFacts

PART = "poco"
"""The one part of the ledger: the POCOs as a whole say what the payload says."""
LINES = "lines"
CONTENT = "content"
"""In an intent beside :data:`PART`: what the document itself says, to know it again when it is read."""
MARK_DUE = "due"


@dataclass(frozen=True, slots=True)
class PlanContext:
    """Everything that the next step depends on; planning is a pure function of it."""

    command: CinxCommand
    entry: LedgerEntry | None
    intent: Intent | None
    known: CachedFacts
    holders: Callable[[str], Iterable[LedgerEntry]] = lambda _: ()

    def is_of_another(self, guid: str) -> bool:
        """Whether the ledger knows a POCO as another change order's."""
        others = (entry for entry in self.holders(guid) if entry.origin_id != self.command.origin_id)
        return any(guid == entry.remote.get(CinxFact.GUID) or guid in dict(earlier(entry)) for entry in others)

    @property
    def payload(self) -> CinxPayload:
        """What is to be said. Nobody asks where there is none."""
        return self.command.payload or CinxPayload(description="")

    @property
    def order(self) -> str:
        """The purchase order's number."""
        return self.command.destination.purchase_order

    def fact(self, name: str) -> str | None:
        """What the ledger remembers of the remote."""
        return self.entry.remote.get(name) if self.entry else None

    @property
    def guid(self) -> str | None:
        """The latest POCO of the change order."""
        return self.fact(CinxFact.GUID)

    @property
    def guids(self) -> tuple[str, ...]:
        """All its POCOs, the earliest first."""
        latest = self.guid
        return (*(guid for guid, _ in earlier(self.entry)), *([latest] if latest else []))

    @property
    def wanted(self) -> str:
        """The hash of what is to be said."""
        return payload_part(self.payload)

    @property
    def is_accepted(self) -> bool:
        """Whether CINX holds what is to be said."""
        part = self.entry.parts.get(PART) if self.entry else None
        return part is not None and part.hash == self.wanted


def payload_part(payload: CinxPayload) -> str:
    """The hash of a payload, as the ledger keeps it."""
    return part_hash(payload)


def earlier(entry: LedgerEntry | None) -> list[tuple[str, str]]:
    """Guids and numbers of the POCOs before the latest."""
    text = entry.remote.get(CinxFact.EARLIER) if entry else None
    return [(str(guid), str(number)) for guid, number in json.loads(text)] if text else []


_KIND = "poco"


def records(entry: LedgerEntry) -> tuple[RemoteRecord, ...]:
    """The latest first. Links are the configured pages; CINX documents none, and API addresses hold the token."""
    held = entry.remote
    if CinxFact.GUID not in held:
        return ()
    latest = RemoteRecord(
        kind=_KIND, remote_id=held[CinxFact.GUID], number=held.get(CinxFact.NUMBER), url=held.get(CinxFact.URL)
    )
    before = [RemoteRecord(kind=_KIND, remote_id=guid, number=number or None) for guid, number in earlier(entry)]
    return (latest, *reversed(before))
