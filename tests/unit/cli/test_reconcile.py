"""What ``cor reconcile`` shows and saves."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from cli.reconcile import _save, _show
from cli.screen import Screen
from operations.reconcile.signing import SignOff
from operations.reconcile.statement import NotCounted, sides_of
from relay.engine.kafka import CommitFailed
from tests.cor_command import cor
from tests.unit.operations.reconcile.test_signing import OTHER, PROJECT, report, signed

ZONE = "America/Chicago"


def test_a_workbook_has_its_times_in_the_companys_zone(tmp_path: Path) -> None:
    book = tmp_path / "books.xlsx"
    _save(Screen(as_json=False), report("300"), None, ZONE, None, book)
    with zipfile.ZipFile(book) as file:
        words = file.read("xl/worksheets/sheet2.xml").decode()
    assert f"Since ({ZONE})" in words
    assert "(UTC)" not in words


def test_unknown_amounts_and_sign_offs_of_fewer_projects_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    shown = report(subject=f"{OTHER},{PROJECT}")
    drafts = [
        NotCounted(status="draft", change_orders=2, amount=None, unknown=2),
        NotCounted(status="void", change_orders=3, amount=shown.sides[0].source.approved, unknown=1),
    ]
    shown = replace(shown, sides=sides_of(shown.sides[0].contracts, {("owner", "USD"): drafts}))
    kept: SignOff = signed(report())
    _show(Screen(as_json=False), shown, kept, ZONE)
    told = " ".join(capsys.readouterr().out.split())
    assert "2 draft of unknown amount; 3 void 250.00 and 1 of unknown amount" in told
    assert f"fewer projects: not of {OTHER}" in told


def test_a_sign_off_without_a_reason_is_refused_before_a_call(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[object] = []
    monkeypatch.setattr("operations.reconcile.command.reconcile_live", lambda *made: called.append(made))
    monkeypatch.setenv("COR_KAFKA_BOOTSTRAP_SERVERS", "localhost:1")
    ended = cor(capsys, "reconcile", "7", "--sign-off", "--why", " ")
    assert (ended.code, "--why says nothing" in ended.err, called) == (2, True, [])


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command has a report."""
    monkeypatch.setenv("COR_KAFKA_BOOTSTRAP_SERVERS", "localhost:1")
    monkeypatch.setattr("cli.reconcile._reconciled", lambda *_: (report(), None))


@pytest.mark.usefixtures("reported")
def test_as_json_a_report_says_that_it_was_signed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.reconcile.signing.sign_off", lambda *_: "abc123")
    unsigned = cor(capsys, "reconcile", "7", "--json").json
    assert (unsigned["reconciled"], unsigned["signed"]) == (True, None)
    now = cor(capsys, "reconcile", "7", "--sign-off", "--why", "Month end", "--json")
    assert now.code == 0
    assert now.json == unsigned | {"signed": {"digest": "abc123"}}


@pytest.mark.usefixtures("reported")
def test_as_json_a_report_that_cannot_be_signed_is_one_failure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> str:
        raise CommitFailed("the commit is not certain")

    monkeypatch.setattr("operations.reconcile.signing.sign_off", failing)
    ended = cor(capsys, "reconcile", "7", "--sign-off", "--why", "Month end", "--json")
    assert (ended.code, ended.json) == (1, {"code": 1, "error": "the commit is not certain"})
