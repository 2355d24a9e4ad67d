from __future__ import annotations

import csv
import json
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from operations.environment import Environment
from operations.writes import WriteFilter, Writes
from relay.domain.directory import DirectoryEntry, DirectoryKind
from relay.domain.events import ChangeOrderObserved
from relay.domain.writes.remote_writes import RemoteWrite, WriteOperation, WrittenField, WrittenRecord
from relay.engine.topics import CURRENT, DIRECTORY, WRITES
from tests.integration.cli.conftest import CODEC, Place, key_of

AT = datetime(2026, 3, 2, 14, 5, 6, tzinfo=UTC)


def write(number: int, change_order: str = "498099", **more: object) -> RemoteWrite:
    record = WrittenRecord(
        kind="line_item",
        parts={"line:1": "a"},
        operation=WriteOperation.UPDATED,
        number="007",
        url="https://app.example/1",
        fields=(WrittenField(name="amount", sent="12.50"),),
    )
    whole = RemoteWrite(
        write_id=f"w-{number}",
        at=AT + timedelta(minutes=number),
        stage="procore-writer",
        instance="i",
        system="procore",
        account="acme",
        destination="315/44021",
        change_order_key=key_of(change_order),
        origin_id=f"cor:{key_of(change_order)}:main",
        target="main",
        sequence=1,
        command_id="c",
        step="lines",
        method="PATCH",
        path="/rest/v1.0/potential_change_orders/sync",
        records=(record,),
        currency="USD",
        amount_before=Decimal(0),
        amount_after=Decimal("12.50"),
        pending_effect=Decimal("12.50"),
    )
    return replace(whole, **more)  # type: ignore[arg-type]  # the fields are the tests' own


def put(place: Place, *writes: RemoteWrite) -> None:
    for told in writes:
        place.put(WRITES, told.change_order_key, told)


def test_the_newest_come_last_and_say_what_they_did(place: Place) -> None:
    put(place, write(2, "17"), write(1, person="anna"))
    ended = place.cor("writes")
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    assert "498099" in lines[1]
    assert "anna" in lines[1]
    assert "12.50 USD" in lines[1]
    assert "17" in lines[2]
    assert lines[-1] == "2 writes."


def test_filters_hold_together(place: Place) -> None:
    put(
        place,
        write(1),
        write(2, "17"),
        write(3, destination="PO-7", system="cinx"),
        write(4, person="anna"),
        write(5, records=()),
    )

    def found(*options: str) -> list[str]:
        ended = place.cor("writes", "--json", *options)
        return [told["write_id"] for told in json.loads(ended.out)]

    assert found() == ["w-1", "w-2", "w-3", "w-4", "w-5"]
    assert found("--change-order", "17") == ["w-2"]
    assert found("--account", "cinx:acme") == ["w-3"]
    assert found("--account", "acme", "--destination", "315") == ["w-1", "w-2", "w-4", "w-5"]
    assert found("--destination", "PO-7") == ["w-3"]
    assert found("--person", "anna") == ["w-4"]
    assert found("--operation", "updated", "--since", "2026-03-02T14:08:00", "--until", "2026-03-02T14:10:06") == [
        "w-3",
        "w-4",
    ]
    assert place.cor("writes", "--operation", "painted").code == 2
    assert place.cor("writes", "--follow", "--csv", "x.csv").code == 2


def test_who_follows_one_change_order_reads_what_is_of_others_once_and_is_told_each_write_once(place: Place) -> None:
    environment = Environment.read()
    writes = Writes(environment, WriteFilter(change_order="17"))
    passed: list[tuple[int, int]] = []

    def found() -> list[str]:
        with closing(writes.read(lambda done, of: passed.append((done, of)))) as told:
            return [one.write_id for one in told]

    put(place, write(1, "17"))
    put(place, *(write(number) for number in range(2, 5)))
    assert found() == ["w-1"]
    assert passed
    passed.clear()
    assert found() == []
    assert passed == [], "nothing has come since"
    put(place, write(5))
    put(place, write(6, "17"))
    put(place, write(7))
    assert found() == ["w-6"]
    assert found() == []


def test_files_use_the_numbers_that_people_know(place: Place, tmp_path: Path) -> None:
    event = CODEC.decode(place.observe("498099").value or b"", ChangeOrderObserved)
    place.put(CURRENT, event.key, event)
    for kind, entry_id, number in (
        (DirectoryKind.PROJECT, "315", "2026-009"),
        (DirectoryKind.SUBCONTRACT, "44021", "SC-001"),
    ):
        entry = DirectoryEntry(
            system="procore", account="acme", kind=kind, entry_id=entry_id, number=number, read_at=AT
        )
        place.put(DIRECTORY, entry.key, entry)
    put(place, write(1), write(2, "17", destination="9/8"))
    path, book = tmp_path / "writes.csv", tmp_path / "writes.xlsx"
    ended = place.cor("writes", "--csv", str(path), "--xlsx", str(book))
    assert ended.code == 0, ended.err
    with path.open(encoding="utf-8-sig", newline="") as file:
        first, second = csv.DictReader(file)
    assert (first["project_number"], first["contract_number"]) == ("2026-009", "SC-001")
    assert first["change_order_number"] == event.change_order.number
    assert (first["side"], second["side"]) == ("cost", ""), "an unknown contract is on no side"
    assert (first["pending_effect"], first["time"]) == ("12.50", "2026-03-02T14:06:06Z")
    assert (second["project_number"], second["contract_number"], second["change_order_number"]) == ("9", "8", "17")
    assert book.stat().st_size > 0


def test_what_comes_later_is_followed(place: Place) -> None:
    put(place, write(1))
    followed = Writes(Environment.read(), WriteFilter(change_order="498099")).follow(every=0.0)
    assert next(followed).write_id == "w-1"
    put(place, write(2), write(3, "17"), write(4))
    assert [next(followed).write_id, next(followed).write_id] == ["w-2", "w-4"]


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_nothing_written_says_so(place: Place, options: list[str]) -> None:
    ended = place.cor("writes", *options)
    assert ended.out.strip() == ("[]" if options else "Nothing was written that fits.")


def test_times_are_those_of_the_company_s_people_and_the_header_says_so(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(place, write(1))
    lines = place.cor("writes").out.splitlines()
    assert "time (UTC)" in lines[0]
    assert "2026-03-02 14:06:06" in lines[1]
    file = place.folder / "cor.yaml"
    in_zone = file.read_text(encoding="utf-8").replace(
        "company_id: 4200", "company_id: 4200, time_zone: America/Chicago"
    )
    file.write_text(in_zone, encoding="utf-8")
    lines = place.cor("writes").out.splitlines()
    assert "time (America/Chicago)" in lines[0]
    assert "2026-03-02 08:06:06" in lines[1]
    told = json.loads(place.cor("writes", "--json").out)
    assert told[0]["at"].startswith("2026-03-02T14:06:06")
    put(place, write(2, system="cinx", destination="PO-7"))
    assert "time (America/Chicago)" in place.cor("writes").out, "one that names none has none of its own"
    assert "time (UTC)" in place.cor("writes", "--account", "cinx:acme").out
