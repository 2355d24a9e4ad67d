"""What a person sees of both sides of a doubt."""

from __future__ import annotations

import io
import json
from typing import Any

from cli.letters.show import _show_sides
from cli.screen import Screen
from operations.letters.comparison import named_records

LINE = {"description": 'Hoist 3"', "quantity": 2.0, "unit_price": 50.0, "currency": None, "cost_code": "03-300"}
OURS: dict[str, Any] = {
    "side": "change order",
    "purchase_order": {"number": "PO-123"},
    "description": "Hoist",
    "fields": {},
    "items": [LINE, {"description": "Rope", "quantity": 1, "unit_price": 1200}],
}
THEIRS: dict[str, Any] = {
    "side": "cinx",
    "number": "PO123-03",
    "cinx_guid": "706d581b",
    "description": "Hoist",
    "locked": False,
    "external_references": {},
    "items": [{"description": 'Hoist 3"', "quantity": 2, "unit_price": 55, "cost_code": "05-120"}],
}


def told(*sides: object) -> list[list[str]]:
    """The table's cells."""
    out = io.StringIO()
    _show_sides(Screen(out=out), [json.dumps(side) for side in sides])
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in out.getvalue().splitlines() if line]


def test_lines_with_the_same_text_stand_beside_each_other() -> None:
    assert told(OURS, THEIRS) == [
        ["what", "wanted", "there"],
        ["purchase order", "PO-123", "-"],
        ["description", "Hoist", "Hoist"],
        ["number", "-", "PO123-03"],
        ["cinx guid", "-", "706d581b"],
        ["locked", "-", "no"],
        ['line: Hoist 3"', "2 x 50.00, 03-300", "2 x 55.00, 05-120"],
        ["line: Rope", "1 x 1,200.00", "-"],
    ]


def test_our_side_alone_is_called_wanted_and_the_remotes_alone_there() -> None:
    assert told(OURS)[0] == ["what", "wanted"]
    assert told(THEIRS)[0] == ["what", "there"]
    assert told({"title": "Theirs"})[0] == ["what", "there"]
    assert told({"title": "Ours"}, {"title": "Theirs"})[0] == ["what", "wanted", "there"]


def test_several_records_are_told_apart() -> None:
    assert told(OURS, THEIRS, THEIRS)[0] == ["what", "wanted", "there (1)", "there (2)"]
    assert told({"description": "A"}, {"side": "cinx"}, {"side": "cinx"})[0][1] == "wanted"


def test_equal_texts_of_one_side_are_all_told() -> None:
    _, line = told({"side": "cinx", "items": [LINE, LINE]})
    assert line == ['line: Hoist 3"', "2 x 50.00, 03-300; 2 x 50.00, 03-300"]


def test_what_is_no_object_is_told_as_it_is() -> None:
    out = io.StringIO()
    _show_sides(Screen(out=out), ["no JSON"])
    assert "no JSON" in out.getvalue()


def test_records_are_named_as_adopt_takes_them() -> None:
    assert named_records([json.dumps(OURS), json.dumps(THEIRS)]) == ["PO123-03"]
    assert named_records([json.dumps({"title": "Ours"}), json.dumps({"id": 7}), json.dumps({"id": 8})]) == ["7", "8"]
    assert named_records([json.dumps(OURS), json.dumps(THEIRS | {"number": None})]) == ["706d581b"]


def test_what_is_only_there_is_not_suggested() -> None:
    other = THEIRS | {"description": "Something else"}
    assert named_records([json.dumps(OURS), json.dumps(other)]) == []
    assert named_records([json.dumps(OURS), json.dumps(other | {"made_for": "cor:a:b:1:main"})]) == ["PO123-03"]
