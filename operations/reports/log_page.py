"""The change order log page by page, each found at once however long the log is, and what the whole adds up to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import bindparam, text

from operations.reports.change_order_log import LogFilter, LogRow, log_row
from operations.reports.log_sums import KeptSum, SourceProject, read_sums, read_sums_of_all
from operations.reports.named_projects import of_projects, projects_named
from operations.reports.tables import ReadTables
from workers.views.stable_views import log_of

AT_ONCE: Final = 100
"""Change orders on a page."""
_HAS_ROWS: Final = (
    "(origin_id IS NULL OR EXISTS (SELECT 1 FROM shares s WHERE s.change_order_key = c.change_order_key))"
)
_ROWS: Final = text(log_of("change_order_key IN :keys")).bindparams(bindparam("keys", expanding=True))


@dataclass(slots=True, kw_only=True)
class LogSum:
    """Of one side in one currency and status; ``unknown`` of the rows have no known amount at the source, and of
    ``there_unknown`` nobody knows what is there.
    """

    side: str
    currency: str | None
    status: str
    rows: int = 0
    amount_source: Decimal = Decimal(0)
    amount_there: Decimal = Decimal(0)
    unknown: int = 0
    there_unknown: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPage:
    """``rows``: of this page; ``count`` and ``sums``: of all that fits. ``last``: the page's last change order, where
    others follow.
    """

    rows: list[LogRow]
    count: int
    sums: list[LogSum]
    last: str | None


def read_log_page(tables: ReadTables, condition: LogFilter, now: datetime, after: str | None = None) -> LogPage:
    """What fits, by project and number, behind the change order ``after``. Of the conditions project, side, status."""
    projects = None if condition.project is None else projects_named(tables, condition.project)
    sums = _sums_of(tables, condition, projects)
    keys = _keys(tables, condition, projects, after)
    return LogPage(
        rows=_rows(tables, keys[:AT_ONCE], condition, now),
        count=sum(one.rows for one in sums),
        sums=_summed(sums),
        last=keys[AT_ONCE - 1] if len(keys) > AT_ONCE else None,
    )


def count_log(tables: ReadTables, condition: LogFilter) -> int:
    """How many rows fit."""
    projects = None if condition.project is None else projects_named(tables, condition.project)
    return sum(one.rows for one in _sums_of(tables, condition, projects))


def _sums_of(tables: ReadTables, condition: LogFilter, projects: Collection[SourceProject] | None) -> list[KeptSum]:
    sums = read_sums_of_all(tables) if projects is None else read_sums(tables, projects)
    return [one for one in sums if condition.side in {None, one.side} and condition.status in {None, one.status}]


def _keys(
    tables: ReadTables, condition: LogFilter, projects: Collection[SourceProject] | None, after: str | None
) -> list[str]:
    conditions = [_HAS_ROWS]
    values: dict[str, object] = {"most": AT_ONCE + 1}
    if condition.status is not None:
        conditions.append("status_source = :status")
        values["status"] = condition.status
    if projects is not None:
        conditions.append(of_projects(projects, values))
    if after is not None:
        conditions.append("(log_place, change_order_key) > (:place, :after)")
        of = text("SELECT log_place FROM change_orders WHERE change_order_key = :after")
        found = tables.rows(of, after=after)
        values |= {"place": found[0].log_place if found else "", "after": after}
    query = f"""
        SELECT change_order_key FROM change_orders c WHERE {" AND ".join(conditions)}
        ORDER BY log_place, change_order_key LIMIT :most
    """  # noqa: S608 - of our own words
    return [row.change_order_key for row in tables.rows(text(query), **values)]


def _rows(tables: ReadTables, keys: Sequence[str], condition: LogFilter, now: datetime) -> list[LogRow]:
    if not keys:
        return []
    place = {key: number for number, key in enumerate(keys)}
    found = [log_row(dict(row._mapping), now) for row in tables.rows(_ROWS, keys=list(keys))]  # noqa: SLF001 - its public name
    fitting = [row for row in found if condition.side in {None, row.side}]
    return sorted(fitting, key=lambda row: (place[row.change_order_key], row.side != "owner", row.destination))


def _summed(sums: Sequence[KeptSum]) -> list[LogSum]:
    found: dict[tuple[str, str | None, str], LogSum] = {}
    for one in sums:
        key = (one.side, one.currency, one.status)
        total = found.setdefault(key, LogSum(side=one.side, currency=one.currency, status=one.status))
        total.rows += one.rows
        total.amount_source += one.amount
        total.amount_there += one.there
        total.unknown += one.unknown
        total.there_unknown += one.there_unknown
    return sorted(found.values(), key=lambda total: (total.side != "owner", total.currency or "", total.status))
