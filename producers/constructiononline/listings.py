"""The calls of one poll, counted, with their rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from enum import Enum, auto
from functools import partial
from typing import Protocol, TypeVar

from producers.constructiononline.rows import Row, Rows, by_change_order
from relay.clients.native_json.records import NativeRecord
from relay.domain.failures import Denied
from relay.domain.sources import constructiononline as source

ROWS_PER_REQUEST = 1_000
"""A listing of so many change orders weighs as much as one request more."""

T = TypeVar("T")

Projects = Mapping[str, str | None]
"""Change orders with their projects; ``None`` where the project is not known."""


class Scope(Enum):
    """What one call lists: one change order, those of a project, or all of the account."""

    EACH = auto()
    PROJECT = auto()
    ACCOUNT = auto()


def cheapest(wanted: Projects, known: Mapping[str | None, int]) -> Scope:
    """The scope that reads ``wanted`` with the least requests; ``known`` counts change orders per project.

    Of two that take equally many the one with fewer rows is chosen.
    """
    projects = set(wanted.values())
    costs = {Scope.EACH: float(len(wanted))}
    if None not in projects:
        costs[Scope.PROJECT] = len(projects) + _weight(sum(known.get(project, 0) for project in projects))
    costs[Scope.ACCOUNT] = 1 + _weight(sum(known.values()))
    return min(costs, key=lambda scope: costs[scope])


def _weight(rows: int) -> float:
    return rows / ROWS_PER_REQUEST


class Client(Protocol):
    """What is asked of :class:`relay.clients.constructiononline.ConstructionOnlineClient`."""

    def change_orders(self, from_date: date | None = None, project_id: int | None = None) -> list[NativeRecord]: ...
    def change_order(self, change_order_id: int) -> NativeRecord | None: ...
    def items(
        self, from_date: date | None = None, project_id: int | None = None, change_order_id: int | None = None
    ) -> list[NativeRecord]: ...
    def deleted_projects(self) -> list[NativeRecord]: ...
    def probe_tenant(self) -> None: ...
    def close(self) -> None: ...


class Listings:
    """Reads headers and items in any scope. ``requests`` counts; ``denied`` are change orders that are refused.

    A refusal of one project or change order is no failure of the account: its change orders are
    left out, and read another time.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self.rows = Rows()
        self.requests = 0
        self.denied: set[str] = set()
        self._probed = False

    def modified_headers(self, day: date | None) -> dict[str, Row]:
        """Change orders modified on ``day`` or later; all of them without a day."""
        self.requests += 1
        return self.rows.headers(self._client.change_orders(from_date=day))

    def modified_items(self, day: date | None) -> list[Row]:
        """Items modified on ``day`` or later; all of them without a day."""
        self.requests += 1
        return self.rows.items(self._client.items(from_date=day))

    def headers(self, wanted: Projects, scope: Scope) -> dict[str, Row | None]:
        """The headers of ``wanted``; ``None`` for one that is certainly gone.

        One that a wider listing lacks is asked for singly: only that proves that it is gone.
        """
        listed: Mapping[str, Row] = {}
        if scope is Scope.ACCOUNT:
            listed = self.modified_headers(None)
        elif scope is Scope.PROJECT:
            listed = self._by_project(wanted, self._headers_of_project)
        headers = {number: listed[number] for number in wanted if number in listed}
        return headers | self._headers_singly(wanted.keys() - listed.keys())

    def items(self, wanted: Projects, scope: Scope) -> dict[str, list[Row]]:
        """All items of ``wanted``; a change order without any has none here."""
        if scope is Scope.ACCOUNT:
            return by_change_order(self.modified_items(None))
        if scope is Scope.PROJECT:
            return self._by_project(wanted, self._items_of_project)
        answers = {number: self._unless_denied(partial(self._items_of, number), {number}) for number in wanted}
        return {number: rows for number, rows in answers.items() if rows is not None}

    def deleted_projects(self) -> frozenset[str]:
        """Ids of the projects that the remote names as deleted."""
        self.requests += 1
        numbers = (source.record_id(record.data) for record in self._client.deleted_projects())
        return frozenset(number for number in numbers if number is not None)

    def _headers_singly(self, wanted: AbstractSet[str]) -> dict[str, Row | None]:
        headers: dict[str, Row | None] = {}
        for number in sorted(wanted - self.denied):
            rows = self._unless_denied(partial(self._header_of, number), {number})
            if rows is not None:
                headers[number] = rows.get(number)
        return headers

    def _header_of(self, number: str) -> dict[str, Row]:
        record = self._client.change_order(int(number))
        return self.rows.headers([record] if record else [])

    def _headers_of_project(self, project: str) -> dict[str, Row]:
        return self.rows.headers(self._client.change_orders(project_id=int(project)))

    def _items_of_project(self, project: str) -> dict[str, list[Row]]:
        return by_change_order(self.rows.items(self._client.items(project_id=int(project))))

    def _items_of(self, number: str) -> list[Row]:
        rows = self.rows.items(self._client.items(change_order_id=int(number)))
        return [row for row in rows if row.change_order_id == number]

    def _by_project(self, wanted: Projects, read: Callable[[str], Mapping[str, T]]) -> dict[str, T]:
        rows: dict[str, T] = {}
        for project in sorted({project for project in wanted.values() if project is not None}):
            numbers = {number for number, project_of_number in wanted.items() if project_of_number == project}
            rows |= self._unless_denied(partial(read, project), numbers) or {}
        return rows

    def _unless_denied(self, call: Callable[[], T], numbers: Collection[str]) -> T | None:
        """The answer of ``call``; ``None`` where it is refused, which is noted for the change orders ``numbers``."""
        self.requests += 1
        try:
            return call()
        except Denied as refused:
            self._check_login(refused)
            self.denied |= set(numbers)
            return None

    def _check_login(self, refused: Denied) -> None:
        """Once a poll, whether it is the login that is refused and not the one record. Raises ``TenantBlocked``."""
        if refused.status in (401, 403) and not self._probed:
            self.requests += 1
            self._client.probe_tenant()
            self._probed = True
