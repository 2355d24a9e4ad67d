"""One command beside the ledger's entry of its change order and what is cached of CINX."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain, islice, product

from relay.domain import quantities
from relay.domain.commands import CinxCommand, CinxLine, CinxPayload
from relay.domain.identity import part_hash
from relay.domain.ledger import Intent, LedgerEntry
from relay.domain.ledger_facts import CinxFact, CinxPart, LedgerFact
from relay.domain.outcomes import RemoteRecord
from workers.cinx_submitter.cache.cache import CachedFacts

PART = CinxPart.POCO
"""The one part of the ledger: the POCOs as a whole say what the payload says."""
LINES = "lines"
CONTENT = "content"
"""In an intent beside :data:`PART`: what the document itself says, to recognise it when it is read."""
MARK_DUE = "due"
KIND = "poco"
"""Of the remote's records, in outcomes and writes."""
_MOST_FORMER = 128
"""Ways in which a payload may have been written that are tried: all lines by the same rounding, then two ways for each
of seven lines. One that is not met becomes a person's question, never an order by itself."""


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
    def is_rebuilt(self) -> bool:
        """Whether the ledger was lost, and what it says now does not tell all that may have been ordered."""
        return self.ledger_fact(LedgerFact.REBUILT) is not None

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
        return part is not None and (part.hash == self.wanted or is_former(part.hash, self.payload))


def payload_part(payload: CinxPayload) -> str:
    """The hash of a payload, as the ledger keeps it."""
    return part_hash(payload)


def is_former(held: str, payload: CinxPayload) -> bool:
    """Whether the hash is that of the payload by the former rule for quantities.

    What was ordered so stays as it is until the change order itself changes.
    """
    return any(payload_part(former) == held for former in former_payloads(payload))


def former_payloads(payload: CinxPayload) -> Iterator[CinxPayload]:
    """What the payload may have been by the former rule for quantities; nothing where that makes no difference.

    Then quantities went out only where they made the amount to the last digit, and else one of the amount.
    """
    options = [tuple(dict.fromkeys(_by_former_rule(line))) for line in payload.lines]
    if all(len(lines) == 1 for lines in options):
        return
    alike = ([lines[min(place, len(lines) - 1)] for lines in options] for place in range(max(map(len, options))))
    for lines in islice(chain(alike, product(*options)), _MOST_FORMER):
        yield replace(payload, lines=tuple(lines))


def _by_former_rule(line: CinxLine) -> Iterator[CinxLine]:
    """What the line may have been, the likeliest first; the line itself last."""
    plain = quantities.without_quantity(line.description)
    if plain is not None and line.quantity == 1:
        yield replace(line, description=plain)
    elif line.quantity.is_finite() and line.unit_price.is_finite():
        exact = quantities.product(line.quantity, line.unit_price)
        if not quantities.in_whole_cents(exact):
            for amount in quantities.roundings(exact, quantities.ALL_ROUNDINGS):
                yield replace(line, quantity=Decimal(1), unit_price=amount)
    yield line


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
        kind=KIND, remote_id=remote[CinxFact.GUID], number=remote.get(CinxFact.NUMBER), url=remote.get(CinxFact.URL)
    )
    before = [RemoteRecord(kind=KIND, remote_id=guid, number=number or None) for guid, number in earlier(entry)]
    return (latest, *reversed(before))
