"""The file of a copy."""

from __future__ import annotations

import pytest

from operations.copies.copy_file import outgoing_of


@pytest.mark.parametrize(
    ("key", "value", "written"),
    [(None, None, (None, b"")), ("YQ==", None, (b"a", None)), (None, "MQ==", (None, b"1")), ("YQ==", "", (b"a", b""))],
)
def test_a_record_is_written_as_it_was_and_one_of_nothing_with_an_empty_value(
    key: str | None, value: str | None, written: tuple[bytes | None, bytes | None]
) -> None:
    line = {"key": key, "value": value, "headers": [], "timestamp": 1}
    outgoing = outgoing_of(line, "foreign", 0)
    assert (outgoing.key, outgoing.value) == written
