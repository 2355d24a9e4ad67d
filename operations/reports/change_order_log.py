"""The change order log: a row for each change order and destination, and one for what no destination takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import text

from operations.reports.named_projects import of_projects, projects_named
from operations.reports.tables import ReadTables
from operations.spreadsheets.columns import Column, ColumnKind, SpreadsheetTable, Value
from operations.wording import system_name
from relay.domain.change_order import Status
from relay.domain.sources.native_fields import moment_of
from workers.views.amounts import decimal_of, time_of
from workers.views.shares import NO_TARGET

NOWHERE: Final = "none"
"""The destination of what no destination takes."""
AGES: Final = ((30, "0-30"), (60, "31-60"), (90, "61-90"), (120, "91-120"))
"""Days of the age of what is pending, at most, and how that age is called."""
OLDEST: Final = "over 120"

COLUMNS: Final = (
    Column("Project no.", "project_number"),
    Column("Project", "project", width=24),
    Column("Side", "side", width=8),
    Column("Contract no.", "contract_number"),
    Column("Contract", "contract", width=24),
    Column("Vendor", "vendor", width=20),
    Column("CO no.", "change_order_number", width=10),
    Column("Title", "title", width=36),
    Column("Status source", "status_source", width=10),
    Column("Status there", "status_there", width=10),
    Column("Submitted", "submitted", ColumnKind.DATE, 12),
    Column("Approved (source)", "approved_source", ColumnKind.DATE, 12),
    Column("Approved seen", "approved_seen", ColumnKind.TIME, 20),
    Column("Executed", "executed", width=9),
    Column("Age days", "age_days", ColumnKind.COUNT, 9),
    Column("Bucket", "bucket", width=9),
    Column("Currency", "currency", width=9),
    Column("Amount source", "amount_source", ColumnKind.MONEY, 16),
    Column("Amount there", "amount_there", ColumnKind.MONEY, 16),
    Column("Difference", "difference", ColumnKind.MONEY, 16),
    Column("PCO/POCO no.", "record_number"),
    Column("PCCO/CCO no.", "package_number"),
    Column("ERP state", "erp_state"),
    Column("Open item", "open_item", width=38),
    Column("Source id", "source_id", width=36),
    Column("Remote id", "remote_id", width=24),
    Column("Link", "link", width=40),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFilter:
    """Conditions, all of which must hold. ``project``: a number, an id or a name of the source's or the target's."""

    project: str | None = None
    side: str | None = None
    status: str | None = None
    change_order: str | None = None

    @property
    def asked(self) -> list[tuple[str, str]]:
        """What was asked for, for people."""
        given = ((field.name, getattr(self, field.name)) for field in fields(self))
        return [(name.replace("_", " "), value) for name, value in given if value is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """One row. ``amount_source`` is the destination's share; ``None``: unknown, or nothing is there.

    ``status_meant``: that which it is to have there, in the words of ``status_there``; ``None``: it is not carried.
    ``approved_there`` and ``pending_there``: what is there of ours, by its status. ``destination``: for people.
    """

    change_order_key: str
    project_number: str | None
    project: str | None
    side: str
    destination: str
    contract_number: str | None
    contract: str | None
    vendor: str | None
    number: str | None
    title: str | None
    status_source: str
    status_there: str | None
    status_meant: str | None
    submitted: date | None
    approved_source: date | None
    approved_seen: datetime | None
    executed: str | None
    age_days: int | None
    currency: str | None
    amount_source: Decimal | None
    amount_there: Decimal | None
    approved_there: Decimal | None
    pending_there: Decimal | None
    record_number: str | None
    package_number: str | None
    erp_state: str | None
    open_item: str | None
    remote_id: str | None
    link: str | None
    state: str | None
    sentence: str | None
    written_at: datetime | None
    origin_id: str | None

    @property
    def difference(self) -> Decimal | None:
        """What is there less than at the source; ``None`` where either is not known."""
        if self.amount_source is None or self.amount_there is None:
            return None
        return self.amount_source - self.amount_there

    @property
    def is_as_meant(self) -> bool | None:
        """Whether amount and status there are as the source says; ``None``: not known."""
        if self.amount_there is None:
            return None
        if self.status_meant is None and self.amount_there == 0:
            return True
        if self.amount_source is None:
            return None
        if self.status_meant is None or self.difference:
            return False
        return None if self.status_there is None else self.status_there == self.status_meant

    @property
    def bucket(self) -> str | None:
        """Of the age of what is pending."""
        if self.age_days is None:
            return None
        return next((name for most, name in AGES if self.age_days <= most), OLDEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class SideTotal:
    """Sums of one side in one currency, of rows whose amounts are known; ``unknown`` counts the others."""

    side: str
    currency: str | None
    status: str
    change_orders: int
    amount_source: Decimal
    amount_there: Decimal
    unknown: int


def read_log(tables: ReadTables, condition: LogFilter, now: datetime) -> list[LogRow]:
    """The rows that fit, by project, change order and destination; ages in days of the zone of ``now``."""
    if condition.change_order is not None and ":" not in condition.change_order:
        # Databases find one change order at once, and one of two ways to name it only among all.
        named = text("SELECT change_order_key FROM change_orders WHERE change_order_id = :id ORDER BY change_order_key")
        keys = tables.connection.scalars(named, {"id": condition.change_order}).all()
        return [row for key in keys for row in read_log(tables, replace(condition, change_order=key), now)]
    where, values = _where(tables, condition)
    query = f"SELECT * FROM change_order_log {where} ORDER BY project_number, number, change_order_key, side, target"  # noqa: S608 - of our own words
    return [log_row(dict(row._mapping), now) for row in tables.rows(text(query), **values)]  # noqa: SLF001 - its public name


def _where(tables: ReadTables, condition: LogFilter) -> tuple[str, dict[str, Any]]:
    conditions: list[str] = []
    values: dict[str, Any] = {}
    if condition.project is not None:
        conditions.append(of_projects(projects_named(tables, condition.project), values, "source_"))
    for name, column in (("side", "side"), ("status", "status_source")):
        value = getattr(condition, name)
        if value is not None:
            conditions.append(f"{column} = :{name}")
            values[name] = value
    if condition.change_order is not None:
        conditions.append("change_order_key = :change_order")
        values["change_order"] = condition.change_order
    return ("WHERE " + " AND ".join(conditions) if conditions else ""), values


def log_row(row: Mapping[str, Any], now: datetime) -> LogRow:
    """A row of the SQL view of the log. Ages are counted in days of the zone of ``now``."""
    status = row["status_source"]
    submitted = _day(row["submitted_on"])
    is_pending = status == Status.PENDING
    seen_first = time_of(row["first_seen_at"])
    since = submitted or _day(row["created_on"]) or (seen_first.astimezone(now.tzinfo).date() if seen_first else None)
    return LogRow(
        change_order_key=row["change_order_key"],
        project_number=row["project_number"],
        project=row["project_name"],
        side=row["side"],
        destination=_destination(row),
        contract_number=row["contract_number"],
        contract=row["contract"],
        vendor=row["vendor"],
        number=row["number"],
        title=row["title"],
        status_source=status,
        status_there=row["status_there"],
        status_meant=row["status_meant"],
        submitted=submitted,
        approved_source=_day(row["decided_on"]) if status == Status.APPROVED else None,
        approved_seen=time_of(row["approved_seen_at"]),
        executed=row["executed"],
        age_days=max(0, (now.date() - since).days) if is_pending and since else None,
        currency=row["currency"],
        amount_source=decimal_of(row["amount_source"]),
        amount_there=decimal_of(row["amount_there"]),
        approved_there=decimal_of(row["approved_there"]),
        pending_there=decimal_of(row["pending_there"]),
        record_number=row["record_number"],
        package_number=row["package_number"],
        erp_state=row["erp_state"],
        open_item=row["open_item"],
        remote_id=row["record_id"],
        link=row["record_link"],
        state=row["state"],
        sentence=row["sentence"],
        written_at=time_of(row["written_at"]),
        origin_id=row["origin_id"],
    )


def _destination(row: Mapping[str, Any]) -> str:
    if row["target"] == NO_TARGET:
        return NOWHERE
    return f"{system_name(row['target_system'])} {row['contract_number'] or row['target_contract'] or ''}".rstrip()


def _day(text_of_source: str | None) -> date | None:
    at = moment_of(text_of_source) if text_of_source else None
    return at.date() if at else None


def totals(rows: Iterable[LogRow]) -> list[SideTotal]:
    """The sums by side, currency and status of the source. No sum goes across sides or currencies."""
    groups: dict[tuple[str, str | None, str], list[LogRow]] = {}
    for row in rows:
        groups.setdefault((row.side, row.currency, row.status_source), []).append(row)
    order = sorted(groups.items(), key=lambda group: (group[0][0] != "owner", group[0][1] or "", group[0][2]))
    return [
        SideTotal(
            side=side,
            currency=currency,
            status=status,
            change_orders=len({row.change_order_key for row in found}),
            amount_source=sum((row.amount_source or Decimal(0) for row in found), Decimal(0)),
            amount_there=sum((row.amount_there or Decimal(0) for row in found), Decimal(0)),
            unknown=sum(row.amount_source is None for row in found),
        )
        for (side, currency, status), found in order
    ]


def table_of(rows: Iterable[LogRow]) -> SpreadsheetTable:
    """The log as a table for files."""
    return SpreadsheetTable(
        title="Change order log",
        columns=COLUMNS,
        rows=[_cells(row) for row in rows],
        summed=("amount_source", "amount_there", "difference"),
        currency="currency",
        side="side",
    )


def _cells(row: LogRow) -> tuple[Value, ...]:
    return (
        row.project_number,
        row.project,
        row.side,
        row.contract_number if row.destination != NOWHERE else NOWHERE,
        row.contract,
        row.vendor,
        row.number,
        row.title,
        row.status_source,
        row.status_there,
        row.submitted,
        row.approved_source,
        row.approved_seen,
        row.executed,
        row.age_days,
        row.bucket,
        row.currency,
        row.amount_source,
        row.amount_there,
        row.difference,
        row.record_number,
        row.package_number,
        row.erp_state,
        row.open_item,
        row.change_order_key,
        row.remote_id,
        row.link,
    )


NOTES: Final = (
    ("Sides", "owner: prime contracts, client price; cost: commitments and purchase orders, cost. Never add them up"),
    ("Amount source", "the destination's share of the change order; destination none: what none takes"),
    ("Amount there", "of ours, as last accepted there; what people edited there is not in it; empty: nothing written"),
    ("Approved", "approved in the source; no proof of a signed change order"),
)
