"""How fast ``views`` folds change orders, in how much memory, and how soon the page's questions are answered then."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.commands import cost
from benchmarks.events import observed
from benchmarks.ground import Ground
from benchmarks.mapping import CONFIGURATION
from operations.reports.change_order_log import LogFilter
from operations.reports.home import read_home
from operations.reports.log_page import read_log_page
from operations.reports.one_change_order import read_change_order
from operations.reports.open_items import read_open_items
from operations.reports.search import find
from operations.reports.system import read_system
from operations.reports.tables import ReadTables, moment_of
from operations.reports.writes_total import sum_writes
from relay.engine.kafka import Outgoing, PlainWriter
from relay.engine.record_codec import record_codec
from relay.engine.topics import OBSERVED
from web.pages.home import AT_ONCE
from workers.views.sqlite_store import SqliteStore

_TOGETHER = 20_000


def measure(fresh: Callable[[], Ground], count: int, items: int) -> dict[str, Any]:
    """Folds ``count`` events by a process of its own, whose start counts as well."""
    here = fresh()
    here.configure(CONFIGURATION)
    here.cor("topics", "apply", "--unproven", "--partitions", str(here.partitions))
    _fill(here, count, items)
    file = here.folder / "views.sqlite"
    began = time.perf_counter()
    with here.running(["views"], once=True) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    store = SqliteStore(file)
    try:
        with moment_of(store) as tables:
            asked = _asked(tables)
    finally:
        store.close()
    return {
        "events": count,
        "items": items,
        "seconds": round(seconds, 1),
        "events_per_second": round(count / seconds),
        "events_per_cpu_second": round(count / (used.ru_utime + used.ru_stime)),
        "megabytes": round(used.ru_maxrss / 1024),
        "file_megabytes": round(file.stat().st_size / 1_000_000),
        "milliseconds": asked,
        "trace": cost(here, ["trace", "constructiononline:acme:77", "--tables"]),
    }


def _fill(here: Ground, count: int, items: int) -> None:
    codec, topic = record_codec(), OBSERVED.name(here.prefix)
    with PlainWriter(here.connection) as writer:
        for number, event in enumerate(observed(count, items)):
            writer.send(Outgoing(topic, event.key.encode(), codec.encode(event, topic)))
            if number % _TOGETHER == 0:
                writer.flush()
        writer.flush()


def _asked(tables: ReadTables) -> dict[str, float]:
    now = datetime.now(UTC)
    questions: dict[str, Callable[[], object]] = {
        "home": lambda: read_home(tables, now, 0, AT_ONCE),
        "log": lambda: read_log_page(tables, LogFilter(), now),
        "log, far behind": lambda: read_log_page(tables, LogFilter(), now, "constructiononline:acme:9999"),
        "log of a status": lambda: read_log_page(tables, LogFilter(status="pending"), now),
        "open items": lambda: read_open_items(tables),
        "writes": lambda: sum_writes(tables, now - timedelta(days=31), now),
        "system": lambda: read_system(tables, now, str),
        "by number": lambda: find(tables, "77"),
        "by title": lambda: find(tables, "change 77"),
        "one change order": lambda: read_change_order(tables, "constructiononline:acme:77", now, str),
    }
    taken: dict[str, float] = {}
    for name, question in questions.items():
        began = time.perf_counter()
        question()
        taken[name] = round((time.perf_counter() - began) * 1000)
    return taken
