"""In what state the remote keeps a record of ours: as it was last observed, else as the writer last read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from relay.domain.ledger import LedgerEntry
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind
from workers.cinx_submitter.situation import Fact


def latest_news(told: Iterable[ChangeOrderOutcome]) -> dict[str, ChangeOrderOutcome]:
    """The newest ``remote_status`` of each record, by the remote's id. ``told`` is in the order of time."""
    return {record.remote_id: one for one in told if one.kind is OutcomeKind.REMOTE_STATUS for record in one.remote}


def state(entry: LedgerEntry, news: Mapping[str, ChangeOrderOutcome]) -> str | None:
    """``state there: declined``, of the latest record; ``None`` where nothing is known, or there is none."""
    last = news.get(entry.remote.get(Fact.GUID, ""))
    if last is not None and last.reason:
        return f"state there: {last.reason.partition('.')[2].replace('_', ' ')}"
    read = entry.remote.get(Fact.STATE)
    return f"state there when it was last read: {read.lower()}" if read else None
