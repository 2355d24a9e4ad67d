"""``cor letters list`` counts all that fits, however little of it is shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from operations.letters.open_letters import OpenLetter
from relay.domain.waiting_amounts import WaitingAmount
from relay.engine.kafka import Partition
from tests.cor_command import cor
from tests.unit.cli.test_replay_letters import letter

LETTERS = [
    OpenLetter(
        letter=replace(letter(f"l-{number}", None), reason=f"reason.{number % 3}"),
        place=Partition("t", 0),
        offset=number,
        waits=WaitingAmount(),
    )
    for number in range(20)
]
UNREADABLE = "2 records on the topic are no letters"


class Read:
    """Letters that were read."""

    unreadable = 2

    def __init__(self, _: object) -> None: ...

    def open(self) -> list[OpenLetter]:
        return LETTERS


@pytest.fixture(autouse=True)
def _read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COR_KAFKA_BOOTSTRAP_SERVERS", "localhost:1")
    monkeypatch.setattr("operations.letters.open_letters.OpenLetters", Read)
    monkeypatch.setattr("operations.letters.follow_up.read_follow_ups", lambda _: {})


def test_the_last_line_counts_all(capsys: pytest.CaptureFixture[str]) -> None:
    shown = cor(capsys, "letters", "list", "--limit", "5").out
    assert "5 of 20 open: 7 reason.0, 7 reason.1, 6 reason.2." in shown
    assert shown.count("constructiononline:acme:1,") == 5
    assert "\n20 open: 7 reason.0" in cor(capsys, "letters", "list").out


def test_groups_are_of_all_and_limited_themselves(capsys: pytest.CaptureFixture[str]) -> None:
    groups = cor(capsys, "letters", "list", "--group", "reason", "--limit", "2", "--json").json
    assert [(group["name"], group["items"]) for group in groups] == [("reason.0", 7), ("reason.1", 7)]


@pytest.mark.parametrize("options", [[], ["--group", "reason"], ["--csv", "FILE"], ["--json"]])
def test_what_cannot_be_read_is_said_in_every_way(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, options: list[str]
) -> None:
    given = [str(tmp_path / "letters.csv") if one == "FILE" else one for one in options]
    ended = cor(capsys, "letters", "list", *given)
    assert UNREADABLE in (ended.err if "--json" in options else ended.out)
    assert "--json" not in options or len(ended.json) == len(LETTERS)
