"""Whatever anybody writes into a text, what asks for an object in it gets one or nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import pytest

from operations.audit import is_typed
from operations.decisions import RecordedDecision
from operations.errors import Refused
from operations.letters.comparison import read_sides
from operations.plan import recorded
from operations.reconcile.recorded import _letter_id
from operations.reconcile.signing import _read_lines
from operations.replay import progress
from operations.replay.selection import Selection
from operations.tail import _with_source
from operations.trace.history import details
from relay.domain.follow_up import told_by
from relay.domain.json_object import object_in
from relay.domain.procore_content import read_mark
from relay.domain.records import OperatorAction

HOSTILE = [
    "[" * 100_000,
    '{"a":' * 100_000,
    "",
    "[]",
    "null",
    '"x"',
    "NaN",
    "1" * 5_000,
    "\ud83d",
    "{",
    '{"last":1,"ends":[]}',
]
ACTION = OperatorAction(
    action_id="a",
    subject="r-1234",
    action="letter.note",
    who="anna",
    why="",
    at=datetime(2026, 3, 1, tzinfo=UTC),
    details="{}",
)


def test_an_object_is_read() -> None:
    assert object_in('{"a": 1.50}') == {"a": 1.5}
    assert object_in('{"a": 1.50}', Decimal) == {"a": Decimal("1.50")}
    assert object_in(None) is None


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:9])
def test_what_is_none_says_nothing_wherever_it_is_asked(text: str) -> None:
    action = replace(ACTION, details=text)
    assert is_typed(action)
    assert RecordedDecision(number=0, action=action).details in ({}, object_in(text))
    assert details(action) == (object_in(text) or {})
    assert told_by(action) is None
    assert read_mark(text) is None
    assert _letter_id(text) is None
    assert _read_lines(text) is None
    assert read_sides([text]) == (None if object_in(text) is None else [object_in(text)])


@pytest.mark.parametrize("text", HOSTILE[:2], ids=["lists", "objects"])
def test_a_source_s_own_json_is_shown_as_text_where_it_is_nested_too_deeply(text: str) -> None:
    class Event:
        raw = text.encode()

    assert _with_source({}, Event()) == {"raw": text}


class Entries:
    """An audit topic with these entries alone."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *entries: OperatorAction) -> None:
        class Codec:
            def decode(self, value: bytes, _: type) -> OperatorAction:
                return entries[int(value)]

        class Found:
            def __init__(self, number: int) -> None:
                self.value = str(number).encode()

        found = [Found(number) for number in range(len(entries))]
        for module in (progress, recorded):
            monkeypatch.setattr(module, "with_key", lambda *_: iter(found))
        self.codec = Codec()
        self.connection = None

    def every(self, *_: object) -> list[Any]:
        return []

    def counts(self, topics: list[Any]) -> dict[Any, int]:
        return dict.fromkeys(topics, 1)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:9])
def test_a_stranger_s_entries_do_not_keep_a_replay_from_going_on(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = replace(ACTION, action=progress.BEGUN, details='{"ends": {"0": 7}, "selection": {"offsets": []}}')
    advanced = replace(ACTION, action=progress.ADVANCED, details='{"last": [0, 3]}')
    strangers = [replace(entry, details=text) for entry in (begun, advanced)]
    environment = cast("Any", Entries(monkeypatch, begun, advanced, *strangers))
    monkeypatch.setattr(Selection, "of_details", lambda said: said)
    found = progress.read_progress(environment, "r-1234", 1)
    assert (found.ends, found.last) == ({0: 7}, (0, 3))
    with pytest.raises(Refused, match="there is no replay"):
        progress.read_progress(cast("Any", Entries(monkeypatch, *strangers)), "r-1234", 1)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:9])
def test_what_stands_in_the_place_of_a_plan_and_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = replace(ACTION, action=recorded.PLANNED, details=text)
    rows = replace(ACTION, action=recorded.ROWS, details=text)
    with pytest.raises(Refused, match="is no plan"):
        recorded.read_plan(cast("Any", Entries(monkeypatch, planned, rows)), "r-1234")
