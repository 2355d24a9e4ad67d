"""The file of a copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.copies.copy_file import Line, outgoing_of, written


@pytest.mark.parametrize(
    ("key", "value", "written"),
    [(None, None, (None, b"")), ("YQ==", None, (b"a", None)), (None, "MQ==", (None, b"1")), ("YQ==", "", (b"a", b""))],
)
def test_a_record_is_written_as_it_was_and_one_of_nothing_with_an_empty_value(
    key: str | None, value: str | None, written: tuple[bytes | None, bytes | None]
) -> None:
    line: Line = {"key": key, "value": value, "headers": [], "timestamp": 1}
    outgoing = outgoing_of(line, "foreign", 0)
    assert (outgoing.key, outgoing.value) == written


@pytest.mark.parametrize("raised", [ValueError, KeyboardInterrupt])
def test_of_a_copy_that_does_not_come_to_its_end_no_file_stays(tmp_path: Path, raised: type[BaseException]) -> None:
    def begun_and_ended() -> None:
        with written(tmp_path / "copy") as writer:
            writer.line("copy")
            raise raised

    with pytest.raises(raised):
        begun_and_ended()
    assert list(tmp_path.iterdir()) == []
