"""The screen of the relay itself: what is read, who lives, what was planned, and what people did."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from typing import Any

from operations.reports import audit_trail
from relay.engine.kafka import Record
from tests.unit.web.made_pages import HOSTILE, NOW, READ_AT, STORY, Serve
from tests.unit.workers.views.tables import acted, kept_from, key_of, member, observed, polled


def rows_of(page: str, caption: str) -> list[list[str]]:
    """The texts of a table's rows."""
    (table,) = re.findall(rf"<caption[^>]*>{caption}</caption>(.*?)</table>", page, re.DOTALL)
    rows = re.findall(r"<tr>(.*?)</tr>", table.split("<tbody>")[1], re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[html.unescape(" ".join(re.sub(r"<[^>]+>", "", one).split())) for one in row] for row in cells]


def did(offset: int, action: str, subject: str = "s-1", **more: Any) -> Record:
    details = json.dumps(more.pop("details", {}))
    return acted(offset, subject, action=action, details=details, at=NOW - timedelta(hours=10 - offset), **more)


def test_accounts_say_when_they_were_last_read_and_what_keeps_them(serve: Serve) -> None:
    kept = polled(9, "procore", READ_AT - timedelta(days=3), hold=kept_from("procore", "The app is not connected."))
    page = serve([*STORY, kept, polled(9, "cinx", READ_AT - timedelta(hours=2))]).get("/system").text
    cinx, online, procore = rows_of(page, "Accounts that are read")
    assert cinx[:3] == ["cinx:acme", "Mar 5, 2026 09:59 CST, 2 h ago", "Its poller does not say: see whether it runs."]
    assert online[:4] == ["constructiononline:acme", "Mar 5, 2026 11:59 CST", "", "2"]
    assert procore[:2] == ["procore:acme", "Mar 2, 2026 11:59 CST, 3 d ago"]
    assert procore[2] == "The app is not connected. tenant_blocked, since Mar 2, 2026 08:05 CST"


def test_an_account_of_which_only_change_orders_were_seen_is_listed(serve: Serve) -> None:
    (row,) = rows_of(serve([observed("17", 0)]).get("/system").text, "Accounts that are read")
    assert row[:2] == ["constructiononline:acme", "not to its end yet"]


def test_members_that_are_not_heard_of_any_more_are_marked(serve: Serve) -> None:
    lives = member(20, "mapper", READ_AT - timedelta(seconds=170))
    page = serve([*STORY, lives, member(21, "poll-cinx", READ_AT - timedelta(minutes=4))]).get("/system").text
    mapper, poller = rows_of(page, "Instances, as they last stated themselves")
    assert mapper[-1] == "Mar 5, 2026 11:57 CST"
    assert poller[-1] == "Mar 5, 2026 11:55 CST, not heard of since then"


def test_what_people_did_stands_there_the_newest_first_with_who_and_why(serve: Serve) -> None:
    records = [
        did(1, "hold.make", who="bert", why="Budget"),
        did(2, "letter.settle", key_of("17"), who="carla", why="Twice", details={"known_by": "page"}),
        did(3, "plan.rows", details={"rows": []}),
        did(4, "replay.advanced"),
        did(5, "topic accepted", who="dora", why=HOSTILE),
    ]
    page = serve(records).get("/system").text
    newest, settled, held = rows_of(page, "The newest first")
    assert newest == ["Mar 5, 2026 07:00 CST", "dora (typed)", "topic accepted", "s-1", HOSTILE]
    assert settled[1:] == ["carla", "Close without sending letter.settle", key_of("17"), "Twice"]
    assert held[1:3] == ["bert (typed)", "Hold hold.make"]
    assert "<script" not in page


def test_of_many_entries_the_newest_are_shown(serve: Serve) -> None:
    many = [did(at, "hold.make", why=f"number {at}") for at in range(audit_trail.MOST + 5)]
    shown = rows_of(serve(many).get("/system").text, "The newest first")
    assert len(shown) == audit_trail.MOST
    assert (shown[0][-1], shown[-1][-1]) == (f"number {audit_trail.MOST + 4}", "number 5")


def test_plans_say_whether_they_were_carried(serve: Serve) -> None:
    about = {"routes": ["tower", "dock"], "rows": 62, "calls": 34}
    records = [
        did(1, "plan", "7f3a-1", who="anna", details=about),
        did(2, "plan", "9c1e-2", who="bert", details={"known_by": "page", **about}),
        did(3, "go_live", "g-1", details={"plan_id": "7f3a-1"}),
        did(4, "plan", "spoilt", details={"routes": "tower", "rows": "many"}),
    ]
    spoilt, second, first = rows_of(serve(records).get("/system").text, "The newest plans")
    assert first[1:] == ["anna (typed)", "7f3a-1", "tower, dock", "62", "34", "Mar 5, 2026 05:00 CST"]
    assert second[1:] == ["bert", "9c1e-2", "tower, dock", "62", "34", "only shown"]
    assert spoilt[2:6] == ["spoilt", "", "not known", "not known"]


def test_where_nothing_happened_it_says_so(serve: Serve) -> None:
    page = serve([]).get("/system").text
    for sentence in ("No account was read yet", "Nothing was planned yet", "Nobody has done anything yet"):
        assert sentence in page
