from __future__ import annotations

from decimal import Decimal

import pytest

from operations.wording import amount, counted, lasted, why_failed
from relay.domain.failures import Throttled, Unavailable


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("2380", "2,380.00"),
        ("2380.0000", "2,380.00"),
        ("-1234567.5", "-1,234,567.50"),
        ("0.1234", "0.1234"),
        ("1E+3", "1,000.00"),
        ("0", "0.00"),
    ],
)
def test_an_amount_is_exact_and_grouped(value: str, words: str) -> None:
    assert amount(Decimal(value)) == words


def test_a_currency_is_named_and_nothing_is_none() -> None:
    assert (amount(Decimal(1), "USD"), amount(None)) == ("1.00 USD", "none")


def test_one_is_singular() -> None:
    assert [counted(number, "open letter") for number in (0, 1, 2)] == [
        "0 open letters",
        "1 open letter",
        "2 open letters",
    ]


def test_a_refusal_for_the_rate_says_how_long_it_lasts() -> None:
    assert why_failed(Throttled("too many requests", wait_seconds=3600, status=429)) == (
        "too many requests; try again in 60 min"
    )
    assert why_failed(Throttled("spent: try again in 60 min", wait_seconds=3600)) == "spent: try again in 60 min"
    assert why_failed(Unavailable("no answer")) == "no answer"


def test_how_long_something_lasted_is_said_in_words() -> None:
    assert [lasted(seconds) for seconds in (-3, 1, 119, 120, 7_199, 7_200, 172_800, 3 * 86_400)] == [
        "0 seconds",
        "1 second",
        "119 seconds",
        "2 minutes",
        "120 minutes",
        "2 hours",
        "2 days",
        "3 days",
    ]
