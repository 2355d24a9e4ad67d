"""One turn of a stage that consumes, transforms and produces."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from relay.engine.configuration import LiveConfiguration
from relay.engine.kafka import Connection, Generation, GroupReader, Polled, Record, Transactions
from relay.engine.record_codec import record_codec
from relay.engine.settings import Settings
from relay.engine.stages.context import StageContext
from relay.engine.stages.crash_points import CrashPoint
from relay.engine.stages.transform import Transformed, TransformSession
from relay.engine.telemetry.health import Health
from relay.engine.telemetry.metrics import Metrics

BEFORE = """
accounts:
  constructiononline:
    acme: {email: relay@acme.example, password_file: secret, api_key_file: secret}
"""
AFTER = BEFORE + "    harbor: {email: relay@harbor.example, password_file: secret, api_key_file: secret}\n"


class Reader:
    """While it waits for records, the configuration file changes."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def poll(self, timeout_s: float) -> Polled:
        self._file.write_text(AFTER, encoding="utf-8")
        return Polled(records={}, generation=Generation("mapper", 1))


class Seeing:
    """Notes which accounts are configured when records are transformed."""

    def __init__(self, configuration: LiveConfiguration) -> None:
        self._configuration = configuration
        self.seen: list[set[str]] = []

    def follow(self, polled: Polled) -> None:
        pass

    def transform(self, records: Sequence[Record]) -> Transformed | None:
        self.seen.append(set(self._configuration.current.accounts()))
        return None


def test_records_are_transformed_by_the_file_as_it_was_when_they_were_written(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("sandbox-password", encoding="utf-8")
    file = tmp_path / "cor.yaml"
    file.write_text(BEFORE, encoding="utf-8")
    context = StageContext(
        settings=Settings(kafka_bootstrap_servers="127.0.0.1:1", config=file),
        configuration=LiveConfiguration(file),
        connection=cast(Connection, None),
        codec=record_codec(),
        stop=threading.Event(),
        health=Health(),
        metrics=Metrics(),
    )
    transformer = Seeing(context.configuration)
    session = TransformSession(
        context,
        name="mapper",
        reader=cast(GroupReader, Reader(file)),
        transactions=cast(Transactions, None),
        transformer=transformer,
        before=CrashPoint.MAPPER_BEFORE_COMMIT,
    )
    assert session.turn().quiet
    assert transformer.seen == [{"constructiononline:acme", "constructiononline:harbor"}]
