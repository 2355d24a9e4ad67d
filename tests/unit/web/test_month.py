"""The screen of a project's month over tables of made-up records."""

from __future__ import annotations

import csv
import io
import json
import threading
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update
from starlette.applications import Starlette

from operations.errors import Refused
from operations.reconcile.compare import Entry
from operations.reconcile.cut_off import month_span
from operations.reconcile.signing import LINES, SIGNED
from operations.reconcile.statement import Reconciliation
from operations.reports.month import MonthReport, read_month
from operations.reports.tables import moment_of
from relay.domain.change_order import ChangeOrder, Item, Status
from relay.domain.commands import CinxDestination
from relay.domain.outcomes import OutcomeKind
from relay.domain.records import PollState
from relay.domain.routes import CinxTarget, OwnRecords, Route, RouteMode, Routing, Source
from relay.engine.kafka import Record
from relay.engine.settings import Settings
from relay.engine.topics import POLL_STATE
from tests.unit.web.made_pages import HOSTILE, NOW, READ_AT, Browser, patient
from tests.unit.workers.views.tables import (
    AT,
    CODEC,
    FOLDS,
    ROUTING,
    acted,
    contract,
    ended,
    key_of,
    observed,
    read_back,
    record,
    wrote,
)
from web import read_months
from web.app import application
from web.read_months import ReadMonths
from workers.views.batch import fold_records
from workers.views.generation import Generation
from workers.views.sqlite_store import SqliteStore
from workers.views.tables import PROGRESS

MONTH = "/projects?project=7"


def there(record_id: str, offset: int, amount: str, *, status: Status = Status.APPROVED, **more: object) -> Record:
    """A record at Procore, as it was read back."""
    lines = (Item(item_id=f"{record_id}1", description="Line", cost=Decimal(amount)),)
    shown = ChangeOrder(
        change_order_id=record_id,
        project="315",
        number=f"0{record_id}",
        title="There",
        status=status,
        status_raw=status.value,
        currency="USD",
        cost=Decimal(amount),
        client_price=Decimal(amount),
        items=lines,
    )
    raw = b'{"change_order":{"id":1,"contract_id":44023},"items":[]}'
    return read_back("procore", shown, offset, **({"raw": raw} | more))


def polled(system: str, offset: int, at: datetime = AT + timedelta(minutes=50)) -> Record:
    state = PollState(system=system, account="acme", polled_at=at)
    return record(POLL_STATE, f"{system}:acme", state, offset)


CARRIED = [
    contract(0),
    observed("17", 0, price="250", status=Status.APPROVED, title=HOSTILE),
    wrote("17", 1, "250", pending_effect=None, approved_effect=Decimal(250)),
    ended("17", 2, sequence=1_000, amount=Decimal(250), currency="USD"),
    there("598", 3, "250", origin_id="cor:constructiononline:acme:17:owner"),
    polled("constructiononline", 0),
    polled("procore", 1),
]


class Pages:
    """Serves tables of some records."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.opened: list[Starlette] = []

    def __call__(
        self, records: Sequence[Record], *, routing: Routing | None = ROUTING, months: ReadMonths | None = None
    ) -> Browser:
        file = self._folder / "views.sqlite"
        store = SqliteStore(file)
        generation = Generation(1, "0" * 8)
        with store.building(generation).begin() as connection:
            fold_records(connection, records, FOLDS, CODEC, ROUTING)
            connection.execute(update(PROGRESS).values(read_at=round(READ_AT.timestamp() * 1000)))
        store.publish(generation)
        settings = Settings(kafka_bootstrap_servers="localhost:1", views_url=f"sqlite:///{file}")
        app = application(
            settings, "America/Chicago", clock=lambda: NOW, routes=lambda: given(routing), months=months or patient()
        )
        self.opened.append(app)
        return Browser(app)


def given(routing: Routing | None) -> Routing:
    if routing is None:
        raise Refused("what goes where cannot be told without the routes (COR_CONFIG)")
    return routing


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Pages]:
    pages = Pages(tmp_path)
    yield pages
    for app in pages.opened:
        app.state.site.store.close()


def test_what_agrees_is_said_to_agree_with_when_it_was_read(serve: Pages) -> None:
    text = serve(CARRIED).get(MONTH).text
    assert "Source and remotes agree" in text
    assert "Procore acme Mar 2, 2026 08:55 CST" in text
    assert "250.00 USD" in text
    assert "<script" not in text
    assert serve(CARRIED).get("/log?project=constructiononline%3Aacme%2Fproject%3A7").text.count("0017")
    for tab in ("cost", "aging", "ordered"):
        assert serve(CARRIED).get(f"{MONTH}&tab={tab}").status_code == 200


def test_what_people_did_is_named(serve: Pages) -> None:
    records = [
        *CARRIED,
        there("598", 10, "350", origin_id="cor:constructiononline:acme:17:owner"),
        there("700", 11, "7.35", status=Status.PENDING),
    ]
    text = serve(records).get(MONTH).text
    assert "Edited in Procore" in text
    assert "250.00 → 350.00" in text
    assert "Entered in Procore" in text
    assert "Procore 0700 was entered there by hand" in text
    assert "Source and remotes agree" in text
    file = serve(records).get("/projects.csv?project=7").text
    rows = list(csv.DictReader(io.StringIO(file.lstrip("\ufeff"))))
    found = {(row["cause"], row["status_bucket"], row["difference"]) for row in rows if row["side"] == "owner"}
    assert {(cause, bucket, Decimal(amount)) for cause, bucket, amount in found} == {
        ("Edited in Procore", "approved", Decimal(100)),
        ("Entered in Procore", "pending", Decimal("7.35")),
    }


def test_times_of_the_file_are_the_companys_as_on_the_page(serve: Pages) -> None:
    client = serve([*CARRIED, there("598", 9, "300", origin_id="cor:constructiononline:acme:17:owner")])
    with zipfile.ZipFile(io.BytesIO(client.get("/projects.xlsx?project=7&month=2026-03").content)) as parts:
        book = {part: parts.read(part).decode() for part in parts.namelist() if part.endswith(".xml")}
    words = "".join(book.values())
    for told in ("Since (America/Chicago)", "2026-03-02 08:55:06 CST", "2026-03-05 11:59:50 CST"):
        assert told in words, told
    assert "UTC" not in words
    assert "<v>46083.343125<" in words, "the edit was observed at 14:14:06 UTC"


def test_what_a_revision_under_way_would_write_was_changed_by_nobody(serve: Pages) -> None:
    """Between what came to its end and the newest revision is one that may have been sent."""
    revised = [
        observed("17", number, price=str(price), status=Status.APPROVED) for number, price in ((5, 300), (6, 400))
    ]
    records = [*CARRIED, *revised, there("598", 10, "300", origin_id="cor:constructiononline:acme:17:owner")]
    without = [one for one in records if one is not revised[0]]
    assert "Edited in Procore" in serve(without).get(MONTH).text
    text = serve(records).get(MONTH).text
    assert "Edited in Procore" not in text
    assert "In transit at cut-off" in text


def test_a_larger_project_is_read_in_no_more_statements(serve: Pages) -> None:
    """Revisions, records and what came of them are read for all change orders at once."""
    assert _statements(serve, 3) == _statements(serve, 30)


def _statements(serve: Pages, count: int) -> int:
    records = [contract(0), polled("constructiononline", 0), polled("procore", 1)]
    for at in range(count):
        number = str(100 + at)
        records += [observed(number, 10 * at + place, price=str(250 + place)) for place in range(3)]
        records += [wrote(number, 10 * at, "250"), ended(number, 10 * at)]
        origin_id = f"cor:constructiononline:acme:{number}:owner"
        records.append(there(str(500 + at), 10 * at + 5, "251", status=Status.PENDING, origin_id=origin_id))
    browser = serve(records)
    seen: list[str] = []
    with moment_of(serve.opened[-1].state.site.store) as tables:
        event.listen(tables.connection, "before_cursor_execute", lambda *call: seen.append(call[2]))
        report = read_month(tables, ROUTING, "7", month_span("2026-03", "UTC"), NOW).report
    assert {len(entry.wanted) for entry in _written(report)} == {7}, "of the revisions that may be under way"
    assert browser.get(MONTH).status_code == 200
    return len(seen)


def _written(report: Reconciliation) -> list[Entry]:
    compared = [one for side in report.sides for contract in side.contracts for one in contract.compared]
    return [one.entry for one in compared if one.entry.written is not None]


def test_a_difference_that_nothing_proves_is_unreconciled(serve: Pages) -> None:
    """It came to its end, and less was written than the source says."""
    records = [record for record in CARRIED if "write" not in record.topic]
    records.append(wrote("17", 1, "200", pending_effect=None, approved_effect=Decimal(200)))
    records.append(there("598", 9, "200", origin_id="cor:constructiononline:acme:17:owner"))
    text = serve(records).get(MONTH).text
    assert "Not reconciled" in text
    assert "−50.00 USD" in text


def test_what_was_never_read_cannot_be_told(serve: Pages) -> None:
    unread = [one for one in CARRIED if b"procore" not in (one.key or b"") or "observed" not in one.topic]
    unread = [one for one in unread if one.key != b"procore:acme"]
    text = serve(unread).get(MONTH).text
    assert "cannot tell" in text
    assert "Procore acme was not read" in text
    assert "0.00 USD</dd>" not in text


def test_a_contract_that_our_records_feed_cannot_be_told_where_none_was_read(serve: Pages) -> None:
    onward = Route(
        source=Source(system="procore", account="acme", project="315"),
        own_records=OwnRecords.MAP,
        mode=RouteMode.LIVE,
        targets=(CinxTarget(name="po", account="acme", destination=CinxDestination(purchase_order="PO-7")),),
    )
    names = {"origin_id": "cor:constructiononline:acme:17:po", "change_order_key": "procore:acme:598", "target": "po"}
    written = wrote("598", 8, "250", system="cinx", destination="PO-7", **names)
    unread = [one for one in CARRIED if one.key not in (b"procore:acme", b"procore:acme:598")]
    routing = replace(ROUTING, routes=(*ROUTING.routes, onward))
    text = serve([*unread, written], routing=routing).get(f"{MONTH}&tab=cost").text
    assert "cannot tell" in text
    assert "our records at Procore acme (own_records: map)" in text
    assert "Source and remotes agree" not in text
    assert "Not routed" not in text


def test_a_month_that_is_over_is_as_it_had_been_observed(serve: Pages) -> None:
    text = serve([*CARRIED, observed("17", 1_000, price="900", status=Status.APPROVED)]).get(MONTH).text
    assert "900.00 USD" in text
    february = serve(CARRIED).get(f"{MONTH}&month=2026-02").text
    assert "cannot tell" in february or "Nothing of this project" in february


def test_pending_is_aged_and_what_is_ordered_no_more_is_listed(serve: Pages) -> None:
    old = [
        observed("17", 0, price="60"),
        wrote(
            "17",
            1,
            "50.0001",
            pending_effect=None,
            approved_effect=Decimal("50.0001"),
            destination="315/44021",
            origin_id="cor:constructiononline:acme:17:rebar",
            target="rebar",
        ),
        ended("17", 2, OutcomeKind.REJECTED, origin_id="cor:constructiononline:acme:17:rebar", target="rebar"),
        there("599", 3, "50.0001", origin_id="cor:constructiononline:acme:17:rebar"),
        polled("constructiononline", 0),
    ]
    aging = serve(old).get(f"{MONTH}&tab=aging").text
    assert "0-30" in aging
    assert "0017" in aging
    ordered = serve(old).get(f"{MONTH}&tab=ordered").text
    assert "50.0001" in ordered


def test_home_shows_the_last_sign_off(serve: Pages) -> None:
    total = {
        "side": "owner",
        "contract": "procore:acme/315/44023",
        "currency": "USD",
        "unreconciled_approved": "-12.5",
        "unreconciled_pending": "0",
    }
    lines = [["owner", "procore:acme/315/44023", "USD", key_of("17"), "240", "0", "240", "0"]]
    subject = "constructiononline:acme/project:7"
    about = {"digest": "d", "as_of": AT.isoformat(), "reconciled": False, "totals": [total]}
    records = [
        *CARRIED,
        acted(0, subject, action=SIGNED, why="Month end", details=json.dumps(about)),
        acted(1, subject, action=LINES, details=json.dumps({"digest": "d", "lines": lines})),
    ]
    home = serve(records).get("/").text
    assert "−12.50" in home
    assert "anna, as of Mar 2, 2026" in home
    assert "not reconciled" in home
    assert "project=constructiononline%3Aacme%2Fproject%3A7" in home
    month = serve(records).get(MONTH).text
    assert "Changed since the sign-off" in month
    assert "240.00" in month
    assert "Changed since the sign-off" not in serve(records).get(f"{MONTH}&month=2026-02").text


def test_an_amount_that_is_of_two_projects_together_says_so_at_both(serve: Pages) -> None:
    total = {"side": "owner", "contract": "c", "currency": "USD", "unreconciled_approved": "500"}
    about = {"digest": "d", "as_of": AT.isoformat(), "reconciled": False, "totals": [total]}
    projects = [f"constructiononline:acme/project:{project}" for project in ("7", "8", "9")]
    records = [*CARRIED, observed("18", 20, project="8"), observed("19", 21, project="9")]
    signed = [",".join(projects[:2]), projects[2]]
    records += [acted(at, subject, action=SIGNED, details=json.dumps(about)) for at, subject in enumerate(signed)]
    amounts = [cell for cell in serve(records).get("/").text.split("<td") if "500.00" in cell]
    said = ["together with 1 other project: count it once" in cell for cell in amounts]
    assert sorted(said) == [False, True, True]


def test_drafts_stand_below_the_totals(serve: Pages) -> None:
    text = serve([*CARRIED, observed("18", 20, status=Status.DRAFT)]).get(MONTH).text
    assert "Not in these totals: 1 " in text
    assert "100.00\N{NO-BREAK SPACE}USD" in text.partition("Not in these totals")[2].partition("</p>")[0]


def test_a_month_that_takes_long_says_so_and_comes_again(serve: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a script; the file is waited for. What fails meanwhile is told to whoever comes again."""
    gate = Gate(monkeypatch)
    client = serve([*CARRIED, observed("18", 20, title="Another")], months=ReadMonths(patience=0))
    for tab in ("owner", "aging"):
        told = client.get(f"{MONTH}&tab={tab}")
        assert (told.status_code, told.headers["Refresh"]) == (202, "2")
        assert "2 change orders are being added up; this page shows them in a moment." in told.text
        assert "<h1>Tower B</h1>" in told.text
        assert f'href="/projects?project=7&amp;tab={tab}"' in told.text
        assert "<script" not in told.text
    gate.open()
    file = client.get("/projects.csv?project=7")
    shown = client.get(MONTH)
    assert (file.status_code, shown.status_code, "Refresh" in shown.headers) == (200, 200, False)
    assert "Source and remotes agree" in shown.text


def test_what_a_month_that_takes_long_fails_of_is_told(serve: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(monkeypatch)
    client = serve(CARRIED, months=ReadMonths(patience=0))
    told = client.get("/projects?project=zzz")
    assert (told.status_code, "The month is being added up" in told.text) == (202, True)
    gate.open()
    assert client.get("/projects.csv?project=zzz").status_code == 503
    again = client.get("/projects?project=zzz")
    assert (again.status_code, "nothing was seen of a project" in again.text) == (503, True)


class Gate:
    """Lets no month be read until it is open."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._opened = threading.Event()

        def read(*arguments: Any) -> MonthReport:
            assert self._opened.wait(60)
            return read_month(*arguments)

        monkeypatch.setattr(read_months, "read_month", read)
        self.open = self._opened.set


def test_refusals_say_what_is_missing(serve: Pages) -> None:
    assert "COR_CONFIG" in serve(CARRIED, routing=None).get(MONTH).text
    assert "Name a project" in serve(CARRIED).get("/projects").text
    assert "no month" in serve(CARRIED).get(f"{MONTH}&month=2026-13").text
    assert "nothing was seen of a project" in serve(CARRIED).get("/projects?project=zzz").text
