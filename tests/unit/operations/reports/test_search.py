"""What is found by words of titles, however many titles have them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from operations.reports import search
from operations.reports.search import Found, find
from operations.reports.tables import ReadTables
from tests.unit.workers.views.tables import fold, observed, tables

TITLES = {
    "17": "Steel door, east",
    "18": "Steel door, west",
    "19": "Northeast wall",
    "20": "Doorstop of steel 100% new",
    "21": "Paint",
}


@pytest.fixture
def read() -> Iterator[ReadTables]:
    engine = tables()
    fold(engine, [observed(number, at, title=title) for at, (number, title) in enumerate(TITLES.items())])
    with engine.connect() as connection:
        yield ReadTables(connection=connection, place="memory", read_at=None)


def numbers(found: Found) -> list[str]:
    return [one.change_order_key.rpartition(":")[2] for one in found.change_orders]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("steel", ["20", "18", "17"]),
        ("door ste", ["20", "18", "17"]),
        ("east", ["17"]),  # Within a word is not its beginning.
        ("STEEL east", ["17"]),
        ("east paint", []),
        ("100%", ["20"]),
        ("%", []),
    ],
)
def test_every_word_begins_a_word_of_the_title(read: ReadTables, words: str, expected: list[str]) -> None:
    found = find(read, words)
    assert (numbers(found), found.is_all) == (expected, True)


def test_of_words_that_many_titles_have_some_are_looked_through_and_that_is_said(
    read: ReadTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_TITLES", 2)
    steel, rare = find(read, "steel new"), find(read, "steel paint")
    assert (numbers(steel), steel.is_all) == (["20"], True)
    assert (numbers(rare), rare.is_all) == ([], True)
    common = find(read, "steel door")
    assert (len(numbers(common)), common.is_all) == (2, False)


def test_of_one_word_that_many_titles_have_any_are_as_good(read: ReadTables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST_OF_ONE_WORD", 2)
    monkeypatch.setattr(search, "_READ", 2)
    alone, two = find(read, "steel"), find(read, "steel door")
    assert len(numbers(alone)) == 2
    assert set(numbers(alone)) < {"17", "18", "20"}
    assert numbers(two) == ["20", "18"], "of several words all titles with the rarest are looked through"
