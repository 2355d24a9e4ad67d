"""The source's shares, writes and records put together: an entry for each change order at each place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from operations.reconcile.books import OurHolding, Place, Record, SourceShare
from operations.reconcile.compare import Entry
from operations.reconcile.evidence import Evidence

NONE_TOLD = Evidence(why=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """What calls that may be out would write: amounts of lines and totals, and statuses."""

    amounts: frozenset[Decimal] = frozenset()
    statuses: frozenset[str] = frozenset()


EvidenceOf = Callable[[str, str | None], Evidence]
"""Of a change order, by its key, at a place, by its origin id."""
AtPlace = tuple[str, str | None]
"""A change order, by its key, at a place, by its origin id."""
UnderWayOf = Callable[[Collection[AtPlace]], Mapping[AtPlace, UnderWay]]
"""Of all of them at once."""


def entries_of(
    shares: Sequence[SourceShare],
    written: Mapping[str, OurHolding],
    records: Sequence[Record],
    place_of: Callable[[OurHolding], Place],
    evidence_of: EvidenceOf,
    under_way_of: UnderWayOf,
) -> list[Entry]:
    """All of them. A record belongs to the origin id that it carries, or that has written it by its id."""
    owners = {
        (one.system, one.account, record_id): one.origin_id for one in written.values() for record_id in one.record_ids
    }
    by_place: dict[tuple[Place, str], _Parts] = defaultdict(_Parts)
    for share in shares:
        by_place[share.place, share.origin_id or f"{share.key}/{share.target}"].shares.append(share)
    for one in written.values():
        by_place[place_of(one), one.origin_id].written = one
    for record in records:
        owner = owners.get((record.place.system, record.place.account, record.record_id), record.origin_id)
        by_place[record.place, owner or f"record {record.record_id}"].records.append(record)
    return _moving([_entry(place, name, parts, evidence_of) for (place, name), parts in by_place.items()], under_way_of)


class _Parts:
    def __init__(self) -> None:
        self.shares: list[SourceShare] = []
        self.written: OurHolding | None = None
        self.records: list[Record] = []


def _entry(place: Place, name: str, parts: _Parts, evidence_of: EvidenceOf) -> Entry:
    # Of a record that was made again, the one that is there.
    shares = sorted(parts.shares, key=lambda share: share.status == "deleted")
    key = shares[0].key if shares else parts.written.key if parts.written else _root(parts.records)
    origin_id = name if name.startswith("cor:") else None
    return Entry(
        place=place,
        shares=tuple(shares),
        written=parts.written,
        records=tuple(_rounded_as_written(parts.records, parts.written)),
        evidence=evidence_of(key, origin_id) if key and place.is_contract else NONE_TOLD,
    )


def _moving(entries: Sequence[Entry], under_way_of: UnderWayOf) -> list[Entry]:
    """With what calls that may be out would write, where a record may differ from what was written because of them."""
    places = [_under_way_at(entry) for entry in entries]
    moving = under_way_of({place for place in places if place is not None})
    return [
        entry if place is None else replace(entry, wanted=moving[place].amounts, statuses=moving[place].statuses)
        for entry, place in zip(entries, places, strict=True)
    ]


def _under_way_at(entry: Entry) -> AtPlace | None:
    """``None``: nothing is out, or nothing stands there that was written before."""
    written = entry.written
    if not entry.evidence.under_way or written is None or all(record.deleted for record in entry.records):
        return None
    return (entry.shares[0].key if entry.shares else written.key), written.origin_id


def _root(records: Sequence[Record]) -> str | None:
    from relay.domain.identity import root_of  # noqa: PLC0415 - of records that nothing else tells of

    named = next((root_of(record.origin_id) for record in records if record.origin_id), None)
    return named[0] if named else None


def _rounded_as_written(records: Iterable[Record], written: OurHolding | None) -> list[Record]:
    """Where a remote states prices and no amounts, a half cent is rounded as it was when it was written."""
    found = list(records)
    spans = [record.span for record in found if not record.deleted]
    if written is None or written.total is None or not spans or None in spans:
        return found
    least = sum((span[0] for span in spans if span), Decimal(0))
    most = sum((span[1] for span in spans if span), Decimal(0))
    total = sum((record.total or Decimal(0) for record in found if not record.deleted), Decimal(0))
    if total == written.total or not least <= written.total <= most:
        return found
    place = next(at for at, record in enumerate(found) if not record.deleted)
    amount = (found[place].total or Decimal(0)) + written.total - total
    return [replace(record, total=amount) if at == place else record for at, record in enumerate(found)]
