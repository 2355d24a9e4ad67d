"""What needs a person, as a screen shows it: the first open items one by one, and groups and sums of all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import bindparam, text

from operations.letters.filter import Filter, project_filter
from operations.reports.money import KnownSum
from operations.reports.open_items import ItemsTotal, OpenItem, item_of_row, project_of
from operations.reports.tables import ReadTables
from relay.domain.letters import LetterKind
from workers.views.amounts import MOST_SUMMED, decimal_of, milliseconds, time_of

AT_ONCE: Final = 200
"""Items that are shown one by one; groups and files have all of them."""

_RESTS: Final = "CASE WHEN snoozed_until > :now THEN 1 ELSE 0 END"
_GROUPS: Final = text(f"""
SELECT kind, stage, reason, source, source_project, project_number, project_name, side, currency, rests,
       COUNT(*) AS items, COUNT(amount) AS known, SUM(amount) AS amount, MIN(first_at) AS oldest, MIN(place) AS place,
       MIN(CASE WHEN amount IS NOT NULL THEN place END) AS place_known
FROM (SELECT kind, stage, reason, source, source_project, project_number, project_name, side, currency, first_at, rests,
             place, CASE WHEN amount BETWEEN -:most AND :most THEN amount END AS amount
      FROM (SELECT kind, stage, reason, source, source_project, project_number, project_name, side, currency, amount,
                   first_at, {_RESTS} AS rests, ROW_NUMBER() OVER (ORDER BY first_at, letter_id) AS place
            FROM open_items) numbered) summable
GROUP BY kind, stage, reason, source, source_project, project_number, project_name, side, currency, rests
""")  # noqa: S608 - of our own words
"""What is larger than a change order can be is in no sum: databases add up only so much."""
_FIRST: Final = """
SELECT letter_id FROM open_items WHERE {condition} ORDER BY first_at, letter_id LIMIT {most}
"""
_THESE: Final = text("SELECT * FROM open_items WHERE letter_id IN :ids ORDER BY first_at, letter_id").bindparams(
    bindparam("ids", expanding=True)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsAsked:
    """Which open items. ``reason`` may have wildcards, and ``project`` is as :class:`Filter` has it; ``doubts``: of
    what was sent and is not confirmed alone; ``rests``: those that are snoozed, or else those that are not.
    """

    reason: str | None = None
    project: str | None = None
    doubts: bool = False
    rests: bool = False

    def fits(self, item: OpenItem, at: datetime) -> bool:
        """Whether an item is one of them at a time."""
        return (
            self._names(item.reason, item.stage, item.source, item.source_project)
            and item.rests(at) is self.rests
            and (not self.doubts or item.kind == LetterKind.NEEDS_REVIEW)
        )

    def fits_group(self, row: Any) -> bool:
        """The same of a group."""
        return (
            self._names(row.reason, row.stage, row.source, row.source_project)
            and bool(row.rests) is self.rests
            and (not self.doubts or row.kind == LetterKind.NEEDS_REVIEW)
        )

    def _names(self, reason: str, stage: str, source: str | None, project: str | None) -> bool:
        return Filter(reason=self.reason, project=self.project).fits_what(reason, stage, source, project, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsPage:
    """``items``: the first of those that are asked for; ``count``, ``behind`` and the groups: of all of those.
    ``open``, ``doubts`` and ``snoozed``: how many there are, whatever is asked for; ``behind``: by side.
    """

    items: list[OpenItem]
    count: int
    behind: dict[str | None, KnownSum]
    reasons: list[ItemsTotal]
    projects: list[ItemsTotal]
    open: int
    doubts: int
    snoozed: int


def read_items_page(tables: ReadTables, asked: ItemsAsked, now: datetime) -> ItemsPage:
    """What is asked for, the oldest first; at most :data:`AT_ONCE` one by one."""
    every = tables.rows(_GROUPS, now=milliseconds(now), most=MOST_SUMMED)
    fitting = sorted(filter(asked.fits_group, every), key=lambda row: int(row.place))
    awake = [row for row in every if not row.rests]
    return ItemsPage(
        items=_first(tables, asked, fitting, now) if fitting else [],
        count=_count(fitting),
        behind=_behind(fitting),
        reasons=_totals([(row.reason, row.reason, row) for row in fitting]),
        projects=_totals([(_project(row), project_filter(row.source, row.source_project), row) for row in fitting]),
        open=_count(awake),
        doubts=_count(row for row in awake if row.kind == LetterKind.NEEDS_REVIEW),
        snoozed=_count(row for row in every if row.rests),
    )


def _first(tables: ReadTables, asked: ItemsAsked, fitting: Iterable[Any], now: datetime) -> list[OpenItem]:
    """``fitting``: the groups that there are of what is asked for."""
    conditions, values = [f"{_RESTS} = :rests"], {"now": milliseconds(now), "rests": int(asked.rests)}
    more: dict[str, object] = {}
    if asked.doubts:
        conditions.append("kind = :kind")
        more["kind"] = LetterKind.NEEDS_REVIEW.value
    if asked.project is not None:
        places = {(row.source or "", row.source_project or "") for row in fitting}
        is_one = "COALESCE(source, '') = :source{0} AND COALESCE(source_project, '') = :project{0}"
        conditions.append(f"({' OR '.join(is_one.format(at) for at in range(len(places)))})")
        for at, (source, project) in enumerate(places):
            more |= {f"source{at}": source, f"project{at}": project}
    if asked.reason is not None:
        conditions.append("reason IN :reasons")
        more["reasons"] = sorted({row.reason for row in fitting})
    query = text(_FIRST.format(condition=" AND ".join(conditions), most=AT_ONCE))
    if asked.reason is not None:
        query = query.bindparams(bindparam("reasons", expanding=True))
    ids = [row.letter_id for row in tables.rows(query, **values, **more)]
    items = [item_of_row(row) for row in tables.rows(_THESE, ids=ids)] if ids else []
    return [item for item in items if asked.fits(item, now)][:AT_ONCE]


def _count(rows: Iterable[Any]) -> int:
    return sum(int(row.items) for row in rows)


def _behind(rows: Iterable[Any]) -> dict[str | None, KnownSum]:
    """The owner's side first; what is known of it in the order in which it has come."""
    found: dict[str | None, KnownSum] = {}
    for row in sorted(rows, key=lambda row: int(row.place_known or 0)):
        known = decimal_of(int(row.amount)) if row.known else None
        found.setdefault(row.side, KnownSum()).add(row.currency, known, int(row.items - row.known))
    return dict(sorted(found.items(), key=lambda one: one[0] or "", reverse=True))


def _project(row: Any) -> str:
    return project_of(row.project_number, row.source_project, row.project_name)


def _totals(named: Iterable[tuple[str, str, Any]]) -> list[ItemsTotal]:
    """Of rows in the order of the first item of each, with the name of the group and what asks for it."""
    groups: dict[tuple[str, str, str | None, str | None], list[Any]] = {}
    for name, condition, row in named:
        groups.setdefault((name, condition, row.side, row.currency), []).append(row)
    found = [
        ItemsTotal(
            name=name,
            filter=condition,
            side=side,
            currency=currency,
            items=_count(members),
            amount=sum((decimal_of(int(row.amount)) or Decimal(0) for row in members if row.known), Decimal(0)),
            unknown=sum(int(row.items - row.known) for row in members),
            oldest=min(_time(row.oldest) for row in members),
        )
        for (name, condition, side, currency), members in groups.items()
    ]
    return sorted(found, key=lambda total: (-total.items, total.name))


def _time(at: int) -> datetime:
    found = time_of(int(at))
    if found is None:
        raise ValueError("an open item without its time")
    return found
