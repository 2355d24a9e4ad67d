"""Texts as people compare them: two that look the same on paper are the same.

Titles, numbers, codes and descriptions come out of forms, spreadsheets and pages, each of which writes an accent, a
blank or a fraction in its own way. This is the one place that says which differences do not matter, for every target.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal

_MOST_MARKS: Final = 30
_LONGEST_KEPT: Final = 1_000
"""Characters of a text whose form is kept for the next time; titles and codes are shorter, and texts of any length
would fill the memory."""
_INVISIBLE_CATEGORIES: Final = frozenset({"Cf", "Cc"})
_INVISIBLE: Final = frozenset(
    map(
        chr,
        (
            0x034F,  # Combining grapheme joiner.
            *(0x115F, 0x1160, 0x3164, 0xFFA0),  # Hangul fillers.
            *(0x17B4, 0x17B5),  # Khmer inherent vowels.
            *range(0x180B, 0x1810),  # Mongolian variation selectors and vowel separator.
            *range(0xFE00, 0xFE10),  # Variation selectors.
            *range(0xE0100, 0xE01F0),  # Variation selectors supplement.
        ),
    )
)
"""Characters of other categories that show nothing (Unicode, "Default_Ignorable_Code_Point")."""


def folded(text: str) -> str:
    """Text as it is compared; folding it again changes nothing.

    These do not matter: capital letters; blanks around the text, doubled, non-breaking or of another width; characters
    that show nothing; whether an accent is a character of its own; and forms that Unicode calls compatible (a ligature,
    a full-width letter, a superscript, a fraction in one character). A text that shows nothing becomes ``""``.
    """
    return _kept(text) if len(text) <= _LONGEST_KEPT else _folded(text)


@lru_cache(maxsize=50_000)
def _kept(text: str) -> str:
    return _folded(text)


def _folded(text: str) -> str:
    former, plain = None, text
    while plain != former:
        former, plain = plain, _once(plain)
    return plain


def _once(text: str) -> str:
    decomposed = normalized("NFKD", " ".join(text.split()))
    visible = "".join(filter(_is_visible, decomposed.casefold()))
    return normalized("NFKC", " ".join(visible.split()))


def normalized(form: Literal["NFC", "NFKC", "NFKD"], text: str) -> str:
    """``text`` in a form of Unicode, with at most 30 marks on one letter.

    Marks are put in order within their letter, which takes time that grows with the square of their number: a
    megabyte of them would take minutes, in which nothing else of the process moves. No script knows more than 30
    (Unicode Standard Annex 15, "Stream-Safe Text Format").
    """
    if text.isascii():
        return text
    return unicodedata.normalize(form, text if len(text) <= _MOST_MARKS else "".join(_with_few_marks(text)))


def _with_few_marks(text: str) -> Iterator[str]:
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MOST_MARKS:
            yield character


def _is_visible(character: str) -> bool:
    if character in _INVISIBLE:
        return False
    return character.isspace() or unicodedata.category(character) not in _INVISIBLE_CATEGORIES


def shows_something(text: str | None) -> bool:
    """Whether a text has at least one visible character."""
    return any(not character.isspace() and _is_visible(character) for character in text or "")
