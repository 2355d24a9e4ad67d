from __future__ import annotations

import pytest

from relay.engine.stages.circuit_breaker import CircuitBreaker, CircuitOpen


def fed(breaker: CircuitBreaker, *reasons: str | None) -> None:
    for reason in reasons:
        breaker.note(reason)


def test_it_stays_closed_below_the_share_and_below_the_least_number() -> None:
    fed(CircuitBreaker("mapper"), *([None, "a"] * 500))
    fed(CircuitBreaker("mapper"), *(["a"] * 19))


def test_it_opens_when_most_of_the_last_records_would_be_letters_and_says_why() -> None:
    breaker = CircuitBreaker("mapper", window=100)
    fed(breaker, *([None] * 100), *(["procore.remainder"] * 50))
    with pytest.raises(CircuitOpen, match=r"mapper has stopped itself: 51 of the last 100 .*51 × procore.remainder"):
        breaker.note("procore.remainder")


def test_twenty_letters_in_a_row_from_the_start_open_it() -> None:
    breaker = CircuitBreaker("mapper")
    fed(breaker, *(["a"] * 19))
    with pytest.raises(CircuitOpen):
        breaker.note("a")
