"""One command beside the ledger's entry of its change order and what is cached of CINX."""

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
"""In an intent beside :data:`PART`: what the document itself says, to recognise it when it is read."""
MARK_DUE = "due"
_KIND = "poco"


@dataclass(frozen=True, slots=True)
class PlanContext:
    """Everything that the next step depends on.

    ``holders`` finds the ledger's entries of a POCO by its guid; all else is a value.
    """

    command: CinxCommand
    entry: LedgerEntry | None
    intent: Intent | None
    facts: CachedFacts
    holders: Callable[[str], Iterable[LedgerEntry]] = lambda _: ()

    def is_of_another(self, guid: str) -> bool:
        """Whether the ledger has a POCO as another change order's."""
        others = (entry for entry in self.holders(guid) if entry.origin_id != self.command.origin_id)
        return any(guid == entry.remote.get(CinxFact.GUID) or guid in dict(earlier(entry)) for entry in others)

    @property
    def payload(self) -> CinxPayload:
        """What is to be ordered; empty for a command without a payload."""
        return self.command.payload or CinxPayload(description="")

    @property
    def order(self) -> str:
        """The purchase order's number."""
        return self.command.destination.purchase_order

    def ledger_fact(self, name: str) -> str | None:
        """A fact of the ledger's entry (see :class:`CinxFact`); ``None`` where there is no entry, or no such fact."""
        return self.entry.remote.get(name) if self.entry else None

    @property
    def guid(self) -> str | None:
        """The guid of the change order's latest POCO."""
        return self.ledger_fact(CinxFact.GUID)

    @property
    def guids(self) -> tuple[str, ...]:
        """The guids of all its POCOs, the earliest first."""
        return poco_guids(self.entry)

    @property
    def wanted(self) -> str:
        """The hash of the payload, as the ledger keeps it."""
        return payload_part(self.payload)

    @property
    def is_accepted(self) -> bool:
        """Whether CINX holds what the payload says."""
        part = self.entry.parts.get(PART) if self.entry else None
        return part is not None and part.hash == self.wanted


def payload_part(payload: CinxPayload) -> str:
    """The hash of a payload, as the ledger keeps it."""
    return part_hash(payload)


def earlier(entry: LedgerEntry | None) -> list[tuple[str, str]]:
    """Guids and numbers of the POCOs before the latest."""
    text = entry.remote.get(CinxFact.EARLIER) if entry else None
    return [(str(guid), str(number)) for guid, number in json.loads(text)] if text else []


def poco_guids(entry: LedgerEntry | None) -> tuple[str, ...]:
    """The guids of all POCOs of an entry, the earliest first."""
    latest = entry.remote.get(CinxFact.GUID) if entry else None
    return (*(guid for guid, _ in earlier(entry)), *([latest] if latest else []))


def records(entry: LedgerEntry) -> tuple[RemoteRecord, ...]:
    """The POCOs of an entry, the latest first.

    Links are the configured pages; CINX documents none, and API addresses hold the token.
    """
    remote = entry.remote
    if CinxFact.GUID not in remote:
        return ()
    latest = RemoteRecord(
        kind=_KIND, remote_id=remote[CinxFact.GUID], number=remote.get(CinxFact.NUMBER), url=remote.get(CinxFact.URL)
    )
    before = [RemoteRecord(kind=_KIND, remote_id=guid, number=number or None) for guid, number in earlier(entry)]
    return (latest, *reversed(before))
