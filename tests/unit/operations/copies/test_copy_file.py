"""The file of a copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.copies.copy_file import Line, lines_of, outgoing_of, written
from operations.errors import Refused


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


def test_of_two_copies_that_are_written_to_one_name_the_first_stays_whole(tmp_path: Path) -> None:
    path = tmp_path / "copy"
    with written(path) as first:
        first.line("copy", by="first")
        second = written(path)
        second.__enter__().line("copy", by="second")
    with pytest.raises(Refused, match="there already"):
        second.__exit__(None, None, None)
    assert list(lines_of(path)) == [{"kind": "copy", "by": "first"}]
    assert list(tmp_path.iterdir()) == [path]


def test_where_a_copy_cannot_get_its_name_no_file_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise OSError("no")

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(OSError, match="no"), written(tmp_path / "copy"):
        pass
    assert list(tmp_path.iterdir()) == []
