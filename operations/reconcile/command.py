"""``cor reconcile``: a report as it had been observed by a time, or of what the remotes say now."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime
from typing import Final

from operations.audit import now
from operations.environment import Environment
from operations.reconcile.books import SystemRead
from operations.reconcile.live import read_remotes
from operations.reconcile.project import read_books
from operations.reconcile.report import as_recorded, report_of
from operations.reconcile.statement import Reconciliation
from operations.reports.tables import ReadTables, open_tables
from operations.survey.calls import Calls
from relay.domain.routes import Routing
from relay.engine.kafka import Cluster, Partition
from relay.engine.topics import OBSERVED, OUTCOMES, WRITES
from workers.views.tables import OFFSETS

_TOLD: Final = (OBSERVED, OUTCOMES, WRITES)
_PATIENCE: Final = 30.0
"""Seconds for which the tables are waited for."""
_PAUSE: Final = 0.5
TABLES: Final = "relay"
"""In the place of a system: the relay's own tables."""


def reconcile_recorded(tables: ReadTables, routing: Routing, project: str, at: datetime) -> Reconciliation:
    """As it had been observed by ``at``. Raises ``Refused`` for a project of which nothing was seen."""
    books = read_books(tables, routing, project, at)
    reach = tables.read_at is not None and tables.read_at >= at
    return with_tables(report_of(books, as_recorded(books)), reach=reach)


def reconcile_live(environment: Environment, project: str, calls: Calls) -> Reconciliation:
    """With what the source and the remotes say now, and what the relay has told of until then.

    Raises ``Refused`` for a project of which nothing was seen.
    """
    routing = environment.configuration.routing
    with open_tables(environment.settings) as tables:
        books = read_books(tables, routing, project, now())
        remote = read_remotes(environment, books, calls)
    read_at = now()
    reach = await_tables(environment)
    with open_tables(environment.settings) as tables:
        # What was told meanwhile explains what was read meanwhile; what is newer than the readings is in transit.
        return with_tables(report_of(read_books(tables, routing, project, read_at), remote), reach=reach)


def await_tables(environment: Environment) -> bool:
    """Whether the tables have, within a while, everything that stands on the topics now."""
    places = [place for topic in _TOLD for place in environment.every(topic, environment.counts(_TOLD)[topic])]
    with Cluster(environment.connection) as cluster:
        ends = cluster.end_offsets(places)
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        with open_tables(environment.settings) as tables:
            rows = tables.rows(OFFSETS.select())
        folded = {Partition(row.topic, row.partition): row.next_offset for row in rows}
        if all(folded.get(place, 0) >= end for place, end in ends.items()):
            return True
        time.sleep(_PAUSE)
    return False


def with_tables(report: Reconciliation, *, reach: bool) -> Reconciliation:
    """The report with how far the tables are: where they do not ``reach`` the cut-off, nothing can be told."""
    if reach:
        return report
    why = "its tables do not reach the cut-off yet: does the stage views run? `cor status` says how far it is"
    read = SystemRead(system=TABLES, account="tables", at=None, why=why)
    return replace(report, reads=(*report.reads, read))
