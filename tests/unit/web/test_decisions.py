"""Who may decide at the page, and which forms it takes: all of this before Kafka is reached."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette

from relay.domain.control import Control, Proposal
from relay.engine.configuration import ConfigurationError
from relay.engine.kafka import Record
from relay.engine.settings import read_settings
from relay.engine.topics import CONTROL
from tests.unit.web.decisions_page import ELSEWHERE, NOW, Person, form_in, served
from tests.unit.workers.views.tables import AT, acted, contract, held, key_of, letter, observed, record
from web.decisions.form_decisions import AlreadySent
from web.decisions.letters import moment_in
from web.decisions.submission import numbers_in, ranges

LEAST = {"COR_KAFKA_BOOTSTRAP_SERVERS": "localhost:1"}
STORY = [
    contract(0),
    observed("17", 0, price="250", title="Rebar upgrade"),
    observed("18", 1, price="1000.50"),
    letter("17", 0),
    letter("18", 1, "l-2"),
    held(0, "18"),
]
GROUP = "/decisions/letters"


def proposal(offset: int, proposal_id: str = "p-1", **more: object) -> Record:
    """Of a colleague, made at the page."""
    told = Proposal(
        proposal_id=proposal_id,
        letter_id="l-1",
        action="adopt",
        choice={"made_at": "page", "remote_id": "598"},
        attempts=1,
        seen_sequence=7,
        person="anna",
        why="It is there",
        at=NOW - timedelta(hours=2),
    )
    control = Control(proposal=replace(told, **more))  # type: ignore[arg-type]
    return record(CONTROL, control.key, control, offset)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Starlette]:
    made = served(tmp_path, STORY)
    yield made
    made.state.site.store.close()


def test_without_the_switch_there_is_nothing_of_a_form(tmp_path: Path) -> None:
    person = Person(served(tmp_path, STORY, web_decisions=False), "bert")
    for path in ("/decisions/letter?id=l-1", GROUP, "/decisions/hold", "/decisions/release?id=h-1", "/decisions/118"):
        assert person.get(path).status_code == 404
    for path in ("/decisions/letters/redrive", "/decisions/hold", "/decisions/approve"):
        assert person.send(path, []).status_code == 404
    assert person.send("/decisions", []).status_code == 405
    for path in ("/", "/attention", "/attention?tab=hold", "/decisions", f"/change-orders?key={key_of('17')}"):
        page = person.get(path)
        assert page.status_code == 200
        assert 'method="post"' not in page.text
        assert "Decide" not in re.sub(r"Decisions", "", page.text)


@pytest.mark.parametrize(
    "more",
    [
        {"COR_WEB_DECISIONS": "true"},
        {"COR_WEB_DECISIONS": "true", "COR_WEB_USER_HEADER": "X-User"},
        {"COR_WEB_USER_HEADER": "X-User"},
        {"COR_WEB_PROXY": "10.0.0.7"},
        {"COR_WEB_DECISIONS": "true", "COR_WEB_USER_HEADER": "X User", "COR_WEB_PROXY": "10.0.0.7"},
        {"COR_WEB_DECISIONS": "true", "COR_WEB_USER_HEADER": "X-User", "COR_WEB_PROXY": "proxy.example"},
    ],
)
def test_a_header_counts_only_beside_a_stated_proxy(more: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="COR_WEB_"):
        read_settings(LEAST | more)


def test_networks_are_stated_as_they_are_written() -> None:
    said = {"COR_WEB_DECISIONS": "true", "COR_WEB_USER_HEADER": "X-User", "COR_WEB_PROXY": "10.0.0.7, fd00::/8"}
    assert read_settings(LEAST | said).web_proxy == "10.0.0.7/32,fd00::/8"


def test_only_the_proxy_says_who_somebody_is(app: Starlette) -> None:
    known = Person(app, "bert")
    assert known.get(GROUP).status_code == 200
    for stranger in (Person(app, "bert", ELSEWHERE), Person(app, None), Person(app, " "), Person(app, "a" * 201)):
        assert stranger.get(GROUP).status_code == 403
        assert stranger.get("/decisions").status_code == 200
        assert 'method="post"' not in stranger.get("/decisions").text
        fields = form_in(known.get(GROUP).text, f"{GROUP}/settle")
        assert stranger.send(f"{GROUP}/settle", [*fields, ("why", "x")]).status_code == 403
    assert "decide_letter" not in known.get("/attention").text
    assert "/decisions/letter?id=l-1" in known.get("/attention").text
    assert "/decisions/letter?id=l-1" not in Person(app, None).get("/attention").text


def test_a_button_says_verb_count_and_money(app: Starlette) -> None:
    page = Person(app, "bert").get(GROUP).text
    assert "Send again: 2 change orders, Owner 1,250.50\N{NO-BREAK SPACE}USD" in page
    one = Person(app, "bert").get(f"{GROUP}?reason=procore.*&project=7").text
    assert "Close without sending: 2 change orders" in one


def test_a_form_that_this_page_did_not_make_for_this_person_is_refused(app: Starlette) -> None:
    person = Person(app, "bert")
    fields = form_in(person.get(GROUP).text, f"{GROUP}/settle")
    path, sent = f"{GROUP}/settle", [*fields, ("why", "Done by hand")]
    refused = [
        person.send(path, [("why", "Done by hand")]),
        Person(app, "anna").send(path, sent),
        person.send(f"{GROUP}/redrive", sent),
        person.send(path, [*sent, ("about", "0.9 l-9")]),
        person.send(path, [(name, value.replace("0.0 l-1", "0.7 l-1")) for name, value in sent]),
        person.send(path, [(name, "1" if name == "made" else value) for name, value in sent]),
        person.send(path, sent, {"Origin": "http://elsewhere.example"}),
        person.send(path, sent, {"Origin": "null"}),
        person.send(path, sent, {"Origin": ""}),
        person.send(path, sent, {"Origin": "http://["}),
        person.send(path, sent, {"Sec-Fetch-Site": "cross-site"}),
        person.send(path, sent, {"Sec-Fetch-Site": "same-site"}),
    ]
    assert [answer.status_code for answer in refused] == [403] * len(refused)
    assert all("Nothing was done" in answer.text for answer in refused)
    assert all("That is not for you" in answer.text for answer in refused)
    assert person.send(path, sent, {"Content-Type": "text/plain"}).status_code == 415
    large = person.send(path, [*sent, ("why", "x" * 1_100_000)])
    assert (large.status_code, "That was not taken" in large.text) == (413, True)
    assert person.send(path, [*sent, *[("about", "0.0 l-1")] * 3000]).status_code == 400


def test_an_old_form_is_refused(app: Starlette) -> None:
    person = Person(app, "bert")
    fields = form_in(person.get(GROUP).text, f"{GROUP}/settle")
    app.state.site = replace(app.state.site, clock=lambda: NOW + timedelta(hours=12, seconds=1))
    answer = person.send(f"{GROUP}/settle", [*fields, ("why", "x")])
    assert answer.status_code == 409
    assert "too old" in answer.text


def test_what_is_wrong_stands_beside_its_field_and_what_was_written_is_kept(app: Starlette) -> None:
    person = Person(app, "bert")
    fields = form_in(person.get("/decisions/hold").text, "/decisions/hold")
    written = [("kind", "account"), ("named", "procore:acme"), ("until", "tomorrow"), ("why", 'The "budget" <b>is</b>')]
    answer = person.send("/decisions/hold", [*fields, *written])
    assert answer.status_code == 422
    assert '<span class="problem" id="hold-until-wrong">A time is written like 2026-10-31T14:05.</span>' in answer.text
    assert 'aria-describedby="hold-until-wrong"' in answer.text
    assert 'value="procore:acme"' in answer.text
    assert "The &#34;budget&#34; &lt;b&gt;is&lt;/b&gt;" in answer.text
    assert '<option value="account" selected>' in answer.text


@pytest.mark.parametrize("until", ["9999-12-31T23:59", "0001-01-01T00:00"])
def test_a_time_that_no_record_can_say_is_refused_beside_its_field(app: Starlette, until: str) -> None:
    person = Person(app, "bert")
    fields = form_in(person.get("/decisions/hold").text, "/decisions/hold")
    written = [("kind", "account"), ("named", "procore:acme"), ("until", until), ("why", "x")]
    answer = person.send("/decisions/hold", [*fields, *written])
    assert answer.status_code == 422
    assert "That is not between 1970 and 9999" in answer.text


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-10-31T14:05", datetime(2026, 10, 31, 19, 5, tzinfo=UTC)),
        ("2026-10-31T14:05Z", datetime(2026, 10, 31, 14, 5, tzinfo=UTC)),
        ("2026-10-31T14:05+01:00", datetime(2026, 10, 31, 13, 5, tzinfo=UTC)),
    ],
)
def test_a_time_is_the_page_s_unless_it_names_a_zone(said: str, meant: datetime) -> None:
    assert moment_in(said, "until", "America/Chicago") == meant


def test_the_same_form_is_carried_out_once(app: Starlette) -> None:
    decisions = app.state.decisions
    made: list[str] = []

    def decide(writing: object) -> list[object]:
        made.append("done")
        return []

    decisions.decide("form-1", decide)
    with pytest.raises(AlreadySent, match="sent before"):
        decisions.decide("form-1", decide)
    assert made == ["done"]


def test_the_decisions_screen_says_who_may_approve(tmp_path: Path) -> None:
    records = [
        *STORY,
        proposal(1),
        proposal(2, "p-2", letter_id="l-2", choice={"made_at": "command line"}, action="resubmit", person="carl"),
        proposal(3, "p-3", letter_id="l-gone"),
        proposal(4, "p-4", attempts=9),
    ]
    app = served(tmp_path, records)
    page = Person(app, "bert").get("/decisions").text
    assert "<dd>2</dd>" in page  # Two of the four have lapsed.
    assert page.count("Approve: adopt") + page.count('action="/decisions/approve"') == 2
    assert "Approve: Link to existing record: 1 change order, Owner 250.00" in page
    assert "carl (typed)" in page
    assert page.count("It has lapsed") == 2
    assert page.count('action="/decisions/decline"') == 4
    own = Person(app, "Anna").get("/decisions").text
    assert own.count("You proposed it") == 1
    assert own.count('action="/decisions/approve"') == 1
    assert 'method="post"' not in Person(app, None).get("/decisions").text
    app.state.site.store.close()


def test_items_that_are_looked_after_and_that_rest(tmp_path: Path) -> None:
    first = '{"letter_id": "l-1", "to": "bert"}'
    records = [
        *STORY,
        acted(0, key_of("17"), action="letter.assign", details=first),
        acted(1, key_of("17"), action="letter.note", details='{"letter_id": "l-1", "note": "Asked <the> super"}'),
        acted(2, key_of("18"), action="letter.snooze", details=_snoozed("l-2", AT + timedelta(minutes=1))),
    ]
    app = served(tmp_path, records)
    anybody = Person(app, None)
    opened, rests = anybody.get("/attention").text, anybody.get("/attention?tab=snoozed").text
    assert "Open (1)" in opened
    assert "Snoozed (1)" in opened
    assert "bert" in opened
    assert "Asked &lt;the&gt; super" in opened
    assert "1,000.50" not in opened
    assert "1,000.50" in rests
    home = anybody.get("/").text
    assert '<a href="/attention">1</a>' in home
    assert "1,000.50" not in home.partition("</dl>")[0].partition("Pending")[0]
    csv = anybody.get("/attention.csv?tab=open").text
    assert "bert" in csv
    assert "Asked <the> super" in csv
    app.state.site.store.close()


def _snoozed(letter_id: str, after: datetime) -> str:
    until = (NOW + timedelta(days=1)).isoformat()
    return f'{{"letter_id": "{letter_id}", "until": "{until}", "after": "{after.isoformat()}"}}'


@pytest.mark.parametrize("text", ["118", "118-120", "5,7,9", "1-3,8"])
def test_numbers_of_decisions_as_addresses(text: str) -> None:
    assert ranges(numbers_in(text, 10)) == text


@pytest.mark.parametrize("text", ["", "x", "1-", "-3", "1-99999999999999999999", "1,,2", "٣x"])
def test_an_address_that_names_no_decision(text: str) -> None:
    with pytest.raises(Exception, match="decision"):
        numbers_in(text, 10)


def test_a_file_of_the_page_names_whom_the_proxy_names_and_nobody_else(app: Starlette) -> None:
    def made_by(person: Person) -> list[str]:
        with zipfile.ZipFile(io.BytesIO(person.get("/log.xlsx").content)) as parts:
            return re.findall("Made by.*?<t>(.*?)</t>", parts.read("xl/worksheets/sheet3.xml").decode())

    assert made_by(Person(app, "bert")) == ["bert"]
    assert made_by(Person(app, "bert", ELSEWHERE)) == made_by(Person(app, None)) == []
