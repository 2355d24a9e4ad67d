"""Change orders read whole: header, items, header again.

There is no transaction and no version at the remote, so only a header that is the same before and
after shows that the items between belong to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from producers.changes import deletions
from producers.changes.compare import Verdict, compare
from producers.constructiononline.listings import Listings, Projects, cheapest
from producers.constructiononline.rows import Row
from producers.poll_state import AccountState
from producers.source import ReadChangeOrder
from relay.domain.sources import constructiononline as source
from relay.domain.sources import native_json

_ROUNDS = 3
"""How often a change order that changes while it is read is read again before it is left for the next poll."""


class ConsistentReader:
    """Reads change orders and keeps those that are not as poll state remembers them.

    ``day`` is what the listing of changes was asked from. ``seen``, ``gone`` and ``postponed`` are
    the result.
    """

    def __init__(self, calls: Listings, memory: AccountState, day: date | None) -> None:
        self._calls = calls
        self._memory = memory
        self._day = day
        self._known = Counter(state.project for state in memory.alive())
        self.seen: list[ReadChangeOrder] = []
        self.gone: list[str] = []
        self.postponed: set[str] = set()

    def read(self, outside: Projects, inside: Mapping[str, Row]) -> None:
        """Reads ``inside``, whose headers were just listed, and ``outside``, of which only the id is known."""
        for _ in range(_ROUNDS):
            if not (outside or inside):
                return
            moved = self._read_once(outside, inside)
            outside, inside = {number: row.project for number, row in moved.items()}, {}
        self.postponed |= outside.keys()

    def compare_listed(self, headers: Mapping[str, Row], items: Mapping[str, Sequence[Row]]) -> None:
        """The same for headers and items that are at hand already."""
        different = self._different(headers, items)
        if not different:
            return
        wanted = _projects({number: headers[number] for number in different})
        again = self._calls.headers(wanted, cheapest(wanted, _at_least(self._known, headers)))
        moved = self._take(different, headers, again)
        self.read(_projects(moved), {})

    def _read_once(self, outside: Projects, inside: Mapping[str, Row]) -> dict[str, Row]:
        """Returns the headers that did not stand still."""
        found = self._calls.headers(outside, cheapest(outside, self._known)) if outside else {}
        self._mark_deleted([number for number, row in found.items() if row is None])
        headers = {**inside, **{number: row for number, row in found.items() if row is not None}}
        if not headers:
            return {}
        items = self._calls.items(_projects(headers), cheapest(_projects(headers), self._known))
        readable = {number: row for number, row in headers.items() if number not in self._calls.denied}
        different = self._different(readable, items)
        again = self._read_again({number: headers[number] for number in different}, inside)
        return self._take(different, headers, again)

    def _different(self, headers: Mapping[str, Row], items: Mapping[str, Sequence[Row]]) -> dict[str, ReadChangeOrder]:
        every = (seen_of(row, items.get(number, ())) for number, row in headers.items())
        return {seen.change_order_id: seen for seen in every if self._is_different(seen)}

    def _is_different(self, seen: ReadChangeOrder) -> bool:
        state = self._memory.states.get(seen.change_order_id)
        return compare(seen.reading.change_order, state) is not Verdict.UNCHANGED

    def _read_again(self, wanted: Mapping[str, Row], inside: Mapping[str, Row]) -> dict[str, Row | None]:
        """The same headers once more: several of the listing of changes by that listing, the others as is cheapest."""
        listed = wanted.keys() & inside.keys()
        found: dict[str, Row | None] = {}
        if len(listed) > 1:
            again = self._calls.modified_headers(self._day)
            found = {number: again[number] for number in wanted if number in again}
        left = {number: row.project for number, row in wanted.items() if number not in found}
        return found | (self._calls.headers(left, cheapest(left, self._known)) if left else {})

    def _take(
        self, different: Mapping[str, ReadChangeOrder], headers: Mapping[str, Row], again: Mapping[str, Row | None]
    ) -> dict[str, Row]:
        moved = {}
        for number, seen in different.items():
            after = again.get(number)
            # The same object may be laid out otherwise in a list than alone.
            if after is not None and after.data == headers[number].data:
                self.seen.append(seen)
            elif after is not None:
                moved[number] = after
            elif number in again:
                self._mark_deleted([number])
        return moved

    def _mark_deleted(self, numbers: Sequence[str]) -> None:
        """The remote says that they do not exist. It is believed while others of their project are there;
        otherwise the next sweep judges.
        """
        for number in numbers:
            state = self._memory.states.get(number)
            if state is None or state.deleted or len(self.gone) >= deletions.BELIEVED_AT_ONCE:
                continue
            if self._known[state.project] > 1:
                self._known[state.project] -= 1
                self.gone.append(number)


def seen_of(header: Row, items: Sequence[Row]) -> ReadChangeOrder:
    """The change order in canonical form, with its native bytes in the same order."""
    reading = source.read(header.data, [row.data for row in items])
    return ReadChangeOrder(
        change_order_id=header.change_order_id,
        project=reading.change_order.project,
        reading=reading,
        raw=native_json.compose(header.raw, [items[at].raw for at in reading.item_order]),
    )


def _projects(headers: Mapping[str, Row]) -> dict[str, str | None]:
    return {number: row.project for number, row in headers.items()}


def _at_least(known: Mapping[str | None, int], headers: Mapping[str, Row]) -> Mapping[str | None, int]:
    """What a listing weighs: on a first load nothing is known yet but what was just listed."""
    listed = Counter(row.project for row in headers.values())
    return known if sum(known.values()) >= listed.total() else listed
