from __future__ import annotations

from pathlib import Path

import pytest

from relay.domain.failures import Fatal
from relay.engine.writer.state.cache import Cache, Table, temporary_folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the cache's file lies in."""
    monkeypatch.delenv("SQLITE_TMPDIR", raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_a_full_disk_is_told_with_its_folder_and_what_to_do(folder: Path) -> None:
    cache = Cache()
    cache._database.execute("PRAGMA max_page_count = 20")  # which SQLite tells as it does a full disk
    with pytest.raises(Fatal, match="full") as full:
        cache.apply(Table.INBOX, [(f"key-{number}", b"x" * 4096) for number in range(100)])
    assert str(folder) in str(full.value)
    assert "TMPDIR" in str(full.value)


def test_a_cache_that_cannot_be_read_is_told_with_its_folder(folder: Path) -> None:
    cache = Cache()
    cache._database.execute(f"DROP TABLE {Table.INBOX}")
    for read in (
        lambda: cache.get(Table.INBOX, "key"),
        lambda: cache.count(Table.INBOX),
        lambda: list(cache.items(Table.INBOX)),
        lambda: cache.keys_with(Table.INBOX, b"x"),
    ):
        with pytest.raises(Fatal, match=str(folder)):
            read()


def test_a_folder_that_may_not_be_written_to_is_passed_over(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert temporary_folder() == folder
    monkeypatch.setenv("TMPDIR", str(folder / "absent"))
    assert temporary_folder() in {Path("/var/tmp"), Path("/usr/tmp"), Path("/tmp"), Path.cwd()}
