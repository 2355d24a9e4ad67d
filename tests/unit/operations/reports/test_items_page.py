"""The screen of open items tells what all of them, read one by one, add up to."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert

from operations.reports.home import amounts_behind
from operations.reports.items_page import AT_ONCE, ItemsAsked, read_items_page
from operations.reports.open_items import ItemGroup, grouped, read_open_items
from operations.reports.tables import ReadTables
from relay.domain.letters import LetterKind
from tests.unit.workers.views.tables import AT, fold, key_of, observed, origin_of, tables
from workers.views.amounts import milliseconds
from workers.views.tables import FOLLOW_UPS, LETTERS

NOW = AT + timedelta(days=1)
REASONS = ("procore.rejected", "procore.in_doubt", "cinx.refused", "mapper.remainder")
LAST = milliseconds(AT)


@pytest.fixture(scope="module")
def read() -> Iterator[ReadTables]:
    """Letters of every kind: some snoozed, some of no change order, in several currencies and in none."""
    engine, chance = tables(), random.Random(7)
    fold(engine, [observed(str(at), at, project=str(7 + at % 3)) for at in range(60)])
    letters = [_letter(number, chance) for number in range(700)]
    with engine.begin() as connection:
        connection.execute(insert(LETTERS), letters)
        connection.execute(insert(FOLLOW_UPS), [_follow_up(one["letter_id"], chance) for one in letters[::3]])
        yield ReadTables(connection=connection, place="memory", read_at=None)


def _letter(number: int, chance: random.Random) -> dict[str, object]:
    about, target = str(chance.randrange(80)), chance.choice(("owner", "rebar", "gone"))
    return {
        "letter_id": f"l-{number}",
        "partition": 0,
        "offset": number,
        "open": True,
        "kind": chance.choice(list(LetterKind)).value,
        "stage": chance.choice(("procore-writer", "cinx-submitter", "mapper")),
        "reason": chance.choice(REASONS),
        "sentence": "No.",
        "change_order_key": chance.choice((key_of(about), None)),
        "origin_id": chance.choice((origin_of(about, target), None)),
        "source": chance.choice(("constructiononline:acme", "procore:acme", None)),
        "project": chance.choice((None, None, "8", "31")),
        "attempts": 1,
        "first_at": (LAST or 0) - chance.randrange(20),
        "last_at": LAST,
        "amount": chance.choice((None, 0, -125_000, 99_999)),
        "currency": chance.choice((None, "USD", "CAD")),
        "remote_answer": "",
        "decides": False,
    }


def _follow_up(letter_id: object, chance: random.Random) -> dict[str, object]:
    until = NOW + timedelta(hours=chance.choice((-1, 0, 1)))
    return {
        "letter_id": letter_id,
        "snoozed_until": milliseconds(until),
        "snoozed_after": chance.choice((LAST, 1)),
    }


PROJECTS = (
    None,
    "8",
    "31",
    "nowhere",
    "constructiononline:acme/project:8",
    "project:31",
    "procore:acme/no-project",
    "no-project",
)


@pytest.mark.parametrize("project", PROJECTS)
@pytest.mark.parametrize("reason", [None, "procore.*", "cinx.refused", "PROCORE.*"])
def test_it_is_what_all_items_add_up_to(read: ReadTables, reason: str | None, project: str | None) -> None:
    for doubts, rests in ((False, False), (True, False), (False, True)):
        asked = ItemsAsked(reason=reason, project=project, doubts=doubts, rests=rests)
        every = read_open_items(read)
        items = [item for item in every if asked.fits(item, NOW)]
        shown = read_items_page(read, asked, NOW)
        assert (shown.items, shown.count) == (items[:AT_ONCE], len(items))
        assert shown.reasons == grouped(items, ItemGroup.REASON)
        assert shown.projects == grouped(items, ItemGroup.PROJECT)
        assert shown.behind == amounts_behind(items)
        assert [(side, list(sums.known)) for side, sums in shown.behind.items()] == [
            (side, list(sums.known)) for side, sums in amounts_behind(items).items()
        ]


def test_it_tells_how_many_there_are_whatever_is_asked_for(read: ReadTables) -> None:
    every, awake, doubts = read_open_items(read), ItemsAsked(), ItemsAsked(doubts=True)
    counts = [sum(asked.fits(item, NOW) for item in every) for asked in (awake, doubts, replace(awake, rests=True))]
    for reason in (None, "nothing"):
        shown = read_items_page(read, ItemsAsked(reason=reason), NOW)
        assert [shown.open, shown.doubts, shown.snoozed] == counts
    assert all(counts)
    assert sum(counts[::2]) == len(every)


def test_what_a_group_leads_to_is_that_group(read: ReadTables) -> None:
    groups = read_items_page(read, ItemsAsked(), NOW).projects
    assert "(no project)" in {group.name for group in groups}
    assert {"constructiononline:acme/project:8", "procore:acme/project:8"} <= {group.filter for group in groups}
    for asks in {group.filter for group in groups}:
        shown = read_items_page(read, ItemsAsked(project=asks), NOW)
        assert shown.projects == [group for group in groups if group.filter == asks]
        assert {(item.source, item.source_project) for item in shown.items} == {
            (shown.items[0].source, shown.items[0].source_project)
        }


def test_amounts_beyond_what_can_be_added_up_count_as_not_known() -> None:
    """More of them than SQLite's sum holds: the page shows each by itself, and the others' sum."""
    engine = tables()
    huge = _letter(0, random.Random(7)) | {"amount": 99 * 10**16, "currency": "IDR", "change_order_key": None}
    letters = [huge | {"letter_id": f"l-{number}", "offset": number} for number in range(12)]
    letters[0] |= {"amount": 125_000}
    with engine.begin() as connection:
        connection.execute(insert(LETTERS), letters)
        shown = read_items_page(ReadTables(connection=connection, place="memory", read_at=None), ItemsAsked(), NOW)
    ((_, behind),) = shown.behind.items()
    assert (shown.count, dict(behind.known), behind.unknown) == (12, {"IDR": Decimal("12.5")}, 11)
    assert (sum(group.items for group in shown.reasons), sum(group.unknown for group in shown.reasons)) == (12, 11)
    assert sum(item.amount == Decimal(99 * 10**12) for item in shown.items) == 11
