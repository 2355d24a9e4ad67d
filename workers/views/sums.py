"""What the change order log adds up to, kept beside it: a batch changes it by the difference of before and after.

So the first screen, and the sums above a log of a million rows, are read from a few rows for each project.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Table, bindparam, delete, select, text, union

from workers.views.amounts import summable
from workers.views.stable_views import AMOUNT_THERE, places
from workers.views.tables import APPROVALS, APPROVED, HOLDINGS, PROGRESS, SHARES, SLOT, SUMMED, SUMS, Text
from workers.views.upserts import add_up

_MEASURES: Final[Mapping[Table, Sequence[str]]] = {SUMS: SUMMED, APPROVALS: APPROVED}
_GROUPED: Final = {
    table: [column.name for column in table.c if column.name not in {"group_id", *measures}]
    for table, measures in _MEASURES.items()
}
_CURRENCY: Final = "COALESCE(c.currency, h.currency, d.currency)"
_APPROVED_THERE: Final = f"""CASE WHEN h.origin_id IS NULL THEN 0 WHEN ({AMOUNT_THERE}) IS NULL THEN NULL
            WHEN h.unknown = 0 THEN h.approved WHEN h.status = 'approved' THEN {AMOUNT_THERE}
            WHEN h.status IS NOT NULL THEN 0 END"""
"""Effects that are not known add up to nothing that is known: then it is told by the amount and the status there."""
_ROWS: Final = f"""
SELECT c.change_order_key, c.system, c.account, c.project, c.project_name, p.side, p.system AS target_system,
       p.account AS target_account, p.project_id AS target_project,
       CASE WHEN {_CURRENCY} IS NULL OR p.side = '' THEN p.contract END AS contract,
       {_CURRENCY} AS currency, c.status_source AS status,
       CASE WHEN c.status_source = 'approved' AND p.side <> '' THEN c.approved_seen_at / {SLOT} END AS slot,
       p.share AS amount, {AMOUNT_THERE} AS there,
       h.origin_id IS NOT NULL AS is_held, {_APPROVED_THERE} AS approved_there
FROM ({places("''", "change_order_key IN :keys")}) p
JOIN change_orders c ON c.change_order_key = p.change_order_key
LEFT JOIN destinations d ON d.origin_id = p.origin_id
LEFT JOIN holdings h ON h.origin_id = p.origin_id
ORDER BY c.change_order_key, p.side DESC, p.target
"""  # noqa: S608 - of our own words
_ASKED: Final = text(_ROWS).bindparams(bindparam("keys", expanding=True, type_=Text()))

_AT_ONCE: Final = 500
"""Names of one question: databases take only so many."""

_Group = tuple[Any, ...]
_Sums = dict[Table, dict[_Group, list[int]]]


@contextmanager
def summed(connection: Connection, keys: Collection[str], origin_ids: Collection[str] = ()) -> Iterator[None]:
    """Within the block the rows of these change orders change, and those of their destinations and of ``origin_ids``,
    and no other; behind it the sums are theirs again.
    """
    if not keys:
        yield
        return
    lock_sums(connection)
    affected = _affected(connection, keys, origin_ids)
    before = _sums_of(connection, affected)
    yield
    after = _sums_of(connection, affected)
    for table in _MEASURES:
        _add(connection, table, before[table], after[table])


def lock_sums(connection: Connection) -> None:
    """By one at a time: of what another instance changes meanwhile, before and after would be those of different rows.
    Before any lock of a row that they are of, so that no two wait for each other.
    """
    connection.execute(select(PROGRESS.c.id).with_for_update())


def _affected(connection: Connection, keys: Collection[str], origin_ids: Collection[str]) -> list[str]:
    """What is told of a destination may name another change order than the one whose share it is: a record of ours
    that was read back has a key of its own, and the origin ids of its root.
    """
    places = (SHARES.c, HOLDINGS.c)
    found = set(keys)
    origins: set[Any] = set(origin_ids)
    for some in _portions(keys):
        origins.update(
            connection.scalars(union(*(select(of.origin_id).where(of.change_order_key.in_(some)) for of in places)))
        )
    origins.discard(None)  # Of what no destination takes.
    for some in _portions(origins):
        found.update(
            connection.scalars(union(*(select(of.change_order_key).where(of.origin_id.in_(some)) for of in places)))
        )
    return sorted(found)


def _portions(names: Iterable[str]) -> Iterator[list[str]]:
    every = sorted(names)
    return (every[begin : begin + _AT_ONCE] for begin in range(0, len(every), _AT_ONCE))


def _sums_of(connection: Connection, keys: Collection[str]) -> _Sums:
    found: _Sums = {table: {} for table in _MEASURES}
    of = None
    for row in connection.execute(_ASKED, {"keys": list(keys)}).mappings():
        amount, there = (summable(row[name]) for name in ("amount", "there"))
        known = (amount or 0, amount is None)
        is_first, of = row["change_order_key"] != of, row["change_order_key"]
        at_place = (there or 0, bool(row["is_held"]) and there is None, *_ahead(row, amount))
        _count(found[SUMS], SUMS, row, (1, is_first, *known, *at_place))
        if row["slot"] is not None:
            _count(found[APPROVALS], APPROVALS, row, (1, *known))
    return found


def _ahead(row: RowMapping, amount: int | None) -> tuple[int, int, bool]:
    """By how much less and more is approved there than at the source, and whether nobody knows. Both have the sign of
    the money: a credit that is not there is less than nothing that is missing.
    """
    if row["side"] == "":
        return 0, 0, False
    meant = amount if row["status"] == "approved" else 0
    there = summable(row["approved_there"])
    if meant is None or there is None:
        return 0, 0, row["status"] == "approved"
    left = meant - there
    is_missing = row["status"] == "approved" and left * meant > 0
    return (left, 0, False) if is_missing else (0, -left, False)


def _count(found: dict[_Group, list[int]], table: Table, row: RowMapping, more: Sequence[int]) -> None:
    sums = found.setdefault(tuple(row[name] for name in _GROUPED[table]), [0] * len(more))
    for place, number in enumerate(more):
        sums[place] += number


def _add(connection: Connection, table: Table, before: dict[_Group, list[int]], after: dict[_Group, list[int]]) -> None:
    nothing = [0] * len(_MEASURES[table])
    changed = {
        group: [new - old for new, old in zip(after.get(group, nothing), before.get(group, nothing), strict=True)]
        for group in sorted({*before, *after}, key=repr)
    }
    changed = {group: more for group, more in changed.items() if any(more)}
    if not changed:
        return
    measures = _MEASURES[table]
    rows = [_row(table, group) | dict(zip(measures, more, strict=True)) for group, more in changed.items()]
    add_up(connection, table, rows, measures)
    connection.execute(
        delete(table).where(table.c.group_id.in_([group_id(group) for group in changed])).where(_GONE[table])
    )


_GONE: Final = {table: table.c.log_rows == 0 for table in _MEASURES}


def _row(table: Table, group: _Group) -> dict[str, Any]:
    return {"group_id": group_id(group), **dict(zip(_GROUPED[table], group, strict=True))}


def group_id(group: _Group) -> str:
    """Stands for a group's names, which may be longer than an index takes."""
    return hashlib.sha256(json.dumps(group).encode()).hexdigest()
