"""Months as they were read last, and those that are being read: one reading for everybody who asks.

Who goes from tab to tab, or takes the file, does not wait for all of it again. A month that takes long is read on while
its page says so and comes again: it is shown to whoever does, whatever was told meanwhile, or nobody would see it where
something is told all the time.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
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

PATIENCE: Final = 0.05
"""Seconds for which a page waits for its month. With what draws it, and says so where it is not there yet, a page takes
less than 0.2.
"""
_LASTS: Final = timedelta(minutes=1)
"""Some causes end by time alone: silence is none for long."""
_KEPT_FOR_WAITING: Final = 10.0
"""Seconds for which a month is there for those who were told to come again: they do every other second."""
_MOST: Final = 4
"""A month of 3,000 change orders keeps about 20 MB."""
_AT_ONCE: Final = 2
"""Readings at once, so that a small month need not wait for a large one, nor the other screens for many."""

Moment = Callable[[], AbstractContextManager[ReadTables]]
"""Opens a moment of the tables."""
_Name = tuple[str, MonthSpan]


@dataclass(slots=True, kw_only=True)
class _Reading:
    """``month``: of the tables in this ``state``, once it has ended. ``is_awaited``: somebody is to come again."""

    name: _Name
    routing: Routing
    at: datetime
    state: tuple[Any, ...] = ()
    month: Future[MonthReport] = field(default_factory=Future)
    is_awaited: bool = False
    ended_at: float = 0.0


class ReadMonths:
    """Thread-safe. ``patience``: seconds for which who does not wait is kept; ``clock``: seconds that only grow."""

    def __init__(self, patience: float = PATIENCE, clock: Callable[[], float] = time.monotonic) -> None:
        self._patience, self._clock = patience, clock
        self._changed = threading.Condition()
        self._ended: OrderedDict[_Name, _Reading] = OrderedDict()
        self._under_way: list[_Reading] = []

    def read(
        self, moment: Moment, routing: Routing, project: str, span: MonthSpan, now: datetime
    ) -> MonthReport | None:
        """Of at most a minute ago where nothing has been told since, else read now, or just now for whoever had to come
        again; it says as of when it is. ``None``: it is being read, ask again. Raises as :func:`read_month`, also what
        was raised for whoever had to come again.
        """
        asked = self._asked(moment, routing, (project, span), now)
        with self._changed:
            self._changed.wait_for(lambda: (found := asked()) is not None and found.month.done(), self._patience)
            reading = asked()
            if reading is not None and not reading.month.done():
                reading.is_awaited = True
        return reading.month.result() if reading is not None and reading.month.done() else None

    def wait(self, moment: Moment, routing: Routing, project: str, span: MonthSpan, now: datetime) -> MonthReport:
        """The same for who waits, however long it takes. No connection is kept meanwhile, or those who wait would keep
        all of them from who reads.
        """
        asked = self._asked(moment, routing, (project, span), now)
        with self._changed:
            while (reading := asked()) is None or not reading.month.done():
                self._changed.wait()
        return reading.month.result()

    def _asked(self, moment: Moment, routing: Routing, name: _Name, now: datetime) -> Callable[[], _Reading | None]:
        """Gives, once one has the lock, the reading that is for who asks now; ``None``: there is no room for it yet."""
        with moment() as tables:
            state = _state(tables, routing, now)
        found: _Reading | None = None

        def reading() -> _Reading | None:
            nonlocal found
            found = found or self._kept(name, routing, state, now) or self._one_under_way(moment, name, routing, now)
            return found

        return reading

    def _kept(self, name: _Name, routing: Routing, state: tuple[Any, ...], now: datetime) -> _Reading | None:
        kept = self._ended.get(name)
        if kept is None or kept.routing is not routing:
            return None
        is_new = kept.month.exception() is None and kept.state == state and kept.at <= now < kept.at + _LASTS
        return kept if is_new or (kept.is_awaited and self._clock() < kept.ended_at + _KEPT_FOR_WAITING) else None

    def _one_under_way(self, moment: Moment, name: _Name, routing: Routing, now: datetime) -> _Reading | None:
        """The reading that everybody who asks for this month shares; ``None``: there is no room for it yet."""
        for one in self._under_way:
            if one.name == name and one.routing is routing:
                return one
        if len(self._under_way) >= _AT_ONCE:
            return None
        reading = _Reading(name=name, routing=routing, at=now)
        self._under_way.append(reading)
        # Nobody waits for it when the process is to end.
        threading.Thread(target=self._run, args=(reading, moment), name="month", daemon=True).start()
        return reading

    def _run(self, reading: _Reading, moment: Moment) -> None:
        try:
            with moment() as tables:
                reading.state = _state(tables, reading.routing, reading.at)
                ends = partial(reading.month.set_result, read_month(tables, reading.routing, *reading.name, reading.at))
        except Exception as error:  # noqa: BLE001 - raised where somebody is to be told
            ends = partial(reading.month.set_exception, error)
        with self._changed:
            ends()
            self._under_way.remove(reading)
            reading.ended_at = self._clock()
            if reading.month.exception() is None or reading.is_awaited:
                self._keep(reading)
            self._changed.notify_all()

    def _keep(self, reading: _Reading) -> None:
        self._ended[reading.name] = reading
        self._ended.move_to_end(reading.name)
        while len(self._ended) > _MOST:
            self._ended.popitem(last=False)


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
