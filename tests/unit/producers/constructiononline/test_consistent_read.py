"""The rule "header, items, header again", against a remote that changes between two calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from producers.constructiononline import consistent_read
from producers.constructiononline.consistent_read import ConsistentReader
from producers.constructiononline.listings import Listings
from relay.clients.native_json.records import NativeRecord
from relay.domain.fingerprint import fingerprint
from relay.domain.records import PollState
from relay.domain.sources import constructiononline
from tests.unit.producers.samples import account_state, poll_state

DAY = date(2026, 3, 1)


def record(data: dict[str, Any]) -> NativeRecord:
    return NativeRecord(json.dumps(data).encode(), data)


class Remote:
    """Change orders of project 7 by id, the calls that were made, and what happens behind each call for items."""

    def __init__(self, *numbers: int) -> None:
        self.headers = {number: {"ID": number, "NAME": "A", "PRJ_ID": 7} for number in numbers}
        self.calls: list[str] = []
        self.behind_items: Callable[[], None] = lambda: None

    def change_orders(self, from_date: date | None = None, project_id: int | None = None) -> list[NativeRecord]:
        self.calls.append("headers" if from_date is None else "modified headers")
        return [record(header) for header in self.headers.values()]

    def change_order(self, change_order_id: int) -> NativeRecord | None:
        self.calls.append(f"header {change_order_id}")
        header = self.headers.get(change_order_id)
        return None if header is None else record(header)

    def items(
        self, from_date: date | None = None, project_id: int | None = None, change_order_id: int | None = None
    ) -> list[NativeRecord]:
        self.calls.append("items" if change_order_id is None else f"items {change_order_id}")
        self.behind_items()
        return []

    def deleted_projects(self) -> list[NativeRecord]:
        return []

    def probe_tenant(self) -> None: ...

    def close(self) -> None: ...

    def delete(self, number: int) -> None:
        self.headers.pop(number, None)

    def rename(self, number: int, name: str) -> None:
        self.headers[number] = self.headers[number] | {"NAME": name}


def reader_of(remote: Remote, *poll_states: PollState) -> ConsistentReader:
    return ConsistentReader(Listings(remote), account_state(*poll_states), DAY)


def names(reader: ConsistentReader) -> list[str | None]:
    return [read.reading.change_order.title for read in reader.change_orders]


def test_a_change_order_is_kept_once_its_header_is_the_same_before_and_after() -> None:
    remote = Remote(1)
    reader = reader_of(remote)
    reader.read({}, {"1": "7"})
    assert remote.calls == ["header 1", "items 1", "header 1"]
    assert (names(reader), reader.deleted, reader.postponed) == (["A"], [], set())


def test_what_poll_state_holds_already_costs_no_second_header() -> None:
    remote = Remote(1)
    first = reader_of(remote)
    first.read({}, {"1": "7"})
    remote.calls.clear()
    change_order = first.change_orders[0].reading.change_order
    known = poll_state("1", fingerprint=fingerprint(change_order))
    reader = reader_of(remote, known)
    reader.read({}, {"1": "7"})
    assert (remote.calls, reader.change_orders) == (["header 1", "items 1"], [])


def test_a_header_that_moved_is_read_anew_from_the_beginning() -> None:
    remote = Remote(1)

    def rename_once() -> None:
        remote.behind_items = lambda: None
        remote.rename(1, "B")

    remote.behind_items = rename_once
    reader = reader_of(remote)
    reader.read({}, {"1": "7"})
    assert remote.calls == ["header 1", "items 1", "header 1"] * 2
    assert (names(reader), reader.postponed) == (["B"], set())


@pytest.mark.parametrize("written", [{"COST_MONEY": "100.0"}, {"DETAILS": None}, {"OTHER": 1}])
def test_a_header_that_is_written_otherwise_each_time_has_not_moved(written: dict[str, Any]) -> None:
    remote = Remote(1)
    plain = remote.headers[1] | {"COST_MONEY": 100, "CONDITION": 1}
    forms = [plain, plain | written]

    def write_otherwise() -> None:
        forms.reverse()
        remote.headers[1] = forms[0]

    remote.headers[1], remote.behind_items = plain, write_otherwise
    reader = reader_of(remote)
    reader.read({}, {"1": "7"})
    assert (names(reader), reader.postponed) == (["A"], set())


@pytest.mark.parametrize("change", [{"CONDITION": 2}, {"CONDITION": None}, {"DATE_MODIFIED": "2026-03-01T10:00:00"}])
def test_a_header_that_says_something_else_has_moved(change: dict[str, Any]) -> None:
    remote = Remote(1)
    remote.headers[1] |= {"CONDITION": 1}
    forms = [remote.headers[1], remote.headers[1] | change]

    def change_again() -> None:
        forms.reverse()
        remote.headers[1] = forms[0]

    remote.behind_items = change_again
    reader = reader_of(remote)
    reader.read({}, {"1": "7"})
    assert (reader.change_orders, reader.postponed) == ([], {"1"})


def test_what_moves_each_time_is_postponed_after_three_rounds() -> None:
    remote = Remote(1)
    remote.behind_items = lambda: remote.rename(1, f"{len(remote.calls)}")
    reader = reader_of(remote)
    reader.read({}, {"1": "7"})
    assert remote.calls == ["header 1", "items 1", "header 1"] * 3
    assert (reader.change_orders, reader.postponed) == ([], {"1"})


def test_what_vanishes_meanwhile_is_deleted_while_others_of_its_project_are_there() -> None:
    remote = Remote(1, 2)
    remote.behind_items = lambda: remote.delete(1)
    old = {"fingerprint": "old"}
    reader = reader_of(remote, poll_state("1", **old), poll_state("2", **old))
    reader.read({}, {"1": "7"})
    assert (reader.change_orders, reader.deleted, reader.postponed) == ([], ["1"], set())
    alone = reader_of(Remote(), poll_state("1", **old))
    alone.read({}, {"1": "7"})
    assert alone.deleted == [], "of a project of which nothing is left the next sweep judges"


def test_several_listed_headers_are_read_again_by_one_listing() -> None:
    remote = Remote(1, 2)
    listings = Listings(remote)
    listed = listings.modified_headers(DAY)
    remote.calls.clear()
    reader = ConsistentReader(listings, account_state(), DAY)
    reader.read(listed, {})
    assert [call for call in remote.calls if "header" in call] == ["modified headers"]
    assert len(reader.change_orders) == 2


@pytest.mark.parametrize("step", ["change_order_of", "compare"])
def test_a_change_order_over_which_the_relay_fails_is_named_and_the_others_are_kept(
    monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    real = getattr(consistent_read, step)

    def broken(*arguments: Any) -> Any:
        if "spoilt" in repr(arguments):
            raise RecursionError("too deep")
        return real(*arguments)

    monkeypatch.setattr(consistent_read, step, broken)
    remote = Remote(1, 2, 3)
    remote.rename(2, "spoilt")
    listings = Listings(remote)
    reader = ConsistentReader(listings, account_state(), DAY)
    reader.read({}, {"1": "7", "2": "7", "3": "7"})
    assert [read.change_order_id for read in reader.change_orders] == ["1", "3"]
    (row,) = listings.rows.unreadable
    assert (row.defect, row.why) == (True, "change order 2 (RecursionError: too deep)")
    assert json.loads(row.raw)["NAME"] == "spoilt"


def test_a_row_over_which_the_relay_fails_is_named_and_the_others_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(data: dict[str, Any]) -> str | None:
        if data["NAME"] == "spoilt":
            raise OverflowError("too large")
        return "2026-03-01"

    monkeypatch.setattr(constructiononline, "modified_at", broken)
    remote = Remote(1, 2)
    remote.rename(2, "spoilt")
    listings = Listings(remote)
    assert list(listings.modified_headers(DAY)) == ["1"]
    assert [row.defect for row in listings.rows.unreadable] == [True]
