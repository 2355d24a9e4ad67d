"""Change orders with their items, read so that they belong together: header, items, header again.

There is no transaction and no version at the remote, so only a header that is the same before and
after shows that the items between belong to it. One whose header moved meanwhile is read again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from producers.changes import deletions
from producers.changes.compare import Verdict, compare
from producers.constructiononline.listings import Listings, Projects, cheapest
from producers.constructiononline.rows import Row
from producers.poll_state import AccountState
from producers.row_defects import attempted
from producers.source import ReadChangeOrder
from relay.domain.change_order import ChangeOrder
from relay.domain.sources import constructiononline as source
from relay.domain.sources import native_json

_ROUNDS = 3
"""How often a change order that changes while it is read is read again before it is left for the next poll."""

Headers = Mapping[str, Row]
"""Headers by change order id."""


class ConsistentReader:
    """Reads change orders and keeps those that are not as poll state has them.

    ``day`` is what the listing of changes was asked from. The result is in ``change_orders``, ``deleted`` and
    ``postponed`` (by id). Belongs to one poll.
    """

    def __init__(self, calls: Listings, state: AccountState, day: date | None) -> None:
        self._calls = calls
        self._state = state
        self._day = day
        self._alive = Counter(before.project for before in state.alive())
        self.change_orders: list[ReadChangeOrder] = []
        self.deleted: list[str] = []
        self.postponed: set[str] = set()

    def read(self, listed: Headers, unlisted: Projects) -> None:
        """Reads ``listed``, whose headers were just listed, and ``unlisted``, of which only the project is known."""
        headers = {**listed, **self._read_headers(unlisted)}
        moved = self._read_behind(headers, listed)
        self._read_until_stable(moved, rounds=_ROUNDS - 1)

    def compare_listed(self, headers: Headers, items: Mapping[str, Sequence[Row]]) -> None:
        """Takes headers and items that were both listed in full; only the headers are read again."""
        changed = self._changed(headers, items)
        if not changed:
            return
        wanted = _projects({number: headers[number] for number in changed})
        headers_again = self._calls.headers(wanted, cheapest(wanted, self._weights(headers)))
        moved = self._keep_unmoved(changed, headers, headers_again)
        self._read_until_stable(moved, rounds=_ROUNDS)

    def _read_until_stable(self, moved: Headers, rounds: int) -> None:
        """Reads what moved from its header on, and postpones what moves in every one of ``rounds``."""
        for _ in range(rounds):
            moved = self._read_behind(self._read_headers(_projects(moved)), {})
        self.postponed |= moved.keys()

    def _read_behind(self, headers: Headers, listed: Headers) -> Headers:
        """Items, then headers again; keeps what is consistent and returns the headers that moved."""
        items = self._read_items(headers)
        readable = {number: row for number, row in headers.items() if number not in self._calls.denied}
        changed = self._changed(readable, items)
        headers_again = self._read_headers_again({number: headers[number] for number in changed}, listed)
        return self._keep_unmoved(changed, headers, headers_again)

    # -- the three steps

    def _read_headers(self, wanted: Projects) -> Headers:
        """The headers of ``wanted`` that exist; the others are marked deleted."""
        if not wanted:
            return {}
        rows = self._calls.headers(wanted, cheapest(wanted, self._alive))
        self._mark_deleted(number for number, row in rows.items() if row is None)
        return {number: row for number, row in rows.items() if row is not None}

    def _read_items(self, headers: Headers) -> Mapping[str, Sequence[Row]]:
        wanted = _projects(headers)
        return self._calls.items(wanted, cheapest(wanted, self._alive)) if wanted else {}

    def _read_headers_again(self, before: Headers, listed: Headers) -> Mapping[str, Row | None]:
        """Several that stood in the listing of changes by that listing, the others as is cheapest."""
        rows: dict[str, Row | None] = {}
        if len(before.keys() & listed.keys()) > 1:
            listed_again = self._calls.modified_headers(self._day)
            rows = {number: listed_again[number] for number in before if number in listed_again}
        left = {number: row.project for number, row in before.items() if number not in rows}
        return rows | (self._calls.headers(left, cheapest(left, self._alive)) if left else {})

    # -- what is kept

    def _changed(self, headers: Headers, items: Mapping[str, Sequence[Row]]) -> dict[str, ReadChangeOrder]:
        """The change orders that poll state does not know to be as they are, by id."""
        changed = {number: self._changed_one(row, items.get(number, ())) for number, row in headers.items()}
        return {number: change_order for number, change_order in changed.items() if change_order is not None}

    def _changed_one(self, header: Row, items: Sequence[Row]) -> ReadChangeOrder | None:
        return attempted(
            lambda: self._if_it_differs(change_order_of(header, items)),
            subject=f"change order {header.change_order_id}",
            raw=header.raw,
            failed=self._calls.rows.unreadable,
        )

    def _if_it_differs(self, change_order: ReadChangeOrder) -> ReadChangeOrder | None:
        before = self._state.states.get(change_order.change_order_id)
        verdict = compare(change_order.reading.change_order, before)
        return None if verdict is Verdict.UNCHANGED else change_order

    def _keep_unmoved(
        self, changed: Mapping[str, ReadChangeOrder], headers: Headers, headers_again: Mapping[str, Row | None]
    ) -> Headers:
        """Keeps what has the same header before and after; returns the later headers of the others."""
        moved = {}
        for number, change_order in changed.items():
            after = headers_again.get(number)
            if after is not None and self._is_unmoved(headers[number], after):
                self.change_orders.append(change_order)
            elif after is not None:
                moved[number] = after
            elif number in headers_again:
                self._mark_deleted([number])
        return moved

    def _is_unmoved(self, before: Row, after: Row) -> bool:
        """Whether two readings of a header say the same, however they lay it out and write its numbers."""
        if after.data == before.data:
            return True
        says_the_same = attempted(
            lambda: before.modified == after.modified and _said(before) == _said(after),
            subject=f"change order {after.change_order_id}",
            raw=after.raw,
            failed=self._calls.rows.unreadable,
        )
        return bool(says_the_same)

    def _mark_deleted(self, numbers: Iterable[str]) -> None:
        """The remote says that they do not exist. It is believed while others of their project are there;
        otherwise the next sweep judges.
        """
        for number in numbers:
            before = self._state.states.get(number)
            if before is None or before.deleted or len(self.deleted) >= deletions.BELIEVED_AT_ONCE:
                continue
            if self._alive[before.project] > 1:
                self._alive[before.project] -= 1
                self.deleted.append(number)

    def _weights(self, listed: Headers) -> Mapping[str | None, int]:
        """Change orders of each project, for what a listing costs: on a first load only those just listed are known."""
        listed_counts = Counter(row.project for row in listed.values())
        return self._alive if self._alive.total() >= listed_counts.total() else listed_counts


def change_order_of(header: Row, items: Sequence[Row]) -> ReadChangeOrder:
    """The change order in canonical form, with its native bytes in the same order."""
    reading = source.read(header.data, [row.data for row in items])
    return ReadChangeOrder(
        change_order_id=header.change_order_id,
        project=reading.change_order.project,
        reading=reading,
        raw=native_json.compose(header.raw, [items[at].raw for at in reading.item_order]),
    )


def _said(header: Row) -> ChangeOrder:
    return source.read(header.data, []).change_order


def _projects(headers: Headers) -> Projects:
    return {number: row.project for number, row in headers.items()}
