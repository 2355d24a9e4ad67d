"""What ledgers tell of targets that the file has no more, over made-up records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import pytest

from operations import renamed_targets as module
from operations.environment import Environment, codec_of, connection_of
from operations.renamed_targets import renamed_targets
from relay.domain.ledger import LedgerEntry
from relay.engine.configuration import load_configuration
from relay.engine.kafka import Record
from relay.engine.settings import Settings
from relay.engine.topics import CINX

FILE = """
accounts:
  constructiononline: {acme: {email: a@b.example, password_file: p, api_key_file: k}}
  cinx: {acme: {email: a@b.example, password_file: p}}
routes:
  - name: tower
    from: {system: constructiononline, account: acme, project: 7}
    targets: [{name: rebar, system: cinx, account: acme, purchase_order: PO-1}]
"""
MANY = 1_000


class Value(bytes):
    """Of a record; ``alive``: how many there are."""

    alive = 0

    def __new__(cls, value: bytes) -> Self:
        cls.alive += 1
        return super().__new__(cls, value)

    def __del__(self) -> None:
        Value.alive -= 1


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    file = tmp_path / "cor.yaml"
    file.write_text(FILE, encoding="utf-8")
    monkeypatch.setattr(Environment, "counts", lambda self, topics: dict.fromkeys(topics, 1))
    settings = Settings.model_validate({"kafka_bootstrap_servers": "localhost:1", "config": file})
    return Environment(settings, connection_of(settings), codec_of(settings))


def formerly(environment: Environment) -> list[tuple[str, int]]:
    """Names by which was written where the target goes, and of how many change orders."""
    assert environment.settings.config is not None
    configuration = load_configuration(environment.settings.config, secrets_of=())
    recorded = {"target:constructiononline:acme:7:steel": "cinx:acme"}
    return [(one.former, one.change_orders) for one in renamed_targets(environment, configuration, recorded)]


def ledger(environment: Environment) -> Callable[..., Record]:
    topic = CINX.ledger.name()

    def written(number: int, purchase_order: str | None = "PO-1", *, sent: bool = True) -> Record:
        key = f"constructiononline:acme:{number}"
        origin = f"cor:{key}:steel"
        entry = LedgerEntry(
            origin_id=origin,
            change_order_key=key,
            destination=purchase_order or "",
            seen_sequence=1,
            seen_mapped_at=datetime(2026, 3, 2, tzinfo=UTC),
            sent_sequence=1 if sent else None,
            parts={},
            remote={},
        )
        value = Value(environment.codec.encode(entry, topic)) if purchase_order else None
        return Record(topic, 0, number, origin.encode(), value, (), 0)

    return written


def test_what_was_sent_there_last_is_counted_and_no_record_is_kept(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, most = ledger(environment), 0

    def read(*_: Any, **__: Any) -> Iterator[Record]:
        nonlocal most
        for number in range(MANY):
            yield written(number)
            most = max(most, Value.alive)
        yield written(0, "PO-2")
        yield written(1, None)
        yield written(2, sent=False)
        yield written(MANY, sent=False)

    monkeypatch.setattr(module, "read_to_end", read)
    assert formerly(environment) == [("steel", MANY - 3)]
    assert most < 10
