"""A relay of its own and simulated remotes of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import Kafka
from deploy.sandbox.process import Simulated, simulated
from relay.engine.kafka import Connection
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
    return Relay(tmp_path, kafka.bootstrap_servers, provisioned, PARTITIONS, connection)
