"""The poller of CINX is killed in every gap, and what became of a POCO of ours is told exactly once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.local import Kafka
from deploy.sandbox.process import Simulated, simulated
from operations.preflight import names_in
from relay.domain.outcomes import OutcomeKind
from relay.engine.configuration import load_configuration
from relay.engine.kafka import Connection
from relay.engine.provision import record_names
from relay.engine.record_codec import record_codec
from relay.engine.stages.crash_points import KILLED, CrashPoint
from tests.conftest import PARTITIONS
from tests.faults.harness import Relay, prepare

pytestmark = [pytest.mark.storm, pytest.mark.timeout(600)]  # Several waits, each of which says what it waited for.

POLLER = "poll-cinx"
ORIGIN = "cor:constructiononline:acme:{number}:steel"

CONFIGURATION = """
accounts:
  cinx:
    acme:
      base_url: {cinx}
      email: relay@acme.example
      password_file: {secrets}/password
      requests_per_second: 1000
      poll_interval: 1s
routes: []
"""


@pytest.fixture
def cinx() -> Iterator[Simulated]:
    with simulated("cinx") as process:
        yield process


@pytest.fixture
def relay(tmp_path: Path, kafka: Kafka, connection: Connection, provisioned: str, cinx: Simulated) -> Relay:
    prepare(tmp_path, {"cinx": cinx.url}, CONFIGURATION)
    accounts, targets = names_in(load_configuration(tmp_path / "cor.yaml"))
    record_names(connection, record_codec(), provisioned, accounts=accounts, targets=targets, now=datetime.now(UTC))
    return Relay(tmp_path, kafka.bootstrap_servers, provisioned, PARTITIONS, connection)


def submitted(cinx: Simulated, number: int) -> str:
    references = [{"type": "change-order-relay", "description": "x", "value": ORIGIN.format(number=number)}]
    items = [{"quantity": 2, "unit_price": "10.50", "description": "Beam"}]
    made = cinx.people("create_poco", po="PO-123", items=items, external_references=references, submitted=True)
    return str(made["cinx_guid"])


@pytest.mark.parametrize(
    "point",
    [
        CrashPoint.POLLER_AFTER_LISTING,
        CrashPoint.POLLER_AFTER_SEND,
        CrashPoint.POLLER_BEFORE_COMMIT,
        CrashPoint.POLLER_AFTER_COMMIT,
    ],
)
def test_a_poller_that_is_killed_tells_each_status_once(relay: Relay, cinx: Simulated, point: CrashPoint) -> None:
    made = [submitted(cinx, number) for number in range(3)]
    assert relay.run(POLLER) == 0, relay.log()
    for guid in made:
        cinx.people("accept_poco", cinx_guid=guid)
    assert relay.run(POLLER, crash_at=point) == KILLED, relay.log()
    assert relay.run(POLLER) == 0, relay.log()
    told = [(one.change_order_key, one.reason) for one in relay.outcomes() if one.kind is OutcomeKind.REMOTE_STATUS]
    expected = {f"constructiononline:acme:{number}" for number in range(3)}
    assert sorted(told) == sorted((key, reason) for key in expected for reason in ("cinx.accepted", "cinx.submitted"))
