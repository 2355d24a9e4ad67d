"""A name that cannot be read stops the start and says where it stands; what is no name of ours is passed over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from relay.domain.failures import Fatal
from relay.domain.records import NameRecord
from relay.engine.kafka import Record
from relay.engine.provision import names
from relay.engine.record_codec import record_codec
from relay.engine.topics import NAMES

CODEC = record_codec()
ACME: names.Pair = ("procore:acme", "Procore company 1")


class OneBroker:
    def __init__(self, connection: object) -> None:
        """Nothing is asked of it but the number of partitions."""

    def partitions(self, topic: str) -> int:
        return 1

    def close(self) -> None:
        """Nothing was opened."""


def named(name: str, meaning: str) -> bytes:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    return CODEC.encode(NameRecord(name=name, stands_for=meaning, recorded_at=at), NAMES.name())


@pytest.fixture
def lying(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bytes, bytes | None]]:
    """What lies on the topic of names, in order."""
    records: list[tuple[bytes, bytes | None]] = [(b"account:procore:acme", named("account:procore:acme", ACME[1]))]

    def read(connection: object, partitions: Sequence[Any]) -> list[Record]:
        return [Record(NAMES.name(), 0, at, key, value, (), 0) for at, (key, value) in enumerate(records)]

    monkeypatch.setattr(names, "Cluster", OneBroker)
    monkeypatch.setattr(names, "read_to_end", read)
    return records


def check() -> None:
    names.check_names(None, CODEC, "", accounts=[ACME], targets=[])  # type: ignore[arg-type]  # nothing is asked of it


def test_an_unreadable_name_stops_the_start_and_is_placed(lying: list[tuple[bytes, bytes | None]]) -> None:
    lying.append((b"account:procore:acme", b"hello"))
    with pytest.raises(Fatal) as stopped:
        check()
    for part in ("offset 1", f"{NAMES.name()}[0]", "account:procore:acme", "68 65 6c 6c"):
        assert part in str(stopped.value)


def test_a_tombstone_settles_it_and_the_name_stays(lying: list[tuple[bytes, bytes | None]]) -> None:
    lying += [(b"account:procore:acme", b"hello"), (b"account:procore:acme", None)]
    check()


def test_a_tombstone_alone_does_not_free_a_name(lying: list[tuple[bytes, bytes | None]]) -> None:
    lying.append((b"account:procore:acme", None))
    with pytest.raises(Fatal, match="stands for Procore company 1"):
        names.check_names(None, CODEC, "", accounts=[("procore:acme", "another")], targets=[])  # type: ignore[arg-type]


def test_a_name_that_was_forgotten_stands_for_nothing(lying: list[tuple[bytes, bytes | None]]) -> None:
    lying.append((b"account:procore:acme", named("account:procore:acme", "")))
    with pytest.raises(names.NamesUnrecorded, match="account:procore:acme"):
        check()


def test_a_foreign_key_is_passed_over_and_told(lying: list[tuple[bytes, bytes | None]]) -> None:
    lying.append((b"\xff\xfe", b"hello"))
    with capture_logs() as logged:
        check()
    assert [(entry["event"], entry["offset"], entry["key"]) for entry in logged] == [
        ("engine.record_foreign", 1, repr(b"\xff\xfe"))
    ]
