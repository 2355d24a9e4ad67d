"""What runs of ``cor discover`` keep in one folder."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from operations.discover.discover import Discovery
from operations.discover.folder import write_folder
from operations.discover.lists import COST_CODES, PROJECTS, SOURCE_CODES, Row
from operations.discover.memory import FoundList, keep, recall, with_others
from tests.unit.operations.discover.test_guesses import NOW

ACCOUNTS = """
accounts:
  constructiononline:
    acme: {email: relay@acme.example, password_file: secret, api_key_file: secret}
"""


def found(account: str, kind: str, *rows: Row, hours: int = 0) -> dict[str, FoundList]:
    one = FoundList(account=account, kind=kind, project=None, read_at=NOW + timedelta(hours=hours), rows=list(rows))
    return {f"{account} {kind}": one}


def code(seen: str) -> Row:
    return {"code": "370", "classification": "labor", "name": None, "seen": seen, "amount": "0"}


@pytest.fixture
def configured(tmp_path: Path) -> Path:
    file = tmp_path / "cor.yaml"
    file.write_text(ACCOUNTS, encoding="utf-8")
    return file


def test_two_runs_for_different_accounts_keep_what_each_has_read(tmp_path: Path, configured: Path) -> None:
    """Both began with an empty folder."""
    out = tmp_path / "out"
    first = found("constructiononline:acme", SOURCE_CODES, code("2"))
    second = found("constructiononline:bolt", SOURCE_CODES, code("3"))
    write_folder(out, configured, Discovery(dict(first)))
    write_folder(out, configured, Discovery(dict(second)))
    assert recall(out) == first | second
    assert "370,labor,,5," in (out / "cost-codes.csv").read_text(encoding="utf-8-sig")


def test_of_a_list_that_both_have_what_was_read_last_stays(tmp_path: Path) -> None:
    older, newer = found("a:b", PROJECTS, hours=1), found("a:b", PROJECTS, {"id": "1"}, hours=2)
    keep(tmp_path, newer)
    assert with_others(tmp_path, older, {}) == newer
    keep(tmp_path, older)
    assert with_others(tmp_path, newer, {}) == newer


def test_what_is_read_anew_is_forgotten_unless_another_run_has_read_it_since(tmp_path: Path) -> None:
    old, other = found("a:b", PROJECTS), found("c:d", COST_CODES)
    keep(tmp_path, old | other)
    assert with_others(tmp_path, {}, old) == other
    since = {name: replace(one, read_at=datetime(2026, 3, 2, tzinfo=UTC)) for name, one in old.items()}
    keep(tmp_path, since)
    assert with_others(tmp_path, {}, old) == since
