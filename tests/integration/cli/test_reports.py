"""What accountants ask for at a terminal, from the tables and from the topics."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cli.conftest import Place, key_of
from tests.unit.workers.views.tables import acted, applied, contract, letter, observed, wrote
from tests.views_topics import in_sqlite, write

pytestmark = pytest.mark.usefixtures("recorded")

PROJECT = "1321036"


@pytest.fixture
def told(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Three change orders: one is carried, one failed, one has no route."""
    for name, value in in_sqlite(tmp_path).environment.items():
        monkeypatch.setenv(name, value)
    place.route(PROJECT)
    story = [
        contract(0, number="SC-012", entry_id="44021"),
        observed("17", 0, price="100", project=PROJECT),
        observed("18", 1, price="60", project=PROJECT, title="=SUM(A1)"),
        observed("19", 2, price="40", project="9"),
        wrote("17", 0, "50.0001", destination="315/44021", target="main", origin_id=f"cor:{key_of('17')}:main"),
        applied("17", 1, "50.0001"),
        letter("18", 0, origin_id=f"cor:{key_of('18')}:main"),
        acted(0, key_of("17")),
        acted(1, key_of("18"), who="bert"),
    ]
    write(place.connection, place.prefix, story)
    return place


def folded(place: Place) -> None:
    ended = place.cor("run", "views", "--once")
    assert ended.code == 0, ended.out + ended.err


def log(place: Place, *options: str) -> Any:
    ended = place.cor("log", "--json", *options)
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def test_before_there_are_tables_the_log_says_what_makes_them(told: Place) -> None:
    ended = told.cor("log")
    assert ended.code == 1
    assert "cor run views" in ended.err


def test_a_story_is_told_from_the_tables_alone(told: Place) -> None:
    folded(told)
    ended = told.cor("trace", "--tables", "--json", "17")
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    assert found["change_order_key"] == key_of("17")
    assert [entry["what"] for entry in found["story"]] == ["observed", "person", "applied"]
    assert found["tables_read_at"]
    shown = told.cor("trace", "--tables", key_of("18"))
    assert "open letter" in shown.out, shown.err
    assert told.cor("trace", "--tables", "no such words").code == 1


def test_the_log_adds_up_on_each_side(told: Place, tmp_path: Path) -> None:
    folded(told)
    found = log(told)
    amounts = {
        (row["number"], row["side"], row["contract_number"]): (row["amount_source"], row["amount_there"])
        for row in found["rows"]
    }
    assert amounts == {
        ("0017", "cost", "SC-012"): ("50.0001", "50.0001"),
        ("0017", "owner", None): ("100.0000", None),
        ("0018", "cost", "SC-012"): ("50.0001", None),
        ("0018", "owner", None): ("60.0000", None),
        ("0019", "cost", None): ("50.0001", None),
        ("0019", "owner", None): ("40.0000", None),
    }
    sums = {(total["side"], total["status"]): Decimal(total["amount_source"]) for total in found["totals"]}
    assert sums == {("owner", "pending"): Decimal(200), ("cost", "pending"): Decimal("150.0003")}
    assert {row["number"] for row in log(told, "--project", PROJECT)["rows"]} == {"0017", "0018"}
    assert {row["side"] for row in log(told, "--side", "owner")["rows"]} == {"owner"}
    assert log(told, "--change-order", "18")["rows"][0]["open_item"] == "l-1"
    assert "SC-012" in told.cor("log").out
    assert told.cor("log", "--side", "both").code == 2

    path, book = tmp_path / "log.csv", tmp_path / "log.xlsx"
    assert told.cor("log", "--csv", str(path), "--xlsx", str(book)).code == 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["contract_number"] for row in rows} == {"SC-012", "none"}
    assert {row["title"] for row in rows if row["change_order_number"] == "0018"} == {"'=SUM(A1)"}
    assert book.stat().st_size > 0


def test_status_says_how_far_the_tables_are_and_does_not_wait_for_them(told: Place) -> None:
    before = json.loads(told.cor("status", "--json").out)
    assert before["views"]["lag"] is None
    assert "not there yet" in before["views"]["why"]
    folded(told)
    after = json.loads(told.cor("status", "--json").out)
    assert after["views"]["lag"] <= 2, "more than what the member said at its end"
    write(told.connection, told.prefix, [observed("20", 30)])
    assert json.loads(told.cor("status", "--json").out)["views"]["lag"] > 0
    assert "views: " in told.cor("status").out


def test_what_people_did_is_told_by_person_day_and_change_order(told: Place) -> None:
    def found(*options: str) -> list[str]:
        return [action["action_id"] for action in json.loads(told.cor("audit", "--json", *options).out)]

    assert found() == ["a-0", "a-1"]
    assert found("--person", "bert") == ["a-1"]
    assert found("--change-order", "17") == ["a-0"]
    assert found("--day", "2026-03-02") == ["a-0", "a-1"]
    assert found("--day", "2026-03-03") == []
    assert told.cor("audit", "--day", "Monday").code == 2
    assert "anna" in told.cor("audit").out


def test_a_topic_is_shown_record_by_record(told: Place) -> None:
    ended = told.cor("tail", "observed", "--key", "17", "--json")
    (line,) = [json.loads(line) for line in ended.out.splitlines()]
    assert line["value"]["change_order"]["title"] == "Title 0"
    assert line["key"] == key_of("17")
    assert "l-1" in told.cor("tail", "dead-letters").out
    assert told.cor("tail", "nothing").code == 2
