from __future__ import annotations

import json

import pytest

from operations.errors import WrongUsage
from operations.replay.selection import Selection, parsed_offsets

KEY = "constructiononline:acme:498099"


def test_ranges_of_offsets_are_inclusive_and_may_be_open() -> None:
    selection = Selection(offsets=parsed_offsets(["3:100-200", "5:7-"]))
    assert selection.takes_offset(3, 100)
    assert selection.takes_offset(3, 200)
    assert not selection.takes_offset(3, 201)
    assert selection.takes_offset(5, 10**9)
    assert not selection.takes_offset(5, 6)
    assert not selection.takes_offset(4, 150)


@pytest.mark.parametrize("text", ["100-200", "3:200-100", "3:a-b", ""])
def test_a_range_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(WrongUsage, match="--offset"):
        parsed_offsets([text])


def test_until_is_not_included_and_since_is() -> None:
    selection = Selection(since_ms=10, until_ms=20)
    assert [selection.takes_time(one) for one in (9, 10, 19, 20)] == [False, True, True, False]


@pytest.mark.parametrize(
    ("selection", "taken"),
    [
        (Selection(), True),
        (Selection(source="constructiononline"), True),
        (Selection(source="constructiononline:acme"), True),
        (Selection(source="constructiononline:acm"), False),
        (Selection(source="procore"), False),
        (Selection(change_order="498099"), True),
        (Selection(change_order=KEY), True),
        (Selection(change_order="99"), False),
    ],
)
def test_a_key_belongs_to_its_source_and_its_id(selection: Selection, *, taken: bool) -> None:
    assert selection.takes_key(KEY) is taken


def test_a_selection_survives_the_audit_entry() -> None:
    selection = Selection(since_ms=1, offsets=((3, 1, None), (4, 1, 2)), project="7", every=True)
    assert Selection.of_details(json.loads(json.dumps(selection.as_details()))) == selection


def test_only_nothing_at_all_is_unbounded() -> None:
    assert Selection(every=True).is_unbounded
    assert not Selection(project="7").is_unbounded


def test_an_offset_of_thousands_of_digits_is_no_range() -> None:
    with pytest.raises(WrongUsage, match="is no range"):
        parsed_offsets([f"0:{'9' * 5000}-"])
