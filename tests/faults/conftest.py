"""A relay of its own and simulated remotes of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.local import Kafka
from deploy.sandbox.process import Simulated, simulated
from operations.preflight import names_in
from relay.engine.configuration import load_configuration
from relay.engine.kafka import Connection
from relay.engine.provision import record_names
from relay.engine.record_codec import record_codec
from tests.conftest import PARTITIONS
from tests.faults.cinx_relay import SubmittersRelay, submitters_relay
from tests.faults.harness import Relay, prepare


@pytest.fixture
def procore() -> Iterator[Simulated]:
    with simulated("procore") as process:
        yield process


@pytest.fixture
def relay(tmp_path: Path, kafka: Kafka, connection: Connection, provisioned: str, procore: Simulated) -> Relay:
    """The relay's processes write to this test's topics."""
    prepare(tmp_path, {"procore": procore.url})
    record(connection, provisioned, tmp_path)
    return Relay(tmp_path, kafka.bootstrap_servers, provisioned, PARTITIONS, connection)


@pytest.fixture
def submitters(tmp_path: Path, kafka: Kafka, connection: Connection, provisioned: str) -> Iterator[SubmittersRelay]:
    """The relay's processes submit to this test's companies."""
    with submitters_relay(tmp_path, kafka, connection, provisioned) as relay:
        yield relay


def record(connection: Connection, prefix: str, folder: Path) -> None:
    """Writes down what the names in the folder's file stand for, as ``cor topics apply`` does."""
    accounts, targets = names_in(load_configuration(folder / "cor.yaml"))
    record_names(connection, record_codec(), prefix, accounts=accounts, targets=targets, now=datetime.now(UTC))
