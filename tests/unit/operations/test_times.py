"""Times that people give."""

from __future__ import annotations

import pytest

from operations.errors import WrongUsage
from operations.times import parsed_time


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        (None, None),
        ("2026-03-01", 1772323200000),
        ("2026-03-01T01:00:00+01:00", 1772323200000),
        ("2026-03-01T00:00:00.250Z", 1772323200250),
    ],
)
def test_a_time_is_utc_unless_it_says_otherwise(text: str | None, milliseconds: int | None) -> None:
    assert parsed_time(text, "--since") == milliseconds


def test_a_time_that_is_none_says_how_it_is_written() -> None:
    with pytest.raises(WrongUsage, match="--until 'yesterday' is no time such as 2026-03-01"):
        parsed_time("yesterday", "--until")


@pytest.mark.parametrize(
    "text", ["1969-12-31T23:59:59.999", "1970-01-01T00:00+01:00", "0001-01-01T00:00+05:00", "9999-12-31T23:59-05:00"]
)
def test_a_time_that_no_record_can_have_is_refused(text: str) -> None:
    with pytest.raises(WrongUsage, match=r"--since .* is not between 1970 and 9999"):
        parsed_time(text, "--since")


def test_the_first_time_there_is_is_taken() -> None:
    assert parsed_time("1970-01-01T00:00:00.001", "--since") == 1
