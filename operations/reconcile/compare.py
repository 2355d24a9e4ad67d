"""One change order at one place: reconciling items with their causes, and what none of them explains."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from operations.reconcile.amounts import NOTHING, Amounts, added
from operations.reconcile.books import OurHolding, Place, Record, SourceShare
from operations.reconcile.causes import Cause
from operations.reconcile.edits import edits
from operations.reconcile.evidence import Evidence, Why
from operations.wording import moment, system_name
from relay.domain.change_order import Status

_A_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcilingItem:
    """A part of the difference with its cause. ``effect``: what it adds to the source on the way to the remote."""

    cause: Cause
    sentence: str
    place: Place
    effect: Amounts
    key: str | None
    number: str | None
    title: str | None
    since: datetime | None
    source: Decimal | None = None
    written: Decimal | None = None
    held: Decimal | None = None
    remote_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unexplained:
    """What is at the remote otherwise than expected, with no cause that anything proves."""

    place: Place
    difference: Amounts
    key: str | None
    number: str | None
    title: str | None
    remote_number: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """All there is of one change order at one place. ``shares``: usually one; none for what people entered.

    ``last_read``: when the account of the place was last read; ``None``: it was not.
    """

    place: Place
    shares: tuple[SourceShare, ...]
    written: OurHolding | None
    records: tuple[Record, ...]
    evidence: Evidence
    wanted: frozenset[Decimal] = frozenset()
    statuses: frozenset[str] = frozenset()
    last_read: datetime | None = None

    @property
    def says(self) -> Amounts:
        """What the source says."""
        return added(share.says for share in self.shares if not share.carried_on)

    @property
    def held(self) -> Amounts:
        """What is there."""
        return added(record.held for record in self.records)

    @property
    def currency(self) -> str | None:
        """As the source, what was written, or the remote states it."""
        stated = [share.currency for share in self.shares]
        stated += [self.written.currency if self.written else None]
        stated += [record.currency for record in self.records]
        return next((currency for currency in stated if currency), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Items and what is left; ``says`` and all items' effects and ``unexplained`` add up to ``held``."""

    entry: Entry
    items: tuple[ReconcilingItem, ...]
    unexplained: Unexplained | None


def compare(entry: Entry, why_nowhere: Callable[[SourceShare], Why]) -> Compared:
    """Finds a cause for each part of the difference, as far as something proves one."""
    items = tuple(item for item in _together(_items(_as_withdrawn(entry), why_nowhere)) if item.effect)
    left = entry.held - entry.says - added(item.effect for item in items)
    share = entry.shares[0] if entry.shares else None
    record = entry.records[0] if entry.records else None
    unexplained = Unexplained(
        place=entry.place,
        difference=left,
        key=share.key if share else entry.written.key if entry.written else None,
        number=share.number if share else None,
        title=share.title if share else record.title if record else None,
        remote_number=record.number if record else None,
    )
    return Compared(entry=entry, items=items, unexplained=unexplained if left else None)


def _together(items: Iterator[ReconcilingItem]) -> Iterator[ReconcilingItem]:
    """What is missing for a cause, and has come meanwhile for the same one, is one item; each edit stays by itself."""
    found: dict[Cause, ReconcilingItem] = {}
    for item in items:
        if item.cause is Cause.EDITED:
            yield item
        elif item.cause in found:
            found[item.cause] = replace(found[item.cause], effect=found[item.cause].effect + item.effect)
        else:
            found[item.cause] = item
    yield from found.values()


def _as_withdrawn(entry: Entry) -> Entry:
    """What people deleted before it was withdrawn is gone as it should be, also where a later revision is on its way:
    there is nothing to explain.
    """
    withdrawn_at, written = entry.evidence.withdrawn_at, entry.written
    is_gone = bool(entry.records) and all(record.deleted for record in entry.records)
    if is_gone and withdrawn_at is not None and (written is None or written.at <= withdrawn_at):
        return replace(entry, written=None, records=())
    return entry


def _items(entry: Entry, why_nowhere: Callable[[SourceShare], Why]) -> Iterator[ReconcilingItem]:
    for share in entry.shares:
        if share.carried_on:
            yield _item(entry, Cause.CARRIED_ON, _goes_on(share), share.says, share)
        if share.says != share.seen:
            words = "The source says so now; the relay has not read it yet."
            yield _item(entry, Cause.IN_TRANSIT, words, share.seen - share.says, share)
        if not entry.place.is_contract:
            why = why_nowhere(share)
            yield _item(entry, why.cause, why.sentence, -share.seen, share, since=why.since)
    if entry.place.is_contract:
        yield from _towards_written(entry)
        yield from _from_written(entry)


def _goes_on(share: SourceShare) -> str:
    where = " ".join(share.key.split(":")[1:2])
    name = f"{system_name(share.key.partition(':')[0])} {where} {share.number or share.key.rpartition(':')[2]}"
    return f"{name}, which stands at another contract of this report, is carried on to here."


# -- from the source to what was written


def _towards_written(entry: Entry) -> Iterator[ReconcilingItem]:
    written = entry.written.held if entry.written else NOTHING
    for share in entry.shares:
        if share.is_carried or not share.seen:
            continue
        yield _item(entry, *_not_carried(share), -share.seen, share)
    carried = added(share.seen for share in entry.shares if share.is_carried)
    effect = written - carried
    why = _why(entry, effect)
    if effect and why is not None:
        yield _there(entry, why.cause, why.sentence, effect, why.since)


def _not_carried(share: SourceShare) -> tuple[Cause, str]:
    """By the status that was seen: what the source says since then is in transit."""
    status = share.event.change_order.status if share.event else share.status
    if share.place.system == "cinx" and status == Status.PENDING:
        return Cause.NOT_ORDERED, "It is pending, and nothing is ordered from a vendor before it is approved."
    return Cause.STATUS_NOT_CARRIED, f"Its route carries nothing that is {status}."


def _why(entry: Entry, effect: Amounts) -> Why | None:
    found = entry.evidence
    if not entry.shares:
        words = "No route leads there any more, and what was written stays."
        return Why(cause=Cause.NOT_ROUTED, sentence=words, since=entry.written.at if entry.written else None)
    if found.why is not None:
        return found.why
    if found.withdrawn_at is not None and not found.under_way and entry.written is not None:
        words = "It is not carried any more, and the route's rule leaves there what is there."
        return Why(cause=Cause.LEFT, sentence=words)
    if _is_rounding(entry, effect):
        words = "The target multiplies quantity and price, and rounds each line to the cent by itself."
        return Why(cause=Cause.ROUNDING, sentence=words)
    return None


def _is_rounding(entry: Entry, effect: Amounts) -> bool:
    """At CINX alone, where lines have prices and no amounts."""
    lines = sum(share.items for share in entry.shares)
    size = abs(effect.approved) + abs(effect.pending)
    return entry.place.system == "cinx" and entry.written is not None and bool(effect) and size <= lines * _A_CENT


# -- from what was written to what is there


def _from_written(entry: Entry) -> Iterator[ReconcilingItem]:
    written, records = entry.written, [record for record in entry.records if not record.deleted]
    if written is None:
        yield from _never_told(entry, records)
        return
    if written.total is None:
        return  # What is ours of it is not known, so nobody can be said to have changed it.
    if not records:
        yield from _gone(entry, written)
        return
    if any(record.total is None for record in records):
        return  # Nor where it is not known what is there: the contract says that it cannot tell.
    read_at = min(record.read_at for record in records)
    if written.at > read_at:
        words = f"Written {moment(written.at)} UTC; the record was last read there {moment(read_at)} UTC."
        yield _there(entry, Cause.IN_TRANSIT, words, added(one.held for one in records) - written.held, written.at)
        return
    yield from _edited(entry, written, records)


def _edited(entry: Entry, written: OurHolding, records: list[Record]) -> Iterator[ReconcilingItem]:
    under_way = entry.evidence.under_way
    wanted: Collection[Decimal] = entry.wanted if under_way else ()
    statuses: Collection[str] = entry.statuses if under_way else ()
    for edit in edits(written, records, wanted, statuses):
        if edit.ours and under_way:
            cause = entry.evidence.why.cause if entry.evidence.why else Cause.IN_TRANSIT
            words = f"As the relay has sent it; not told yet. {edit.sentence}"
            yield _there(entry, cause, words, edit.effect, None)
        else:
            words = f"Somebody changed {edit.sentence}"
            yield _there(entry, Cause.EDITED, words, edit.effect, records[0].changed_at)


def _never_told(entry: Entry, records: Sequence[Record]) -> Iterator[ReconcilingItem]:
    """A record of which no write tells: people's own, or one whose making is in doubt."""
    for record in records:
        if record.origin_id is None:
            words = f"{system_name(record.place.system)} {record.number or record.record_id} was entered there by hand."
            yield _there(entry, Cause.ENTERED, words, record.held, record.changed_at)
        elif entry.evidence.under_way and entry.evidence.why is not None:
            words = f"The record there carries our mark. {entry.evidence.why.sentence}"
            yield _there(entry, entry.evidence.why.cause, words, record.held, entry.evidence.why.since)


def _gone(entry: Entry, written: OurHolding) -> Iterator[ReconcilingItem]:
    if any(record.deleted for record in entry.records):
        words = "The record that was written is not there any more."
        since = next((record.changed_at for record in entry.records if record.changed_at), None)
        yield _there(entry, Cause.DELETED, words, -written.held, since)
    elif written.held and (entry.last_read is None or written.at > entry.last_read):
        words = f"Written {moment(written.at)} UTC; not read there since."
        yield _there(entry, Cause.IN_TRANSIT, words, -written.held, written.at)


# -- items


def _item(
    entry: Entry,
    cause: Cause,
    sentence: str,
    effect: Amounts,
    share: SourceShare | None,
    *,
    since: datetime | None = None,
) -> ReconcilingItem:
    written, record = entry.written, entry.records[0] if entry.records else None
    return ReconcilingItem(
        cause=cause,
        sentence=sentence,
        place=entry.place,
        effect=effect,
        key=share.key if share else written.key if written else None,
        number=share.number if share else None,
        title=share.title if share else record.title if record else None,
        since=since or (share.since if share else None),
        source=share.amount if share else None,
        written=written.total if written else None,
        held=record.total if record and not record.deleted else None,
        remote_number=record.number if record else None,
    )


def _there(entry: Entry, cause: Cause, sentence: str, effect: Amounts, since: datetime | None) -> ReconcilingItem:
    share = entry.shares[0] if entry.shares else None
    return _item(entry, cause, sentence, effect, share, since=since)
