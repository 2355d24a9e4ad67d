"""The report of a project: as it had been observed by a time, or with what was read of the remotes just now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from operations.reconcile import recorded
from operations.reconcile.books import Place, Record, SourceShare, StatedAmounts, SystemRead
from operations.reconcile.compare import Compared, compare
from operations.reconcile.entries import entries_of
from operations.reconcile.evidence import Evidence
from operations.reconcile.project import ProjectBooks
from operations.reconcile.records import observed_record
from operations.reconcile.source_shares import counts, merged, why_nowhere
from operations.reconcile.statement import ContractStatement, NotCounted, Reconciliation, sides_of
from relay.domain.events import Change, ChangeOrderObserved
from workers.views.amounts import milliseconds
from workers.views.tables import DESTINATIONS

Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteBooks:
    """What is known of the remotes. ``events``: of the source now, ``None``: as it was observed.

    ``cannot_tell``: why what is at a contract is not known.
    """

    records: Sequence[Record]
    stated: Mapping[Place, StatedAmounts]
    reads: tuple[SystemRead, ...]
    cannot_tell: Mapping[Place, str]
    events: Sequence[ChangeOrderObserved] | None = None
    calls: int = 0
    live: bool = False


def as_recorded(books: ProjectBooks) -> RemoteBooks:
    """What had been observed of the remotes by the time of the books."""
    packages = _packages(books)
    records, strays = [], set()
    for contract, event in recorded.observed_records(books.connection, books.places, books.at):
        place = _place_of(books, contract, event)
        if place is not None:
            records.append(observed_record(event, place, packages.get(event.origin_id or "")))
        elif contract is None and event.change is not Change.DELETED:
            strays.add((event.system, event.account, event.project or ""))
    reads = _reads(books, records)
    unread = {(read.system, read.account) for read in reads if read.at is None}
    cannot_tell = {
        place: "a record of its project was observed, and its contract not"
        for place in books.places
        if (place.system, place.account, place.project) in strays
    }
    cannot_tell |= {
        place: "nothing of it had been read there by then"
        for place in books.places
        if (place.system, place.account) in unread
    }
    stated = {place: _until(one, books.at) for place, one in books.stated.items()}
    return RemoteBooks(records=records, stated=stated, reads=reads, cannot_tell=cannot_tell)


def _until(stated: StatedAmounts, at: datetime) -> StatedAmounts:
    """The directory keeps one reading: what was read after ``at`` says nothing of the amounts then."""
    if stated.read_at is None or stated.read_at <= at:
        return stated
    return replace(stated, original=None, approved=None, pending=None, revised=None)


def _place_of(books: ProjectBooks, contract: str | None, event: ChangeOrderObserved) -> Place | None:
    """The contract of a record that was observed; one of ours is where it was written, whatever tells its contract."""
    written = books.written.get(event.origin_id or "")
    if written is not None and (written.system, written.account) == (event.system, event.account):
        return books.place_of(written)
    return next(
        (
            place
            for place in books.places
            if (place.system, place.account, place.contract) == (event.system, event.account, contract)
        ),
        None,
    )


def _packages(books: ProjectBooks) -> dict[str, str]:
    """By origin id the package that the remote was last seen to have a record in."""
    query = DESTINATIONS.select().where(DESTINATIONS.c.remote_package.is_not(None))
    until = milliseconds(books.at) or 0
    found = {}
    for part in recorded.in_parts(books.written.keys()):
        for row in books.connection.execute(query.where(DESTINATIONS.c.origin_id.in_(part))):
            if row.facts_at <= until:
                found[row.origin_id] = row.remote_package
    return found


def _reads(books: ProjectBooks, records: Iterable[Record]) -> tuple[SystemRead, ...]:
    seen: dict[Key, list[datetime]] = {(system, account): [] for system, account, _ in books.projects}
    seen |= {(place.system, place.account): [] for place in books.places}
    for event in books.events.values():
        seen.setdefault((event.system, event.account), []).append(event.observed_at)
    for record in records:
        seen[record.place.system, record.place.account].append(record.read_at)
    for key in seen:
        polled = recorded.last_poll(books.connection, *key, books.at)
        seen[key] += [polled] if polled else []
    return tuple(
        SystemRead(system=system, account=account, at=max(times, default=None))
        for (system, account), times in sorted(
            seen.items(), key=lambda one: (one[0][0] != "constructiononline", one[0])
        )
    )


# -- put together


def report_of(books: ProjectBooks, remote: RemoteBooks) -> Reconciliation:
    """The report of these books."""
    seen = [share for event in books.followed for share in books.shares[event.key]]
    now = None if remote.events is None else [share for event in remote.events for share in books.shares_at(event)]
    shares = merged(seen, now)
    last_reads = {(read.system, read.account): read.at for read in remote.reads}
    evidence_of = _evidence_at(books, shares, last_reads)
    entries = entries_of(shares, books.written, remote.records, books.place_of, evidence_of, books.under_way_of)
    entries = [replace(one, last_read=last_reads.get((one.place.system, one.place.account))) for one in entries]
    # What our records brought there has no share where none was observed, and that is no cause.
    entries = [one for one in entries if one.shares or one.place not in books.cannot_tell]
    remote = replace(remote, cannot_tell={**remote.cannot_tell, **books.cannot_tell})
    compared = [compare(entry, lambda share: why_nowhere(share, books.routing)) for entry in entries]
    currencies = _Currencies(compared, remote.stated)
    contracts = _contracts(compared, currencies, remote, books)
    subject = ",".join(f"{system}:{account}/project:{number}" for system, account, number in sorted(books.projects))
    shown = remote.events if remote.events is not None else list(books.followed)
    shown = [event for event in shown if event.key not in books.standing]
    return Reconciliation(
        subject=subject,
        names=recorded.project_names(books.connection, books.projects, books.events.values()),
        as_of=books.at,
        live=remote.live,
        reads=remote.reads,
        sides=sides_of(contracts, _not_counted(shown, currencies)),
        calls=remote.calls,
    )


def _evidence_at(
    books: ProjectBooks, shares: Iterable[SourceShare], last_reads: Mapping[Key, datetime | None]
) -> Callable[[str, str | None], Evidence]:
    """What says why something is not at its place, by when the account there was last read."""
    read = {share.origin_id: last_reads.get((share.place.system, share.place.account)) for share in shares}
    return lambda key, origin_id: books.evidence_of(key, origin_id, read.get(origin_id))


def _contracts(
    compared: Iterable[Compared], currencies: _Currencies, remote: RemoteBooks, books: ProjectBooks
) -> list[ContractStatement]:
    groups: dict[tuple[Place, str | None], list[Compared]] = defaultdict(list)
    for one in compared:
        groups[one.entry.place, currencies.of(one)].append(one)
    for place in books.places:
        if not any(of == place for of, _ in groups):
            groups[place, currencies.usual(place)] = []
    return [
        ContractStatement(
            place=place,
            currency=currency,
            stated=remote.stated.get(place, StatedAmounts()),
            compared=tuple(found),
            cannot_tell=remote.cannot_tell.get(place) or _untold(found),
        )
        for (place, currency), found in groups.items()
    ]


def _untold(compared: Iterable[Compared]) -> str | None:
    """A record whose amount cannot be told makes the whole of its contract unknown."""
    for one in compared:
        for record in one.entry.records:
            if record.total is None and not record.deleted:
                return f"the amount of {record.number or record.record_id} there cannot be told"
    return None


class _Currencies:
    """In which currency each entry counts: as stated, else as everything else at its place, or on its side, is."""

    def __init__(self, compared: Iterable[Compared], stated: Mapping[Place, StatedAmounts]) -> None:
        self._places: dict[Place, set[str]] = defaultdict(set)
        self._sides: dict[str, set[str]] = defaultdict(set)
        for place, amounts in stated.items():
            self._add(place, amounts.currency)
        for one in compared:
            self._add(one.entry.place, one.entry.currency)

    def _add(self, place: Place, currency: str | None) -> None:
        if currency and place.is_contract:
            self._places[place].add(currency)
            self._sides[place.side].add(currency)

    def of(self, one: Compared) -> str | None:
        return one.entry.currency or self.usual(one.entry.place)

    def usual(self, place: Place) -> str | None:
        """The only one at the place, else the only one on its side."""
        for found in (self._places[place], self._sides[place.side]):
            if len(found) == 1:
                return next(iter(found))
        return None


def _not_counted(
    events: Iterable[ChangeOrderObserved], currencies: _Currencies
) -> dict[tuple[str, str | None], list[NotCounted]]:
    groups: dict[tuple[str, str | None, str], list[Decimal | None]] = defaultdict(list)
    for event in events:
        if counts(event) or event.origin_id is not None or event.change is Change.DELETED:
            continue
        shown = event.change_order
        for side, amount in (("owner", shown.client_price), ("cost", shown.cost)):
            currency = shown.currency or currencies.usual(Place(side=side))
            groups[side, currency, shown.status.value].append(amount)
    found: dict[tuple[str, str | None], list[NotCounted]] = defaultdict(list)
    for (side, currency, status), amounts in sorted(groups.items(), key=str):
        known = [amount for amount in amounts if amount is not None]
        told = NotCounted(
            status=status,
            change_orders=len(amounts),
            amount=sum(known, Decimal(0)) if known else None,
            unknown=len(amounts) - len(known),
        )
        found[side, currency].append(told)
    return found
