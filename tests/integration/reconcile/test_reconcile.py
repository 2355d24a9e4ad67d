"""``cor reconcile`` over real topics: live, as of a time, signed, and as files."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.integration.reconcile.conftest import Company, Desk, items_of, side_of


@pytest.mark.storm
def test_a_company_reconciles_and_three_things_that_people_did_are_named(
    company: Company, desk: Desk, tmp_path: Path
) -> None:
    company.order(1, price=[100, "250.10"])
    company.order(2, condition=0, price=80)
    company.order(3, price=40)
    company.carry()
    ended = desk.reconcile()
    assert ended.code == 0, ended.out
    assert side_of(ended.json, "owner")["held"] == {"approved": "390.1000", "pending": "80.0000"}
    assert Decimal(side_of(ended.json, "cost")["held"]["approved"]) == Decimal("390.10")
    assert items_of(ended.json, "cost") == [("not ordered before approval", Decimal(0), Decimal(-80))]
    signed = desk.cor("reconcile", "1321036", "--sign-off", "--why", "Month end", "--who", "anna")
    assert signed.code == 0, signed.out
    assert "Signed off" in signed.out
    company.carry("views")
    before = datetime.now(UTC)

    pending, gone = company.pco(2), company.pco(3)
    (line,) = company.lines(pending)
    company.procore.people("edit_line", line=line["id"], set={"amount": "180.00"})
    company.procore.people("set_status", kind="pco", id=gone["id"], status="pending")
    company.procore.people("delete", kind="pco", id=gone["id"])
    lines = [{"description": "x", "amount": "7.35"}]
    company.procore.people("create_pco", contract=44023, title="By hand", status="approved", lines=lines)
    path, book = tmp_path / "r.csv", tmp_path / "r.xlsx"
    ended = desk.reconcile("--side", "owner", "--csv", str(path), "--xlsx", str(book))
    assert ended.code == 0, ended.out
    assert items_of(ended.json, "owner") == [
        ("entered there by people", Decimal("7.35"), Decimal(0)),
        ("edited there by people", Decimal(0), Decimal(100)),
        ("deleted there", Decimal(-40), Decimal(0)),
    ]
    owner = side_of(ended.json, "owner")
    assert owner["unreconciled"] == owner["gross_unreconciled"]
    assert Decimal(owner["held"]["approved"]) - Decimal(owner["source"]["approved"]) == Decimal("-32.65")
    changed = {(one["name"], one["what"]) for one in ended.json["signed_off"]["changed_since"]}
    assert ("constructiononline:acme:2", "pending there") in changed
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sum(Decimal(row["difference"]) for row in rows) == Decimal("67.35")
    assert {row["signed_off"] != "" for row in rows} == {True}
    assert book.stat().st_size > 0

    company.carry("poll-procore", "views")
    earlier = desk.reconcile("--as-of", before.isoformat())
    assert earlier.code == 0, earlier.out
    assert items_of(earlier.json, "owner") == []
    later = desk.reconcile("--as-of", "2099-01-01")
    assert [cause for cause, _, _ in items_of(later.json, "owner")] == [
        "entered there by people", "edited there by people", "deleted there",
    ]  # fmt: skip
    never = desk.reconcile("--as-of", "2020-01-01")
    assert never.code == 3
    assert all(read["at"] is None for read in never.json["reads"])

    company.procore.people("block_project", project=315)
    unread = desk.reconcile()
    assert unread.code == 3
    assert side_of(unread.json, "owner")["unreconciled"] is None
    assert "cannot tell" in desk.cor("reconcile", "1321036").out


def test_what_is_typed_wrongly_is_refused(company: Company, desk: Desk) -> None:
    company.carry("views")
    assert desk.cor("reconcile", "nowhere").code == 1
    assert desk.cor("reconcile", "nowhere", "--month", "2026-13").code == 2
    assert desk.cor("reconcile", "nowhere", "--month", "2026-10", "--as-of", "2026-10-01").code == 2
    assert desk.cor("reconcile", "nowhere", "--as-of", "yesterday").code == 2
