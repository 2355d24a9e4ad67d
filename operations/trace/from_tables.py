"""The story of one change order from the tables of ``views``: at once, however long history is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from operations.audit import now
from operations.environment import Environment
from operations.errors import Refused
from operations.reports.one_change_order import OneChangeOrder, read_change_order
from operations.reports.search import FoundChangeOrder, find
from operations.reports.tables import ReadTables, open_tables
from operations.route_names import called_today
from relay.domain import identity

_MOST_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceInTables:
    """``read_at``: when the tables last had everything; what came since is not told."""

    key: str
    read_at: datetime | None
    found: OneChangeOrder


def trace_in_tables(environment: Environment, named: str) -> TraceInTables:
    """What the tables tell. Raises ``Refused`` where they are not there, or know nothing, or several, by that name."""
    with open_tables(environment.settings) as tables:
        key = _key(tables, named.strip())
        found = read_change_order(tables, key, now(), called_today(environment))
        if found is None:
            raise Refused(f"the tables know nothing of {key}: `cor trace` without --tables reads the topics")
        return TraceInTables(key=key, read_at=tables.read_at, found=found)


def _key(tables: ReadTables, named: str) -> str:
    root = identity.root_of(named)
    if root is not None:
        return root[0]
    found = find(tables, named).change_orders
    closest = [one for one in found if one.found_by == found[0].found_by]
    if len(closest) == 1:
        return closest[0].change_order_key
    if not closest:
        raise Refused(f"the tables know nothing that is called {named}: `cor trace` without --tables reads the topics")
    raise Refused(f"{named!r} may be any of {len(closest)}; say which: {_listed(closest)}")


def _listed(found: Sequence[FoundChangeOrder]) -> str:
    named = [f"{one.change_order_key} ({one.number or 'no number'} {one.title or ''})" for one in found]
    more = f", and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    return f"{'; '.join(named[:_MOST_NAMED])}{more}"
