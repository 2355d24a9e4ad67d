"""The calls of one poll, counted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from producers.procore.backlog import ListedRow
from producers.procore.statuses import facts_of, status_change, status_text
from producers.source import ReadChangeOrder
from relay.clients.http.terms import CallTerms
from relay.clients.procore import LineItem, Package, PotentialChangeOrder, ProcoreClient, Project
from relay.domain import identity
from relay.domain.failures import Denied, Rejected
from relay.domain.records import PollState
from relay.domain.sources import native_json, procore_marks
from relay.domain.sources import procore as native
from relay.domain.sources.reading import Own
from relay.engine.telemetry import events

_log = structlog.get_logger(__name__)

_ROUNDS = 3
"""How often a record whose lines change while it is read is read again before it is left for the next poll."""

_LINES_DIFFER = "line_items: are others than the list of lines shows, which counts"

_PER_PAGE = 100


class RecordMoved(Exception):
    """The record changed each time while it was read."""


class RecordRefused(Exception):
    """The remote refuses the record, and it alone."""


@dataclass(slots=True)
class CompanyCalls:
    """Reads rows and records of one company: rows by ``terms``, records by ``reading_terms``.

    ``denied_projects`` are refused now, ``listed_projects`` all that are active, where they were listed; ``listings``
    are the calls by ``terms``. ``unreadable`` are the rows without an id.
    """

    account: str
    client: ProcoreClient
    terms: CallTerms
    reading_terms: CallTerms
    now: datetime
    requests: int = 0
    listings: int = 0
    denied_projects: set[int] = field(default_factory=set)
    listed_projects: list[Project] | None = None
    unreadable: list[bytes] = field(default_factory=list)
    _packages: dict[int, list[Package]] = field(default_factory=dict)

    def projects(self) -> frozenset[int]:
        """Every active project of the company that the service account may see."""
        self._count_listings(self.terms, 1)
        self.listed_projects = self.client.references.projects(terms=self.terms)
        return frozenset(project.id for project in self.listed_projects)

    def login(self) -> int | None:
        """The id of our own login, by which rows name who made them."""
        self.requests += 1
        return self.client.probe_tenant(terms=self.reading_terms).id

    def rows(
        self, project: int, window: tuple[datetime, datetime] | None, *, first_load: bool, terms: CallTerms
    ) -> list[ListedRow]:
        """Rows of a project, deleted ones included; ``window``: only what was updated in it.

        A project that is refused is logged, kept in ``denied_projects`` and has no rows: the others go on.
        """
        try:
            rows = self.client.potential_change_orders.find(
                project, updated=window, include_deleted=True, unreadable=self.unreadable, terms=terms
            )
        except Denied as denied:
            self._count_listings(terms, 1)
            self.denied_projects.add(project)
            _log.warning(events.PROJECT_DENIED, account=self.account, project=project, message=denied.message)
            return []
        self._count_listings(terms, 1 + len(rows) // _PER_PAGE)
        return [ListedRow(project=project, row=row, first_load=first_load) for row in rows]

    def is_deleted(self, project: int, number: str) -> bool:
        """Whether a record that a listing lacks is certainly not there."""
        self.requests += 1
        unreadable: list[bytes] = []
        rows = self.client.potential_change_orders.find(
            project, ids=[int(number)], include_deleted=True, unreadable=unreadable, terms=self.reading_terms
        )
        return not unreadable and not any(str(row.id) == number and row.deleted_at is None for row in rows)

    def record(self, listed: ListedRow, before: PollState | None, *, list_counts: bool = False) -> ReadChangeOrder:
        """The record with its lines, which was read as ``before`` last.

        ``list_counts``: where the lines that it shows are others than those that are listed, these are its lines.
        Raises :class:`RecordMoved`, :class:`RecordRefused`.
        """
        for _ in range(_ROUNDS):
            try:
                change_order = self._consistent_record(listed, before, list_counts=list_counts)
            except (Denied, Rejected) as refused:
                self.log_postponed(listed, refused.message)
                raise RecordRefused from refused
            if change_order is not None:
                return change_order
        raise RecordMoved

    def log_postponed(self, listed: ListedRow, why: str) -> None:
        """Tells that a record was not read this time, and why."""
        _log.warning(
            events.CHANGE_ORDER_POSTPONED,
            system=native.SYSTEM,
            account=self.account,
            change_order_id=listed.number,
            why=why,
        )

    def _consistent_record(
        self, listed: ListedRow, before: PollState | None, *, list_counts: bool
    ) -> ReadChangeOrder | None:
        """``None`` where the lines that are listed are not those that the record shows."""
        row = listed.row
        self.requests += 1
        shown = self.client.potential_change_orders.show(
            listed.project, row.contract_id or 0, row.id, terms=self.reading_terms
        )
        lines = self._lines(listed.project, shown)
        differs = shown.lines is not None and {line.id for line in lines} != {line.id for line in shown.lines}
        if differs and not list_counts:
            return None
        defects = (_LINES_DIFFER,) if differs else ()
        reading = native.read(shown.native.data, [line.native.data for line in lines], str(listed.project))
        own, facts = self._own(listed, shown, lines), facts_of(row, shown.status)
        return ReadChangeOrder(
            change_order_id=listed.number,
            project=str(listed.project),
            reading=replace(reading, own=own, defects=(*reading.defects, *defects)),
            raw=native_json.compose(shown.native.raw, [lines[at].native.raw for at in reading.item_order]),
            row=listed.hash_to_keep(self.now),
            status=status_text(facts),
            status_change=status_change(own, facts, before, listed.number, shown.number),
            first_load=listed.first_load,
        )

    def _lines(self, project: int, shown: PotentialChangeOrder) -> list[LineItem]:
        """The lines as their own list holds them: only there they have origin ids and complete cost codes."""
        if shown.lines == ():
            return []
        self.requests += 1
        return self.client.line_items.find(project, shown.id, terms=self.reading_terms)

    def _own(self, listed: ListedRow, shown: PotentialChangeOrder, lines: list[LineItem]) -> Own | None:
        origin_id = procore_marks.our_origin_id(shown.native.data)
        package = None
        if origin_id is not None and listed.row.tiers == 1 and shown.contract_id is not None:
            package = self._package(listed.project, shown.contract_id, identity.package_origin_id(origin_id))
        data = [line.native.data for line in lines]
        return procore_marks.own(shown.native.data, data, package.native.data if package else None)

    def _package(self, project: int, contract_id: int, origin_id: str) -> Package | None:
        """The package of one of ours where there is one tier, shown singly: rows lack its description.

        ``None`` where the contract has none of this origin id.
        """
        if contract_id not in self._packages:
            self.requests += 1
            self._packages[contract_id] = self.client.packages.find(
                project, contract_id=contract_id, terms=self.reading_terms
            )
        row = next((package for package in self._packages[contract_id] if package.origin_id == origin_id), None)
        if row is None:
            return None
        self.requests += 1
        return self.client.packages.show(project, row.id, contract_id=contract_id, terms=self.reading_terms)

    def _count_listings(self, terms: CallTerms, count: int) -> None:
        self.requests += count
        self.listings += count if terms is self.terms else 0
