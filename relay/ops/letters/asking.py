"""Which letters a person may decide about, by ``adopt`` or ``resubmit``."""

from __future__ import annotations

from collections.abc import Iterable

from operations.letters.open_letters import OpenLetter
from relay.domain.ledger import LedgerEntry


def takes_decision(found: OpenLetter, letters: Iterable[OpenLetter], entry: LedgerEntry | None) -> bool:
    """Whether a decision about the letter means anything; the writer would pass over any other.

    One that was rejected asks nothing, unless it was a decision that failed. A change order that waits for a decision
    gets one by any of its letters where the letter that asked is gone. ``letters`` are all that are open.
    """
    if entry is None:
        return False
    if entry.review is None:
        return found.asks and found.id in entry.letters
    return found.asks or asking(letters, entry) is None


def asking(letters: Iterable[OpenLetter], entry: LedgerEntry) -> OpenLetter | None:
    """The first open letter that asks for a decision about this change order at this target."""
    return next((one for one in letters if one.asks and one.letter.origin_id == entry.origin_id), None)
