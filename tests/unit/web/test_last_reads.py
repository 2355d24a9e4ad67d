"""When each system was last read, above every screen, and what that says to who believes that all is well."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from relay.engine.topics import LETTERS, POLL_STATE
from tests.unit.web.made_pages import HOSTILE, NOW, READ_AT, STORY, Serve
from tests.unit.workers.views.tables import ROUTING, ends, kept_from, key_of, member, observed, polled
from workers.views.generation import Generation
from workers.views.sqlite_store import SqliteStore
from workers.views.tables import READ_ACCOUNTS

SCREENS = ("/", "/search?q=rebar", "/attention", "/log", "/writes", "/decisions", "/system", "/projects?project=7")
DAYS = READ_AT - timedelta(days=3)
REVOKED = polled(9, at=DAYS, interval=60, hold=kept_from(sentence="The password is refused."))
SENTENCE = (
    "ConstructionOnline acme was last read 3 days ago: The password is refused. "
    "What changed there since is not shown here."
)


def shown(page: str) -> str:
    """The text of a page, as people read it."""
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", page).split())).replace(" .", ".").replace(" ,", ",")


@pytest.mark.parametrize("path", [*SCREENS, f"/change-orders?key={key_of('17')}"])
def test_each_screen_says_when_each_system_was_last_read(serve: Serve, path: str) -> None:
    read = [polled(9, "procore", READ_AT - timedelta(seconds=70)), polled(9, "cinx", READ_AT - timedelta(hours=20))]
    read.append(polled(10, "cinx", READ_AT - timedelta(minutes=5), interval=300))
    page = shown(serve([*STORY, *read], routes=lambda: ROUTING).get(path).text)
    assert "CST. Last read: CINX 11:54, ConstructionOnline 11:59, Procore 11:58. Times in" in page
    assert "was last read" not in page.replace("Last read", "")


def test_what_is_older_than_two_intervals_is_said_in_words_on_each_screen(serve: Serve) -> None:
    client = serve([*STORY, REVOKED], routes=lambda: ROUTING)
    for path in SCREENS:
        page = shown(client.get(path).text)
        assert "ConstructionOnline acme was last read 3 days ago (Mar 2, 2026 11:59 CST)." in page, path
        assert "Last read: CINX 11:59, Procore 11:59." in page, path


def test_home_does_not_say_that_nothing_needs_anybody_over_a_source_that_was_not_read(serve: Serve) -> None:
    well = [*STORY, ends(LETTERS, "l-1", 9)]
    assert "Nothing needs you." in serve(well).get("/").text
    page = shown(serve([REVOKED]).get("/").text)
    assert SENTENCE in page
    assert "Nothing needs you" not in page


def test_what_needs_nobody_is_said_as_far_as_was_read(serve: Serve) -> None:
    assert "Nothing needs you here." in shown(serve(STORY).get("/attention?tab=doubt").text)
    assert "Nothing needs you here, as far as was read." in shown(serve([REVOKED]).get("/attention?tab=doubt").text)


def test_open_items_hide_no_source_that_was_not_read(serve: Serve) -> None:
    assert SENTENCE in shown(serve([*STORY, REVOKED]).get("/").text)


@pytest.mark.parametrize(("interval", "age"), [(60, 190), (3_600, 7_270)])
def test_late_is_what_two_intervals_of_its_own_have_passed_over(serve: Serve, interval: int, age: int) -> None:
    """And the minute in which polls that find nothing are not told."""
    late = "ConstructionOnline acme was last read"
    before = polled(9, at=READ_AT - timedelta(seconds=age - 20), interval=interval)
    assert late not in shown(serve([*STORY, before]).get("/log").text)
    assert late in shown(serve([polled(10, at=READ_AT - timedelta(seconds=age), interval=interval)]).get("/log").text)


def test_old_tables_do_not_say_of_an_account_what_they_do_not_know(serve: Serve) -> None:
    page = shown(serve(STORY, now=NOW + timedelta(hours=5)).get("/").text)
    assert "This page is not up to date" in page
    assert "ConstructionOnline acme was last read" not in page
    assert "Last read: CINX 11:59" in page
    building = shown(serve([*STORY, REVOKED], read_at=None).get("/").text)
    assert "still being built" in building
    assert "Last read" not in building
    assert "was last read" not in building


def test_an_account_that_was_never_polled_to_its_end_is_named(serve: Serve) -> None:
    """Whether its poller says what keeps it, or only change orders of it were seen so far."""
    first = shown(serve([observed("17", 0)]).get("/").text)
    assert "ConstructionOnline acme was not read to its end yet. What was not read is not shown here." in first
    kept = polled(1, "procore", None, hold=kept_from("procore", "The app is not connected"))
    refused = shown(serve([kept]).get("/").text)
    assert "Procore acme was not read to its end yet: The app is not connected. What" in refused


def test_an_account_of_which_poll_state_was_removed_is_forgotten(serve: Serve) -> None:
    page = shown(serve([*STORY, polled(9, "cinx", DAYS), ends(POLL_STATE, "cinx:acme", 10)]).get("/").text)
    assert "CINX" not in page


def test_where_no_account_was_read_nothing_is_well(serve: Serve) -> None:
    page = shown(serve([]).get("/").text)
    assert "No account was read yet." in page
    assert "Nothing needs you" not in page


def test_an_account_that_has_left_the_configuration_is_not_missed(serve: Serve) -> None:
    """Its poller lives, and does not have it; where none lives, it may be one that nobody reads."""
    old = polled(9, "cinx", DAYS)
    gone = "CINX acme was last read 3 days ago"
    assert gone in shown(serve([*STORY, old]).get("/").text)
    lives = serve([*STORY, old, member(20, "poll-cinx", READ_AT, owns=("cinx:other",))])
    assert gone not in shown(lives.get("/").text)
    assert "no poller has it" in shown(lives.get("/system").text)
    has_it = serve([*STORY, old, member(21, "poll-cinx", READ_AT, owns=("cinx:acme",))])
    assert gone in shown(has_it.get("/").text)
    died = serve([*STORY, old, member(22, "poll-cinx", READ_AT - timedelta(hours=1), owns=("cinx:other",))])
    assert gone in shown(died.get("/").text)


def test_many_accounts_are_counted(serve: Serve) -> None:
    records = [polled(at, "procore", DAYS, account=f"company-{at}") for at in range(8)]
    page = shown(serve([*STORY, *records]).get("/").text)
    assert "; and 5 more accounts." in page
    assert "3 more accounts" in page, "on Home, each with its sentence"
    fresh = [polled(10 + at, "procore", READ_AT, account=f"company-{at}") for at in range(8)]
    assert "Procore 11:59 or later (9 accounts)" in shown(serve([*STORY, *fresh]).get("/log").text)


def test_a_hostile_reason_is_text(serve: Serve) -> None:
    client = serve([*STORY, polled(9, at=DAYS, account="<b>x", hold=kept_from(sentence=HOSTILE))])
    for path in ("/", "/system", "/log"):
        page = client.get(path).text
        assert "<b>x" not in page
        assert "<script" not in page
    assert html.escape(HOSTILE.split(" ")[0]) in client.get("/system").text


def test_tables_of_an_earlier_release_are_read_meanwhile(serve: Serve, tmp_path: Path) -> None:
    """They tell of polls by the hour, and of no holds. The last poll of an account that was late then is late still."""
    client = serve([*STORY, *(polled(at, "procore", DAYS, account="west") for at in range(2))])
    store = SqliteStore(tmp_path / "views.sqlite")
    with store.building(Generation(1, "0" * 8)).begin() as connection:
        connection.execute(text(f"DROP TABLE {READ_ACCOUNTS.name}"))
    store.close()
    page = client.get("/")
    assert page.status_code == 200
    assert "Procore west was last read 3 days ago" in page.text
    assert "Last read: CINX 11:59" in shown(page.text)
