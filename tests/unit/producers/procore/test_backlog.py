from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from producers.procore.backlog import SETTLED_AFTER, Backlog, ListedRow
from relay.clients.native_json.records import NativeRecord
from relay.clients.procore import PotentialChangeOrderRow
from relay.domain.records import PollState

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def listed(number: int, *, is_own: bool = False, **changes: Any) -> ListedRow:
    data = {"id": number, "contract_id": 1, "title": "A", "updated_at": "2026-03-01T11:00:00Z", **changes}
    row = PotentialChangeOrderRow.read(NativeRecord(json.dumps(data).encode(), data))
    return ListedRow(project=315, row=row, is_own=is_own)


def test_a_row_differs_when_its_bytes_do_or_nothing_is_known_of_it() -> None:
    one = listed(1)
    state = PollState(system="procore", account="acme", change_order_id="1", row=one.hash)
    assert not one.differs(state)
    assert one.differs(None)
    assert one.differs(replace(state, deleted=True))
    assert listed(1, title="B").differs(state)


def test_a_row_of_this_second_is_not_relied_on() -> None:
    updated = NOW - SETTLED_AFTER + timedelta(seconds=1)
    fresh = listed(1, updated_at=updated.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert fresh.hash_to_keep(NOW) is None
    assert fresh.hash_to_keep(NOW + timedelta(seconds=1)) == fresh.hash
    assert listed(1, updated_at=None).hash_to_keep(NOW) is None


def numbers(backlog: Backlog, most: int = 100) -> list[str]:
    return [one.number for one in backlog.next_rows(most)]


def test_changes_go_before_what_a_sweep_wants_and_each_is_read_once() -> None:
    backlog = Backlog()
    backlog.begin_sweep([])
    backlog.add_to_sweep([listed(1), listed(2), listed(3)])
    backlog.add_news([listed(3, title="B"), listed(4)])
    assert numbers(backlog) == ["3", "4", "1", "2"]
    backlog.remove(row.number for row in backlog.next_rows(2))
    assert numbers(backlog) == ["1", "2"]
    backlog.remove(["1"])
    assert numbers(backlog) == ["2"]
    backlog.end_sweep()
    assert (numbers(backlog), backlog.is_sweeping, backlog.has_news) == ([], False, False)


def test_what_moved_while_it_was_read_goes_behind_its_like_and_is_counted_until_it_is_read() -> None:
    backlog = Backlog()
    backlog.begin_sweep([])
    backlog.add_to_sweep([listed(1), listed(2)])
    backlog.add_news([listed(3), listed(4), listed(5, is_own=True), listed(6, is_own=True)])
    for number in ("3", "1", "5", "3"):
        backlog.put_back(number)
    assert numbers(backlog) == ["4", "3", "2", "1", "6", "5"]
    assert [backlog.times_moved(number) for number in ("3", "1", "4")] == [2, 1, 0]
    backlog.remove(["3"])
    assert backlog.times_moved("3") == 0


def test_a_sweep_is_over_when_every_project_is_listed_and_everything_is_read() -> None:
    backlog = Backlog()
    backlog.begin_sweep([315, 316])
    backlog.add_to_sweep([listed(1)])
    backlog.unlisted -= {315, 316}
    assert not backlog.is_swept
    backlog.remove(["1"])
    backlog.unlisted = {316}
    assert not backlog.is_swept
    backlog.unlisted = set()
    assert backlog.is_swept


def test_what_our_own_login_made_is_read_last_and_holds_no_watermark_back() -> None:
    backlog = Backlog()
    backlog.add_news([listed(1, is_own=True), listed(2)])
    backlog.begin_sweep([])
    backlog.add_to_sweep([listed(4, is_own=True), listed(3)])
    assert numbers(backlog) == ["2", "3", "4", "1"]
    assert [backlog.is_last(row) for row in backlog.next_rows(4)] == [False, False, False, True]
    backlog.remove(["2"])
    assert not backlog.has_news
    backlog.add_to_sweep([listed(1, is_own=True)])
    assert numbers(backlog) == ["3", "4", "1"]
    assert not any(backlog.is_last(row) for row in backlog.next_rows(3))


def test_a_row_that_shows_as_our_own_only_later_is_there_once_and_as_it_is_now() -> None:
    backlog = Backlog()
    backlog.add_news([listed(1)])
    backlog.add_news([listed(1, title="B", is_own=True)])
    (only,) = backlog.next_rows(100)
    assert only.row.title == "B"
    backlog.remove(["1"])
    assert not backlog.has_news


def test_what_is_refused_is_read_last_and_one_of_it_at_a_time() -> None:
    backlog = Backlog()
    backlog.add_news([listed(1), listed(2), listed(3), listed(4, is_own=True)])
    for number in (1, 2):
        backlog.put_aside(listed(number))
    assert numbers(backlog) == ["3", "4", "1"]
    assert [backlog.is_last(row) for row in backlog.next_rows(3)] == [False, True, True]
    backlog.put_aside(listed(1))
    assert numbers(backlog) == ["3", "4", "2"]
    backlog.remove(["3"])
    assert not backlog.has_news
    assert backlog.postponed == {"1", "2"}


def test_what_is_refused_stays_aside_until_it_changes_is_swept_or_gone() -> None:
    backlog = Backlog()
    for number in (1, 2, 3, 4):
        backlog.put_aside(listed(number))
    backlog.add_news([listed(1)])
    assert numbers(backlog) == ["1"]
    assert backlog.postponed == {"1", "2", "3", "4"}
    backlog.add_news([listed(1, title="B")])
    assert backlog.postponed == {"2", "3", "4"}
    backlog.remove(["2"])
    assert numbers(backlog) == ["1", "3"]
    backlog.begin_sweep([315])
    backlog.add_to_sweep([listed(3)])
    assert numbers(backlog) == ["1", "3"]
    assert not backlog.postponed


def test_where_one_that_was_refused_has_been_read_all_of_its_project_are_tried() -> None:
    backlog = Backlog()
    for number in (1, 2, 3):
        backlog.put_aside(listed(number))
    backlog.admit(listed(9))
    assert numbers(backlog) == ["1"]
    backlog.admit(listed(1))
    backlog.remove(["1"])
    assert numbers(backlog) == ["2", "3"]
    assert backlog.postponed == {"2", "3"}


MOVES = st.sampled_from(["news", "own", "refused", "sweep", "done"])


@given(st.lists(st.tuples(MOVES, st.integers(1, 6)), max_size=30))
def test_nothing_is_in_it_twice_and_news_are_never_lost(moves: list[tuple[str, int]]) -> None:
    backlog, news, last = Backlog(), set[str](), set[str]()
    backlog.begin_sweep([])
    for move, number in moves:
        if move == "news":
            backlog.add_news([listed(number, title="B")])
            news.add(str(number))
        elif move == "own":
            backlog.add_news([listed(number, is_own=True)])
            last.add(str(number))
        elif move == "refused":
            backlog.put_aside(listed(number))
            news.discard(str(number))
            last.add(str(number))
        elif move == "sweep":
            backlog.add_to_sweep([listed(number), listed(number + 1)])
        else:
            backlog.remove([str(number)])
            news.discard(str(number))
            last.discard(str(number))
        there = numbers(backlog)
        assert len(there) == len(set(there))
        assert there[: len(news)] == [one for one in there if one in news]
        assert news | last <= set(there) | backlog.postponed
