"""Regular expressions of a person: found as they are written, and none of them takes long."""

from __future__ import annotations

import time

import pytest

from relay.domain.expression import Expression

EXPLODING = ["(a+)+$", ".*x", "(a|a)*x", "(a|aa)+$", "(.*a){8}x", "a*a*a*a*a*x", r"(\w+\s?)+:", "(a?){40}a{40}x"]


@pytest.mark.parametrize(
    ("source", "text", "found"),
    [
        ("^Fence", "Fence, south", True),
        ("^Fence", "The fence", False),
        ("(?i)école", "ÉCOLE Nord", True),
        (r"\bCO-\d{3}$", "see CO-017", True),
        ("a|b", "ccb", True),
        ("x", "", False),
        ("", "anything", True),
        ("b", "a\ud800b", True),
        ("a.b", "a\0b", True),
    ],
)
def test_it_is_found_as_it_is_written(source: str, text: str, *, found: bool) -> None:
    assert Expression(source).is_found_in(text) is found


@pytest.mark.parametrize("source", EXPLODING)
def test_none_takes_long(source: str) -> None:
    text = "a" * 100_000 + "b"
    expression, begun = Expression(source), time.process_time()
    assert not expression.is_found_in(text)
    assert time.process_time() - begun < 2, "ten times what it takes, and more; the other way it would take years"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("(", r"missing \)"),
        ("(?=a)b", r"\(\?="),
        ("(?<!a)b", r"\(\?<"),
        (r"(a)\1", r"\\1"),
        ("a++", r"\+\+"),
        ("(a{1,1000}){1,1000}", "repetition"),
    ],
)
def test_what_cannot_be_bounded_or_is_none_is_refused_in_words(source: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Expression(source)


def test_two_of_the_same_source_are_equal() -> None:
    assert Expression("^a") == Expression("^a") != Expression("^b")
