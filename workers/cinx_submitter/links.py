"""The POCOs of a ledger entry as records that a person can look up."""

from __future__ import annotations

from relay.domain.ledger import LedgerEntry
from relay.domain.outcomes import RemoteRecord
from workers.cinx_submitter.situation import Fact, earlier

_KIND = "poco"


def records(entry: LedgerEntry) -> tuple[RemoteRecord, ...]:
    """The latest first. Links are the configured pages; CINX documents none, and API addresses hold the token."""
    held = entry.remote
    if Fact.GUID not in held:
        return ()
    latest = RemoteRecord(kind=_KIND, remote_id=held[Fact.GUID], number=held.get(Fact.NUMBER), url=held.get(Fact.URL))
    before = [RemoteRecord(kind=_KIND, remote_id=guid, number=number or None) for guid, number in earlier(entry)]
    return (latest, *reversed(before))
