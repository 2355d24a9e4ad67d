"""A project's month: what was approved at its beginning and its end, and whether the remotes agree with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from operations.reconcile import recorded
from operations.reconcile.amounts import Amounts
from operations.reconcile.books import Place, SourceShare, StatedAmounts
from operations.reconcile.command import with_tables
from operations.reconcile.cut_off import MonthSpan
from operations.reconcile.project import read_books
from operations.reconcile.report import as_recorded, report_of
from operations.reconcile.signing import Change, SignOff, changes_since, last_sign_off
from operations.reconcile.statement import ContractStatement, Reconciliation, SideStatement
from operations.reports.change_order_log import AGES, OLDEST
from operations.reports.tables import ReadTables
from relay.domain.change_order import Status
from relay.domain.routes import Routing
from relay.domain.sources.native_fields import moment_of

_NOTHING: Final = Decimal(0)
_BEFORE: Final = timedelta(milliseconds=1)
"""A month opens with what the one before closed with."""
_NOT_COMPARED: Final = "nothing goes there any more in this currency, and what is there was not compared"
_Books = tuple[Place, str | None]
"""A contract in one currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractMonth:
    """One contract in a month, approved. ``held`` and ``difference`` ``None``: that cannot be told."""

    contract: ContractStatement
    opening: Decimal
    approved: Decimal
    revised: Decimal
    closing: Decimal
    held: Decimal | None
    difference: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgedPending:
    """What is pending on one side in one currency, and has been for so long. ``shares``: the oldest first."""

    side: str
    currency: str | None
    bucket: str
    change_orders: int
    amount: Decimal
    shares: tuple[SourceShare, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedNoMore:
    """What stands as approved at a commitment or a purchase order, and is approved at the source no more."""

    place: Place
    contract: str
    key: str
    number: str | None
    title: str | None
    status: str
    ordered: Decimal
    currency: str | None
    remote_number: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthReport:
    """``span``: the month, up to ``report.as_of``. ``rows`` by side. ``read_at``: until when everything is in it."""

    span: MonthSpan
    read_at: datetime | None
    report: Reconciliation
    rows: dict[str, list[ContractMonth]]
    aging: list[AgedPending]
    ordered: list[OrderedNoMore]
    signed: SignOff | None
    changes: list[Change]


def read_month(tables: ReadTables, routing: Routing, project: str, span: MonthSpan, now: datetime) -> MonthReport:
    """As it had been observed by the month's end, or by now. Raises ``Refused`` for an unknown project."""
    at = min(span.ends, tables.read_at or now)
    books = read_books(tables, routing, project, at)
    reach = tables.read_at is not None and tables.read_at >= at
    report = with_tables(report_of(books, as_recorded(books)), reach=reach)
    followed = {event.key for event in books.followed}
    before = recorded.events_of(tables.connection, books.events.keys(), span.begins - _BEFORE, books.events)
    opening = [
        share
        for event in before
        if event.key in followed
        for share in (books.shares[event.key] if event is books.events[event.key] else books.shares_at(event))
    ]
    signed = last_sign_off(tables, report.subject, report.as_of)
    return MonthReport(
        span=span,
        read_at=tables.read_at,
        report=report,
        rows=_rows(report, opening),
        aging=list(_aging(tables.connection, report, ZoneInfo(span.zone))),
        ordered=list(_ordered(report)),
        signed=signed,
        changes=changes_since(signed, report) if signed is not None else [],
    )


def _rows(report: Reconciliation, opening: Iterable[SourceShare]) -> dict[str, list[ContractMonth]]:
    contracts = [contract for side in report.sides for contract in side.contracts]
    usual: dict[Place, set[str | None]] = defaultdict(set)
    for contract in contracts:
        usual[contract.place].add(contract.currency)
    began: dict[_Books, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for share in opening:
        if share.says.approved:
            alone = next(iter(usual[share.place])) if len(usual[share.place]) == 1 else None
            began[share.place, share.currency or alone][share.key] += share.says.approved
    contracts += _left(began, contracts)
    already = {key for amounts in began.values() for key, amount in amounts.items() if amount}
    rows: dict[str, list[ContractMonth]] = {"owner": [], "cost": []}
    for contract in contracts:
        opened = began.get((contract.place, contract.currency), {})
        rows[contract.place.side].append(_row(contract, opened, already))
    return rows


def _left(began: Iterable[_Books], contracts: Iterable[ContractStatement]) -> list[ContractStatement]:
    """Contracts to which something went when the month began, and nothing goes any more."""
    shown = {(contract.place, contract.currency) for contract in contracts}
    return [
        ContractStatement(
            place=place,
            currency=currency,
            stated=StatedAmounts(),
            compared=(),
            cannot_tell=_NOT_COMPARED if place.is_contract else None,
        )
        for place, currency in sorted(set(began) - shown, key=str)
    ]


def _row(contract: ContractStatement, opened: Mapping[str, Decimal], already: Collection[str]) -> ContractMonth:
    """``opened``: by change order what was approved here when the month began; ``already``: approved anywhere then."""
    closing: dict[str, Decimal] = defaultdict(Decimal)
    for one in contract.compared:
        for share in one.entry.shares:
            closing[share.key] += share.says.approved
    opening = sum(opened.values(), _NOTHING)
    approved = sum((amount for key, amount in closing.items() if key not in already), _NOTHING)
    total = sum(closing.values(), _NOTHING)
    known = contract.cannot_tell is None
    left = sum((one.difference.approved for one in contract.unexplained), _NOTHING)
    return ContractMonth(
        contract=contract,
        opening=opening,
        approved=approved,
        revised=total - opening - approved,
        closing=total,
        held=contract.held.approved if known else None,
        difference=left if known and not contract.unknown else None,
    )


# -- aging


def _aging(connection: Connection, report: Reconciliation, zone: ZoneInfo) -> Iterator[AgedPending]:
    at = report.as_of.astimezone(zone)
    names = [*(name for _, name in AGES), OLDEST]
    pending = [(side, list(_pending(side))) for side in report.sides]
    undated = {share.key for _, shares in pending for share in shares if _stated(share) is None}
    first_seen = recorded.first_seen(connection, undated)
    for side, shares in pending:
        found: dict[str, list[tuple[str, SourceShare]]] = {name: [] for name in names}
        for share in shares:
            # Dates are as the source writes them, where its people are.
            since = _stated(share) or first_seen.get(share.key, at).astimezone(zone).isoformat()
            found[_bucket(since, at)].append((since, share))
        for name in names:
            aged = [share for _, share in sorted(found[name], key=lambda one: (one[0], one[1].key))]
            yield AgedPending(
                side=side.side,
                currency=side.currency,
                bucket=name,
                change_orders=len({share.key for share in aged}),
                amount=sum((share.says.pending for share in aged), _NOTHING),
                shares=tuple(aged),
            )


def _pending(side: SideStatement) -> Iterator[SourceShare]:
    for contract in side.contracts:
        for one in contract.compared:
            yield from (share for share in one.entry.shares if share.says.pending and not share.carried_on)


def _stated(share: SourceShare) -> str | None:
    """The date from which the source counts, where it states one."""
    shown = share.event.change_order if share.event else None
    return (shown.submitted_on or shown.created_on) if shown else None


def _bucket(since: str, at: datetime) -> str:
    began = moment_of(since) or at
    days = max(0, (at.date() - began.date()).days)
    return next((name for most, name in AGES if days <= most), OLDEST)


# -- ordered and no longer approved


def _ordered(report: Reconciliation) -> Iterator[OrderedNoMore]:
    for side in report.sides:
        if side.side != "cost":
            continue
        for contract in side.contracts:
            for one in contract.compared:
                entry = one.entry
                held: Amounts = entry.held
                share = entry.shares[0] if entry.shares else None
                written = entry.written
                if not held.approved or written is None or (share is not None and share.status == Status.APPROVED):
                    continue
                yield OrderedNoMore(
                    place=entry.place,
                    contract=contract.stated.number or entry.place.contract,
                    key=written.key,
                    number=share.number if share else None,
                    title=share.title if share else None,
                    status=share.status if share else "not routed",
                    ordered=held.approved,
                    currency=contract.currency,
                    remote_number=entry.records[0].number if entry.records else None,
                )
