"""A relay of its own and simulated remotes of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.local import Kafka
from deploy.sandbox.process import Simulated, simulated
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
    record(connection, provisioned, procore)
    return Relay(tmp_path, kafka.bootstrap_servers, provisioned, PARTITIONS, connection)


@pytest.fixture
def submitters(tmp_path: Path, kafka: Kafka, connection: Connection, provisioned: str) -> Iterator[SubmittersRelay]:
    """The relay's processes submit to this test's companies."""
    with submitters_relay(tmp_path, kafka, connection, provisioned) as relay:
        yield relay


def record(connection: Connection, prefix: str, procore: Simulated, companies: Mapping[str, int] | None = None) -> None:
    """Writes down what the accounts stand for, as ``cor topics apply`` does."""
    named = {"acme": 4200} if companies is None else companies
    accounts = [(f"procore:{name}", f"{procore.url} {company}") for name, company in named.items()]
    record_names(connection, record_codec(), prefix, accounts=accounts, targets=[], now=datetime.now(UTC))
