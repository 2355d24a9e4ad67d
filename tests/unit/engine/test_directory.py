"""What one thing is called keeps no other from being written."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Self, cast

import pytest
from structlog.testing import capture_logs

from relay.domain.directory import DirectoryEntry, DirectoryKind
from relay.engine import directory
from relay.engine.directory import Directory
from relay.engine.kafka import Outgoing
from relay.engine.record_codec import record_codec
from tests.hostile_answers import LONG_TEXT

CODEC = record_codec()
ENTRY = DirectoryEntry(
    system="cinx",
    account="acme",
    kind=DirectoryKind.PROJECT,
    entry_id="1",
    read_at=datetime(2026, 3, 1, tzinfo=UTC),
    title="Tower",
)


def test_a_name_that_no_topic_takes_is_left_out_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Outgoing] = []

    class Writer:
        def __init__(self, _: object) -> None: ...
        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None: ...
        def send(self, outgoing: Outgoing) -> None:
            sent.append(outgoing)

        def flush(self) -> None: ...

    monkeypatch.setattr(directory, "PlainWriter", Writer)
    topic = Directory(cast("Any", None), CODEC, "t")
    with capture_logs() as told:
        topic._write([replace(ENTRY, title=LONG_TEXT), replace(ENTRY, entry_id="2")])
    assert [outgoing.key for outgoing in sent] == [b"cinx:acme/project:2"]
    assert [line["message"].startswith("cinx:acme/project:1: it takes 9500") for line in told] == [True]
