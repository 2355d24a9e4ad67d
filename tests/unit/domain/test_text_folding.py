"""Texts that look the same are the same, however they are written."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relay.domain import text_folding
from relay.domain.cinx_content import comparable
from relay.domain.mapping.texts import one_line, paragraphs
from relay.domain.text_folding import folded, shows_something

TEXTS = st.text(max_size=40)
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\ufe0f\u034f"
BLANKS = " \u00a0\u2007\u202f\u3000\t"
FORMS = ("NFC", "NFD", "NFKC", "NFKD")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Escalier côté cour", unicodedata.normalize("NFD", "Escalier côté cour")),
        ("Wall C removal", "Wall C removal\u200b"),
        ("Wall C removal", "WALL\u00a0 C  removal"),
        ("Büro", "bu\u0308ro\ufeff"),
        ("office fit-out", "o\ufb03ce fit\u00ad-out"),
        ("PCO 12", "\uff30\uff23\uff2f\u3000\uff11\uff12"),
        ("Straße", "STRASSE"),
        ("½ in conduit", "1\u20442 in conduit"),
    ],
)
def test_texts_that_look_the_same_are_the_same(one: str, other: str) -> None:
    assert folded(one) == folded(other)
    assert comparable(one) == comparable(other)


@pytest.mark.parametrize(("one", "other"), [("Wall C", "Wall D"), ("cote", "côté"), ("PCO 1", "PCO 11"), ("a b", "ab")])
def test_texts_that_look_different_stay_different(one: str, other: str) -> None:
    assert folded(one) != folded(other)


@given(TEXTS)
@example("ﷺ\u0345\u1e9e")
@example("\u00b4")
def test_folding_again_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@given(TEXTS, st.sampled_from(FORMS))
def test_the_form_of_accents_does_not_matter(text: str, form: str) -> None:
    assert folded(unicodedata.normalize(form, text)) == folded(text)  # type: ignore[arg-type]


@given(st.lists(st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=8), max_size=6), st.data())
def test_blanks_and_what_shows_nothing_do_not_matter(words: list[str], data: st.DataObject) -> None:
    blank = st.text(st.sampled_from(BLANKS), min_size=1, max_size=3)
    nothing = st.text(st.sampled_from(INVISIBLE), max_size=2)
    written = "".join(data.draw(nothing) + word + data.draw(nothing) + data.draw(blank) for word in words)
    assert folded(data.draw(blank) + written) == folded(" ".join(words))


@given(TEXTS)
def test_a_text_shows_something_unless_it_folds_to_nothing(text: str) -> None:
    assert shows_something(text) == bool(folded(text))


@pytest.mark.parametrize("text", ["\u200b", " \ufeff\u00a0", "\u3164", "\x00", None, ""])
def test_a_text_that_shows_nothing_is_none(text: str | None) -> None:
    assert not shows_something(text)
    assert one_line(text) == paragraphs(text) == ""


@pytest.mark.parametrize(
    "text", ["a" + "\u0301\u0327" * 75_000, "\u0344" * 100_000, "\ufdfa" * 10_000, "\u0301" * 100_000]
)
def test_marks_without_end_take_time_in_line_with_their_number(text: str) -> None:
    started = time.process_time()
    once = folded(text)
    assert time.process_time() - started < 5  # Less than half a second; these used to take a quarter of a minute.
    assert folded(once) == once
    assert comparable(text) == once


def test_escapes_of_escapes_take_time_in_line_with_their_length() -> None:
    started = time.process_time()
    assert comparable("&amp;amp;amp;lt;") == "<"
    assert comparable("&" + "amp;" * 150_000).startswith("&amp;")
    assert time.process_time() - started < 5


def test_forms_of_texts_of_any_length_are_not_kept() -> None:
    """Fifty thousand of a megabyte each would be all of the memory."""
    kept = text_folding._kept
    kept.cache_clear()
    assert folded("X" * 1_000) == "x" * 1_000
    assert folded("X" * 1_001) == "x" * 1_001
    assert kept.cache_info().currsize == 1
