"""Months as they were read last: who goes from tab to tab, or takes the file, does not wait for all of it again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from operations.reconcile.cut_off import MonthSpan
from operations.reports.month import MonthReport, read_month
from operations.reports.statements import read_holds
from operations.reports.tables import ReadTables
from relay.domain.route_names import RouteNames
from relay.domain.routes import Routing
from relay.engine.topics import CONTROL
from workers.views.tables import OFFSETS

_LASTS: Final = timedelta(minutes=1)
"""Some causes end by time alone: silence is none for long."""
_MOST: Final = 4
"""A month of 3,000 change orders keeps about 20 MB."""


@dataclass(frozen=True, slots=True)
class _Remembered:
    routing: Routing
    state: tuple[Any, ...]
    at: datetime
    month: MonthReport


class ReadMonths:
    """Thread-safe. Two requests at once may both read a month, and read the same."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._months: OrderedDict[tuple[str, MonthSpan], _Remembered] = OrderedDict()

    def read(self, tables: ReadTables, routing: Routing, project: str, span: MonthSpan, now: datetime) -> MonthReport:
        """Of at most a minute ago where nothing has been told since, else read now; it says as of when it is. Raises
        as :func:`read_month`.
        """
        name, state = (project, span), _state(tables, routing, now)
        with self._lock:
            kept = self._months.get(name)
        if kept and kept.routing is routing and kept.state == state and kept.at <= now < kept.at + _LASTS:
            return kept.month
        month = read_month(tables, routing, project, span, now)
        with self._lock:
            self._months[name] = _Remembered(routing, state, now, month)
            self._months.move_to_end(name)
            while len(self._months) > _MOST:
                self._months.popitem(last=False)
        return month


def _state(tables: ReadTables, routing: Routing, now: datetime) -> tuple[Any, ...]:
    """Up to where everything is folded that a month is made of. Stages state themselves every second on the control
    topic, of which only holds count.
    """
    columns = OFFSETS.c
    query = select(columns.topic, columns.topic_id, columns.partition, columns.next_offset)
    rows = tables.rows(query.order_by(columns.topic, columns.topic_id, columns.partition))
    offsets = tuple(tuple(row) for row in rows if not row.topic.endswith(CONTROL.base))
    holds = read_holds(tables, now, RouteNames(routing.routes).of_target)
    return (tables.read_at is None, offsets, tuple(holds))
