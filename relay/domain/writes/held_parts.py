"""What of a ledger's entry carries money, and under which status it is held."""

from __future__ import annotations

from itertools import chain
from typing import Final

from relay.domain.change_order import Status
from relay.domain.ledger import LedgerEntry
from relay.domain.ledger_facts import CinxFact, CinxPart, ProcoreFact, ProcorePart, is_line
from relay.domain.procore_content import status_of_hash
from relay.domain.sources.procore import STATUSES

_ONE_TIER: Final = "1"


def parts_with_money(entry: LedgerEntry) -> frozenset[str]:
    """The parts with money that the remote holds: Procore's lines, also those that a comparison has struck, and CINX's
    POCOs, also where they say something else than was sent.
    """
    lines = {part for part in chain(entry.parts, entry.remote) if is_line(part)}
    ordered = CinxPart.POCO in entry.parts or CinxFact.GUID in entry.remote
    return frozenset(lines | ({CinxPart.POCO} if ordered else set()))


def accepted_status(entry: LedgerEntry) -> Status | None:
    """The status that was last accepted; ``None`` where the ledger has none, or none that is known.

    CINX knows orders only, and what is ordered is approved at the source. With one tier the package's status counts
    (Procore support, "Change Order Tier Settings").
    """
    if CinxFact.GUID in entry.remote or CinxPart.POCO in entry.parts:
        return Status.APPROVED
    part = entry.parts.get(_status_part(entry))
    status = status_of_hash(part.hash) if part else None
    return STATUSES.get(status) if status else None


def _status_part(entry: LedgerEntry) -> str:
    of_package = entry.remote.get(ProcoreFact.TIERS) == _ONE_TIER or ProcorePart.STATUS not in entry.parts
    return ProcorePart.PACKAGE_STATUS if of_package else ProcorePart.STATUS
