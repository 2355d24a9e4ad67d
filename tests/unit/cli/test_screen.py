from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from cli.screen import Screen
from operations.json_values import plain
from operations.wording import duration, moment
from relay.domain.outcomes import OutcomeKind, RemoteRecord
from relay.domain.printable import printable


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(out: io.StringIO, *, as_json: bool) -> str:
    screen = Screen(as_json=as_json, out=out)
    screen.json({"amount": Decimal("1.50")})
    screen.line("[bold]a change order[/bold]", "bold")
    screen.table(("name", "count"), [("x" * 300, 3)])
    screen.facts([("kind", OutcomeKind.APPLIED), ("nothing", None)])
    return out.getvalue()


def test_json_is_all_that_a_machine_gets() -> None:
    assert json.loads(printed(io.StringIO(), as_json=True)) == {"amount": "1.50"}


def test_a_file_gets_whole_lines_without_colour() -> None:
    text = printed(io.StringIO(), as_json=False)
    assert "\x1b" not in text
    assert "[bold]a change order[/bold]" in text
    assert "x" * 300 in text
    assert "applied" in text
    assert "nothing" not in text


def test_a_terminal_gets_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[1m" in printed(Terminal(), as_json=False)


def test_what_a_remote_wrote_cannot_command_the_terminal() -> None:
    assert printable("a\x1b]0;b\x07\nc") == "a\N{REPLACEMENT CHARACTER}]0;b\N{REPLACEMENT CHARACTER}\nc"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "0 s"), (4.4, "4 s"), (119, "119 s"), (720, "12 min"), (10_000, "3 h"), (432_000, "5 d")],
)
def test_an_age_is_told_in_its_own_unit(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_times_are_shown_in_utc() -> None:
    assert moment(datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))) == "2025-12-31 23:00:00"


def test_records_become_json_with_nothing_rounded() -> None:
    record = RemoteRecord(kind="poco", remote_id="1", number="2")
    found = plain([record, Decimal("0.10"), datetime(2026, 1, 1, tzinfo=UTC), b"abc", OutcomeKind.APPLIED])
    assert found == [
        {"kind": "poco", "remote_id": "1", "number": "2", "url": None},
        "0.10",
        "2026-01-01T00:00:00+00:00",
        {"bytes": 3},
        "applied",
    ]


class Encoded(io.TextIOWrapper):
    """A pipe or a log whose encoding is not UTF-8."""

    def __init__(self, encoding: str) -> None:
        super().__init__(io.BytesIO(), encoding=encoding)

    def written(self) -> str:
        self.flush()
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode(self.encoding)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
def test_what_an_encoding_does_not_have_is_replaced(encoding: str) -> None:
    out = Encoded(encoding)
    screen = Screen(out=out)
    screen.line("1 \N{RIGHTWARDS ARROW} 2")
    screen.table(("name",), [("\N{CJK UNIFIED IDEOGRAPH-5DE5}",)])
    assert out.written() == "1 ? 2\nname\n?\n"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8"])
def test_json_is_whole_in_every_encoding(encoding: str) -> None:
    out = Encoded(encoding)
    text = "K\u00fcche \N{RIGHTWARDS ARROW} \U0001f3d7"
    Screen(as_json=True, out=out).json(text)
    assert json.loads(out.written()) == text


@pytest.mark.parametrize("character", ["\x7f", "\x9b", "\u202e", "\u2028", "\ud83d", "\U000e0001"])
def test_json_holds_no_character_that_a_terminal_would_obey(character: str) -> None:
    out = io.StringIO()
    Screen(as_json=True, out=out).json([character, "K\u00fcche"])
    assert character not in out.getvalue()
    assert "K\u00fcche" in out.getvalue()
    assert json.loads(out.getvalue()) == [character, "K\u00fcche"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\x85", "\u2028"])
def test_a_field_of_one_line_stays_on_it(end: str) -> None:
    out = io.StringIO()
    screen = Screen(out=out)
    forged = f"reason{end}FORGED LINE"
    screen.line(forged)
    screen.facts([("reason", forged)])
    screen.table(("reason",), [(forged,)])
    screen.table(("story",), [((forged, "  second"),)])
    assert not [line for line in out.getvalue().splitlines() if line.startswith("FORGED")]
    assert "  second" in out.getvalue().splitlines()


def test_a_text_of_several_lines_keeps_them() -> None:
    out = io.StringIO()
    Screen(out=out).lines("first\nsecond", indent=2)
    assert out.getvalue().split() == ["first", "second"]
