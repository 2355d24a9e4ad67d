"""The page over tables of made-up records: no Kafka is reached, and no stage runs."""

from __future__ import annotations

import csv
import html
import io
import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from operations.reports import log_page
from relay.domain.change_order import ChangeOrder, Item, Status
from relay.domain.control import Subject
from relay.domain.letters import MAPPER, PROJECT_HEADER, LetterHeader
from relay.domain.outcomes import OutcomeKind
from relay.domain.routes import Routing
from relay.engine.kafka import Record
from relay.engine.topics import CONTROL
from tests.unit.web.made_pages import NOW, STORY, Serve
from tests.unit.workers.views.tables import (
    ROUTING,
    contract,
    ended,
    ends,
    hold_on,
    key_of,
    letter,
    observed,
    origin_of,
    record,
    wrote,
)
from web import exports
from web.pages import home, writes

SCREENS = ("/", "/search", "/attention", "/attention?tab=doubt", "/attention?tab=hold", "/log", "/writes", "/system")


@pytest.mark.parametrize("records", [STORY, []], ids=["full", "empty"])
def test_every_screen_stands_with_and_without_content(serve: Serve, records: list[Record]) -> None:
    client = serve(records)
    for path in SCREENS:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        assert "<h1>" in answer.text
        assert "Mar 5, 2026 11:59 CST" in answer.text
        assert "<script" not in answer.text


def test_every_answer_is_kept_from_scripts_frames_and_caches(serve: Serve) -> None:
    client = serve()
    for path in (*SCREENS, "/nowhere", "/static/page.css", f"/change-orders?key={key_of('17')}", "/log.csv"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "script-src" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


def test_empty_states_say_something(serve: Serve) -> None:
    client = serve([])
    assert "No change order was seen yet" in client.get("/").text
    assert "Nothing seen with “zzz”" in client.get("/search?q=zzz").text
    assert "Nothing was written from 2026-03-05 until 2026-03-06" in client.get("/writes").text
    assert "Nobody holds anything" in client.get("/attention?tab=hold").text
    assert "No stage runs" in client.get("/system").text


def test_a_held_target_is_called_by_its_route(serve: Serve) -> None:
    (route,) = ROUTING.routes
    named = Routing(routes=(replace(route, name="tower"),))
    screens = ("/attention?tab=hold", "/system", f"/change-orders?key={key_of('17')}")
    records = [*STORY[:-1], hold_on(0, Subject.TARGET, "owner")]
    client = serve(records, routes=lambda: named)
    assert ["target tower/owner" in client.get(path).text for path in screens] == [True] * len(screens)
    unread = serve(None)  # The same tables, and no routes beside them.
    assert ["target owner" in unread.get(path).text for path in screens] == [True] * len(screens)


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        (Subject.TARGET, "owner"),
        (Subject.DESTINATION_PROJECT, "procore:acme/project:315"),
        (Subject.ACCOUNT, "procore:acme"),
    ],
)
def test_a_change_order_shows_the_holds_on_the_places_that_it_goes_to(
    serve: Serve, kind: Subject, subject: str
) -> None:
    page = f"/change-orders?key={key_of('17')}"
    assert "It is on hold" not in serve([*STORY[:4], hold_on(0, kind, f"{subject}9")]).get(page).text
    assert "It is on hold" in serve([hold_on(1, kind, subject)]).get(page).text


def test_a_hold_that_cannot_be_read_is_one_until_it_is_released(serve: Serve) -> None:
    client = serve([*STORY[:1], observed("17", 1), record(CONTROL, "hold:h-9", b"nothing of ours", 5)])
    for path in ("/attention?tab=hold", "/system", f"/change-orders?key={key_of('17')}"):
        assert "a hold that cannot be read, on anything" in client.get(path).text
    assert "Nobody holds anything" in serve([ends(CONTROL, "hold:h-9", 6)]).get("/attention?tab=hold").text


def test_home_begins_with_what_needs_somebody(serve: Serve) -> None:
    page = serve().get("/").text
    assert '<a href="/attention">1</a>' in page
    assert "250.00\N{NO-BREAK SPACE}USD" in page, "approved, and there with another status"
    assert "Tower B" in page
    assert "counts a change order once, by when it was first seen approved" in page


def test_what_is_not_known_or_too_much_makes_nothing_smaller(serve: Serve) -> None:
    """What is approved and not there: neither an unknown share nor a surplus makes up for it."""
    unpriced = ChangeOrder(
        change_order_id="19",
        project="7",
        status=Status.APPROVED,
        currency="USD",
        items=(Item(item_id="1", name="Rebar", cost=None, client_price=None),),
    )
    unheard = replace(unpriced, change_order_id="21", status=Status.PENDING)
    page = (
        serve(
            [
                contract(0),
                observed("17", 0, price="250", status=Status.APPROVED),
                observed("18", 1, price="100", status=Status.APPROVED),
                wrote("18", 0, "130", approved_effect=Decimal(130), pending_effect=None),
                observed("19", 2, change_order=unpriced),
                wrote("19", 1, "40", approved_effect=Decimal(40), pending_effect=None),
                observed("21", 3, change_order=unheard),
            ]
        )
        .get("/")
        .text
    )
    cells = [
        re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<(?:dd|td class=.num sums.)[^>]*>(.*?)</(?:dd|td)>", page)
    ]
    told = [cell.replace("\N{NO-BREAK SPACE}", " ").strip() for cell in cells]
    assert "250.00 USD and 1 not known" in told
    assert "250.00 USD and 1 not known more there: 30.00 USD" in told
    assert told.count("1 not known") >= 2, "pending, at the top and of the project"


def test_what_waits_is_told_by_project_and_side(serve: Serve) -> None:
    """A letter about a whole project is of that project; one of another system of the same account's name is not."""
    about = LetterHeader(name=PROJECT_HEADER, value=b"constructiononline:acme/project:7")
    whole = letter("17", 2, "l-3", change_order_key=None, origin_id=None, stage=MAPPER, headers=(about,))
    foreign = replace(about, value=b"cinx:acme/project:7")
    page = (
        serve(
            [
                contract(0),
                observed("17", 0, price="250"),
                letter("17", 0),
                letter("17", 1, "l-2", origin_id=origin_of("17", "rebar")),
                letter("17", 1, "l-5", origin_id=origin_of("17", "gone"), stage="cinx-submitter"),
                whole,
                letter("17", 3, "l-4", change_order_key=None, origin_id=None, stage=MAPPER, headers=(foreign,)),
            ]
        )
        .get("/")
        .text
    )
    assert '<a href="/attention">5</a>' in page
    assert '<a href="/attention?project=constructiononline%3Aacme%2Fproject%3A7">4</a>' in page
    amounts = "Owner 250.00\N{NO-BREAK SPACE}USD <small>and 1 not known</small><br>Cost 80.0002\N{NO-BREAK SPACE}USD"
    assert amounts in page


def test_whatever_is_at_hand_finds_the_change_order(serve: Serve) -> None:
    """Id, key, number whatever its zeros, number there, id there, origin id."""
    client = serve()
    for words in ("17", key_of("17"), "00017", "022", "598", origin_of("17")):
        answer = client.get("/search", params={"q": words})
        assert answer.status_code == 303, words
        assert answer.headers["location"] == "/change-orders?key=constructiononline%3Aacme%3A17"


def test_words_of_a_title_list_what_fits_and_an_open_item_leads_to_its_change_order(serve: Serve) -> None:
    client = serve()
    listed = client.get("/search", params={"q": "REBAR"})
    assert listed.status_code == 200
    assert "Rebar upgrade" in listed.text
    assert client.get("/search", params={"q": "l-1"}).headers["location"].endswith("18")
    assert "Nothing seen" in client.get("/search", params={"q": "100%_sure"}).text


def test_a_change_order_says_in_a_sentence_how_it_stands(serve: Serve) -> None:
    client = serve()
    carried = client.get("/change-orders", params={"key": key_of("17")}).text
    assert "What is there differs from the source at Procore 315-01." in carried, "it is pending there"
    client = serve([*STORY, ended("17", 3, OutcomeKind.REMOTE_STATUS, facts={"status": "approved"})])
    carried = client.get("/change-orders", params={"key": key_of("17")}).text
    assert "It is at Procore 315-01 as the source says; nothing was written at Procore 44021." in carried
    assert "anna" in carried
    assert "seen changed" in carried
    failed = client.get("/change-orders", params={"key": key_of("18")}).text
    assert "1 open item: Procore did not accept cost code 26-999." in failed
    assert client.get("/change-orders", params={"key": "a:b:c"}).status_code == 404
    unheard = serve([*STORY, wrote("17", 2, "250", records=(), amount_after=None)])
    unheard_of = unheard.get("/change-orders", params={"key": key_of("17")}).text
    assert "It is not known whether what is at Procore 315-01 is as the source says." in unheard_of


def test_a_hostile_title_is_text(serve: Serve) -> None:
    client = serve()
    for path in ("/log", "/attention", f"/change-orders?key={key_of('18')}", "/search?q=alert"):
        page = client.get(path).text
        assert "&lt;script&gt;" in page
        assert "<script" not in page


def test_what_is_seen_can_be_taken_along(serve: Serve) -> None:
    client = serve()
    for name in ("log", "attention", "writes"):
        answer = client.get(f"/{name}.csv?from=2026-03-01&to=2026-04-01")
        assert answer.headers["content-disposition"].endswith('.csv"')
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert rows
        assert not any(cell.startswith("=") for row in rows for cell in row.values())
        book = client.get(f"/{name}.xlsx?from=2026-03-01&to=2026-04-01")
        assert "xl/worksheets/sheet2.xml" in zipfile.ZipFile(io.BytesIO(book.content)).namelist()
        with zipfile.ZipFile(io.BytesIO(book.content)) as parts:
            assert "America/Chicago" in "".join(parts.read(part).decode() for part in parts.namelist() if "xml" in part)
        assert client.get(f"/{name}.pdf").status_code == 404


def test_ages_are_counted_in_days_of_the_company(serve: Serve) -> None:
    """At 03:00 UTC it is still the day before in Chicago."""
    client = serve([observed("18", 1, observed_at=datetime(2026, 3, 2, 3, 0, tzinfo=UTC))], now=NOW.replace(hour=23))
    (row, *_) = csv.DictReader(io.StringIO(client.get("/log.csv").content.decode("utf-8-sig")))
    assert row["age_days"] == "4"


def test_more_than_a_file_holds_is_refused_in_words(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MOST_IN_A_FILE", 1)
    client = serve([*STORY, wrote("17", 5, "5"), wrote("17", 6, "6")])
    for path in ("/log.csv", "/writes.xlsx?from=2026-03-01&to=2026-04-01"):
        answer = client.get(path)
        assert answer.status_code == 413
        assert "That is too much for one file" in answer.text
        assert "rows are more than the page makes a file of (1): filter, or use" in answer.text


def test_the_log_is_read_page_by_page(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every change order once, in one order, with the sums of all of them on each page."""
    monkeypatch.setattr(log_page, "AT_ONCE", 2)
    numbers = ["10", "9", "30", "4", "21"]
    client = serve([observed(number, at, price="1") for at, number in enumerate(numbers)])
    path, page, seen = "/log", "", list[str]()
    while path:
        page = client.get(path).text
        assert "Sums of all 15 rows" in page
        seen += list(dict.fromkeys(re.findall(r">00(\d+)</a>", page)))
        following = re.search(r'href="([^"]*)" rel="next"', page)
        path = html.unescape(following[1]) if following else ""
    assert seen == ["4", "9", "10", "21", "30"]
    assert "First page" in page
    assert client.get("/log?after=a:b:c").status_code == 200


def test_projects_are_shown_page_by_page(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "AT_ONCE", 2)
    client = serve([observed(str(number), number, project=f"p{number}") for number in range(5)])
    shown = [
        re.findall(r'class="small">(p\d)', client.get(f"/?from={first}").text) for first in ("", "2", "4", "9", "x")
    ]
    assert shown == [["p0", "p1"], ["p2", "p3"], ["p4"], ["p0", "p1"], ["p0", "p1"]]


def test_effects_are_told_by_side(serve: Serve) -> None:
    page = serve().get("/writes?from=2026-03-01&to=2026-04-01").text
    assert "Approved effect, owner side" in page
    assert "Approved effect, cost side" in page


def test_sums_and_files_have_every_write_however_few_are_shown(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writes, "MOST", 2)
    many = [wrote("18", number, "1", pending_effect=Decimal(number)) for number in range(1, 6)]
    many += [wrote("18", 6, "1", pending_effect=None, amount_before=None)]
    client = serve([*STORY[:2], *many])
    asked = "from=2026-03-01&to=2026-04-01"
    page = client.get(f"/writes?{asked}").text
    assert "<dd>6</dd>" in page
    assert "15.00\N{NO-BREAK SPACE}USD" in page
    assert "Amount not known</dt><dd>1</dd>" in page
    assert "The newest 2 of 6" in page
    assert page.count('data-name="Operation"') == 2
    assert len(client.get(f"/writes.csv?{asked}").text.splitlines()) == 7


def test_days_are_those_of_the_company_and_a_wrong_one_is_told(serve: Serve) -> None:
    client = serve([*STORY, wrote("17", 9, "5", at=datetime(2026, 3, 6, 3, 0, tzinfo=UTC))])
    assert "<dd>1</dd>" in client.get("/writes?from=2026-03-05&to=2026-03-06").text, "9 p.m. in Chicago"
    assert "A day is written like" in client.get("/writes?from=yesterday").text
    assert "ends before it begins" in client.get("/writes?from=2026-03-05&to=2026-03-01").text
    assert "ends before it begins" in client.get("/writes?from=9999-12-31&to=2026-01-01").text
    assert "A day is written like" in client.get("/writes?from=9999-12-31").text
    assert client.get("/writes?from=0001-01-01&to=9999-12-31").status_code == 200


def test_old_tables_say_how_old_they_are(serve: Serve) -> None:
    page = serve(read_at=datetime(2026, 3, 5, 12, 0, tzinfo=UTC)).get("/").text
    assert "This page is not up to date" in page
    assert "6 h ago" in page
    assert "still being built" in serve(read_at=None).get("/").text


def test_without_tables_nothing_is_made_up(serve: Serve) -> None:
    answer = serve(None).get("/")
    assert answer.status_code == 503
    assert "cor run views" in answer.text
    assert "content-security-policy" in answer.headers


def test_tables_that_come_later_are_read_without_a_restart(serve: Serve) -> None:
    client = serve(None)
    assert client.get("/").status_code == 503
    serve(STORY)
    assert client.get("/").status_code == 200
