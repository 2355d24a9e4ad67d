from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from operations.reports.change_order_log import LogFilter, read_log
from operations.reports.log_sums import read_approvals, read_sums
from operations.reports.tables import ReadTables
from relay.domain.change_order import Status
from relay.domain.events import Change
from relay.domain.outcomes import OutcomeKind
from relay.engine.kafka import Record
from relay.engine.topics import CONTROL, LETTERS, OBSERVED, POLL_STATE
from tests.unit.workers.views.tables import (
    AT,
    acted,
    applied,
    cinx_route,
    contract,
    dump,
    ended,
    ends,
    every,
    fold,
    held,
    kept_from,
    key_of,
    letter,
    observed,
    origin_of,
    polled,
    record,
    rows,
    tables,
    wrote,
)
from workers.views.amounts import milliseconds, time_of
from workers.views.tables import CHANGE_ORDERS, DESTINATIONS, HOLDINGS, READ_ACCOUNTS, READS, SHARES, UNREADABLE
from workers.views.tables import LETTERS as OPEN

STORY: list[Record] = [
    observed("17", 0),
    observed("18", 1, project="9"),
    observed("17", 2, price="250", status=Status.APPROVED, approved_seen_at=AT),
    observed("18", 3, change=Change.DELETED, project="9"),
    ended("17", 0, OutcomeKind.HELD, reason="held.by_person", sentence="On hold."),
    applied("17", 1, "100"),
    ended("17", 2, OutcomeKind.REMOTE_STATUS, facts={"status": "approved", "executed": "true", "package": "3"}),
    ended("17", 3, OutcomeKind.SUPERSEDED),
    wrote("17", 0, "100"),
    wrote("17", 1, "50", amount_before=None),
    wrote("18", 2, "7.25"),
    letter("17", 0),
    letter("17", 1, attempts=2),
    letter("18", 2, "l-2"),
    ends(LETTERS, "l-2", 3),
    letter("17", 0, "l-1", partition=1),
    ends(LETTERS, "l-1", 1, partition=1),
    contract(0),
    contract(1, number="315-02"),
    acted(0, key_of("17")),
    acted(1, "l-1", who="bert"),
    acted(2, key_of("17"), action="letter.assign", details='{"letter_id": "l-1", "to": "bert"}'),
    acted(3, key_of("17"), action="letter.note", details='{"letter_id": "l-1", "note": "Asked the super"}'),
    acted(4, key_of("17"), action="letter.assign", details='{"letter_id": "l-1", "to": "carla"}'),
    acted(5, key_of("17"), action="letter.snooze", details='{"letter_id": "l-1", "until": "soon"}'),
    polled(0),
    polled(1, at=AT + timedelta(minutes=20)),
    polled(2, at=AT + timedelta(hours=3)),
    polled(3, change_order_id="17"),
    polled(4, at=AT + timedelta(hours=3), interval=120, hold=kept_from()),
    polled(5, "cinx", None, interval=300),
    ends(POLL_STATE, "cinx:acme", 6),
    held(0, "17"),
    ends(CONTROL, "hold:h-1", 1),
    held(2, "18"),
    record(OBSERVED, key_of("19"), b"nothing of ours", 9),
    observed("20", 10, title="bad \0 title"),
]
WHOLE = dump(every(STORY))


@given(st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_order_batches_and_repetition_change_nothing(chance: random.Random) -> None:
    records = STORY + chance.sample(STORY, k=8)
    chance.shuffle(records)
    engine = tables()
    while records:
        many = chance.randint(1, 6)
        fold(engine, records[:many])
        records = records[many:]
    assert dump(engine) == WHOLE


def test_the_story_leaves_something_in_every_table() -> None:
    assert {name for name, found in WHOLE.items() if not found} == {"offsets"}


def test_the_newest_observation_counts_and_the_first_is_remembered() -> None:
    (found,) = rows(every(STORY), select(CHANGE_ORDERS).where(CHANGE_ORDERS.c.change_order_id == "17"))
    assert (found["status"], found["client_price"], found["cost"]) == ("approved", 2_500_000, 500_001)
    assert found["first_seen_at"] < found["observed_at"]
    assert (found["number_sought"], found["title_sought"]) == ("17", "title 2")


def test_the_last_poll_of_each_hour_is_kept() -> None:
    found = rows(every(STORY), select(READS))
    assert sorted(row["polled_at"] for row in found) == [
        milliseconds(AT + timedelta(minutes=20)),
        milliseconds(AT + timedelta(hours=3)),
    ]


def test_of_each_account_the_newest_word_counts_and_a_tombstone_forgets_it() -> None:
    found = {row["system"]: row for row in rows(every(STORY), select(READ_ACCOUNTS))}
    online = found["constructiononline"]
    assert online["polled_at"] == milliseconds(AT + timedelta(hours=3))
    assert (online["interval_seconds"], online["hold_kind"]) == (120, "tenant_blocked")
    assert (online["hold_sentence"], online["hold_since"]) == ("The password is refused.", milliseconds(AT))
    assert (found["cinx"]["polled_at"], found["cinx"]["interval_seconds"]) == (None, None)
    again = every([*STORY, polled(9, at=AT + timedelta(hours=4))])
    (online,) = rows(again, select(READ_ACCOUNTS).where(READ_ACCOUNTS.c.system == "constructiononline"))
    assert online["hold_kind"] is None, "it is polled again"


def test_the_contract_of_a_record_outlives_its_deletion() -> None:
    of_procore: dict[str, Any] = {
        "system": "procore",
        "raw": b'{"change_order":{"id":1,"contract_id":44023},"items":[]}',
    }
    gone: dict[str, Any] = {"system": "procore", "change": Change.DELETED}
    (found,) = rows(every([observed("5", 0, **of_procore), observed("5", 1, **gone)]), select(CHANGE_ORDERS))
    assert (found["contract"], found["deleted"]) == ("44023", True)


def test_each_side_adds_up_to_the_change_order() -> None:
    found = rows(every(STORY), select(SHARES).where(SHARES.c.change_order_key == key_of("17")))
    by_place = {(row["side"], row["target"]): row["amount"] for row in found}
    assert by_place == {("owner", "owner"): 2_500_000, ("cost", "rebar"): 300_001, ("cost", ""): 200_000}
    assert {row["target"]: row["status"] for row in found} == {"owner": "approved", "rebar": "approved", "": None}


def test_other_routes_share_out_anew() -> None:
    engine = tables()
    fold(engine, [observed("17", 0)])
    fold(engine, [observed("17", 1)], cinx_route())
    by_place = {(row["side"], row["target"]): row["amount"] for row in rows(engine, select(SHARES))}
    assert by_place == {("owner", "owner"): 1_000_000, ("cost", "steel"): 500_001}


def test_what_no_route_takes_is_a_row_on_each_side() -> None:
    engine = every([observed("18", 0, project="9")])
    assert {(row["side"], row["target"], row["amount"]) for row in rows(engine, select(SHARES))} == {
        ("owner", "", 1_000_000),
        ("cost", "", 500_001),
    }


def test_a_record_of_ours_read_back_is_no_amount_of_its_own() -> None:
    assert rows(every([observed("17", 0, origin_id=origin_of("17"), root=key_of("17"))]), select(SHARES)) == []


def test_state_amount_and_facts_come_each_from_the_newest_that_tells_them() -> None:
    (found,) = rows(every(STORY), select(DESTINATIONS))
    assert (found["state"], found["amount"], found["record_number"]) == ("applied", 1_000_000, "022")
    assert (found["remote_status"], found["executed"]) == ("approved", "true")


def test_effects_are_added_once_and_unknown_ones_are_counted() -> None:
    (found,) = rows(every(STORY), select(HOLDINGS).where(HOLDINGS.c.origin_id == origin_of("17")))
    assert (found["pending"], found["approved"], found["writes"], found["unknown"]) == (1_500_000, 0, 2, 1)
    assert (found["status"], found["contract"]) == ("pending", "44023")


def test_a_letter_lies_where_it_lies() -> None:
    """A tombstone in another partition ends only what lies there."""
    found = {(row["letter_id"], row["partition"]): row["open"] for row in rows(every(STORY), select(OPEN))}
    assert found == {("l-1", 0): True, ("l-2", 0): False, ("l-1", 1): False}


def test_what_is_kept_of_sums_is_what_the_rows_of_the_log_add_up_to() -> None:
    """Also where something is held that no route takes any more, and of which only the directory tells the currency."""
    gone = wrote("17", 5, "9", origin_id=origin_of("17", "gone"), target="gone", currency=None, approved_effect=None)
    story = [
        *STORY,
        gone,
        observed("21", 4, price="80", status=Status.APPROVED, approved_seen_at=AT),
        wrote("21", 6, "90"),
    ]
    engine = every(story)
    with engine.connect() as connection:
        tables = ReadTables(connection=connection, place="memory", read_at=None)
        log = read_log(tables, LogFilter(), AT)
        kept = [
            (one.side, one.currency, one.status, one.rows, one.amount, one.unknown, one.there)
            for one in read_sums(tables)
        ]
        (approved,) = [one for one in read_approvals(tables, AT) if one.side == "owner"]
        assert list(read_approvals(tables, AT + timedelta(minutes=30))) == []
    told = Counter[tuple[str, str | None, str]]()
    for row in log:
        told[row.side, row.currency, row.status_source] += 1
    assert {(side, currency, status): rows for side, currency, status, rows, *_ in merged(kept)} == dict(told)
    for side, currency, status, _, amount, unknown, there in merged(kept):
        mine = [row for row in log if (row.side, row.currency, row.status_source) == (side, currency, status)]
        assert amount == sum(row.amount_source or 0 for row in mine)
        assert unknown == sum(row.amount_source is None for row in mine)
        assert there == sum(row.amount_there or 0 for row in mine)
    assert (approved.rows, approved.amount) == (2, Decimal(330))


def merged(kept: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """By side, currency and status alone."""
    found: dict[tuple[Any, ...], list[Any]] = {}
    for *group, rows_, amount, unknown, there in kept:
        sums = found.setdefault(tuple(group), [0, Decimal(0), 0, Decimal(0)])
        for place, more in enumerate((rows_, amount, unknown, there)):
            sums[place] += more
    return [(*group, *sums) for group, sums in found.items()]


def test_what_cannot_be_read_is_noted_and_hides_nothing() -> None:
    engine = tables()
    left_out = fold(engine, STORY)
    assert len(left_out) == 1
    assert "change-orders.observed.v1[0] at offset 9" in left_out[0]
    assert [row["offset"] for row in rows(engine, select(UNREADABLE))] == [9]


def test_what_a_database_refuses_is_noted_and_its_neighbours_are_kept() -> None:
    engine = tables()
    with engine.begin() as connection:
        connection.execute(text("CREATE UNIQUE INDEX one_title ON change_orders (title)"))
    left_out = fold(engine, [observed("1", 0, title="a"), observed("2", 1, title="a"), observed("3", 2, title="c")])
    assert len(left_out) == 1
    assert {row["change_order_id"] for row in rows(engine, select(CHANGE_ORDERS))} == {"1", "3"}


def test_the_log_of_other_tools_has_a_row_for_each_place() -> None:
    found = rows(every(STORY), text("SELECT * FROM change_order_log ORDER BY change_order_key, side, target"))
    assert [(row["number"], row["side"], row["target"]) for row in found][:3] == [
        ("0017", "cost", ""),
        ("0017", "cost", "rebar"),
        ("0017", "owner", "owner"),
    ]
    at_owner = found[2]
    assert (at_owner["contract_number"], at_owner["vendor"], at_owner["record_number"]) == (
        "315-02",
        "Owner Inc.",
        "022",
    )
    assert (at_owner["amount_source"], at_owner["amount_there"]) == (2_500_000, 1_000_000)
    assert (at_owner["status_there"], at_owner["package_number"], at_owner["open_item"]) == ("approved", "3", "l-1")


def test_open_items_and_writes_are_read_by_other_tools() -> None:
    engine = every(STORY)
    (item,) = rows(engine, text("SELECT * FROM open_items"))
    assert (item["letter_id"], item["number"], item["amount"]) == ("l-1", "0017", 2_500_000)
    first = rows(engine, text("SELECT * FROM writes ORDER BY at"))[0]
    assert (first["write_id"], first["contract_number"]) == ("w-17-0", "315-02")


@pytest.mark.parametrize("at", [-(2**63), -1, 0, 2**62])
def test_a_time_that_a_stranger_wrote_is_one_in_every_zone(at: int) -> None:
    for hours in (-12, 14):
        assert time_of(at).astimezone(timezone(timedelta(hours=hours)))  # type: ignore[union-attr]  # at is no None
