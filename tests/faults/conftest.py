"""A relay of its own and simulated remotes of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.local import Kafka
from deploy.sandbox.process import Simulated, simulated
from relay.engine.kafka import Connection
from relay.engine.provision import record_names
from schemas import Codec
from tests.conftest import PARTITIONS
from tests.faults.harness import Relay, prepare


@pytest.fixture
def procore() -> Iterator[Simulated]:
    with simulated("procore") as process:
        yield process


@pytest.fixture
def relay(
    tmp_path: Path, kafka: Kafka, connection: Connection, provisioned: str, procore: Simulated
) -> Relay:
    """The relay's processes write to this test's topics."""
    prepare(tmp_path, {"procore": procore.url})
    accounts = [("procore:acme", f"{procore.url} 4200")]
    codec = Codec.single_object()
    record_names(connection, codec, provisioned, accounts=accounts, targets=[], now=datetime.now(UTC))
    return Relay(tmp_path, kafka.bootstrap_servers, provisioned, PARTITIONS, connection)
