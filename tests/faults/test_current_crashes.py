"""A poller is killed in every gap, while it fills ``current`` for an older installation and publishes beside that."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.local import Kafka
from deploy.sandbox.process import Simulated, simulated
from operations.preflight import names_in
from relay.domain.events import Change, ChangeOrderObserved
from relay.domain.identity import tenant_partition
from relay.domain.records import PollState
from relay.engine.configuration import load_configuration
from relay.engine.kafka import Connection, Outgoing, Partition, PlainWriter, Record, read_to_end
from relay.engine.provision import record_names
from relay.engine.record_codec import record_codec
from relay.engine.stages.crash_points import KILLED, CrashPoint
from relay.engine.topics import CURRENT, OBSERVED, POLL_STATE, Topic
from tests.conftest import PARTITIONS
from tests.faults.harness import Relay, prepare
from tests.faults.test_poller_crashes import CONFIGURATION, POLLER

pytestmark = [pytest.mark.storm, pytest.mark.timeout(600)]  # Several waits, each of which says what it waited for.

ACCOUNT = "cinx:acme"
ITEMS = [{"quantity": 2, "unit_price": "10.50", "description": "Beam"}]
CODEC = record_codec()


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


def records(relay: Relay, topic: Topic) -> list[Record]:
    name = topic.name(relay.prefix)
    return list(read_to_end(relay.connection, [Partition(name, number) for number in range(PARTITIONS)]))


def current(relay: Relay) -> dict[bytes | None, ChangeOrderObserved]:
    values = {record.key: record.value for record in records(relay, CURRENT)}
    return {key: CODEC.decode(value, ChangeOrderObserved) for key, value in values.items() if value is not None}


def newest(relay: Relay) -> dict[bytes | None, ChangeOrderObserved]:
    events = [(record.key, CODEC.decode(record.value or b"", ChangeOrderObserved)) for record in observed(relay)]
    return {key: event for key, event in dict(events).items() if event.change is not Change.DELETED}


def observed(relay: Relay) -> list[Record]:
    return records(relay, OBSERVED)


def as_if_there_had_been_no_such_topic(relay: Relay) -> None:
    topic = POLL_STATE.name(relay.prefix)
    states = {record.key: record.value for record in records(relay, POLL_STATE)}
    account = CODEC.decode(states[ACCOUNT.encode()] or b"", PollState)
    value = CODEC.encode(replace(account, current_complete=False), topic)
    with PlainWriter(relay.connection) as writer:
        for record in records(relay, CURRENT):
            writer.send(Outgoing(CURRENT.name(relay.prefix), record.key, None))
        writer.send(Outgoing(topic, ACCOUNT.encode(), value, tenant_partition("cinx", "acme", PARTITIONS)))
        writer.flush()


def people_work(cinx: Simulated, chance: random.Random) -> None:
    """Some POCOs are changed, some go, and some are new."""
    for poco in cinx.state()["pocos"]:
        what = chance.random()
        if what < 0.4:
            cinx.people("edit_poco", cinx_guid=poco["cinx_guid"], items={"0": {"quantity": chance.randint(3, 99)}})
        elif what < 0.5:
            cinx.people("delete_poco", cinx_guid=poco["cinx_guid"])
    for _ in range(chance.randint(1, 4)):
        cinx.people("create_poco", po="PO-123", items=ITEMS)


@pytest.mark.parametrize(
    "points",
    [
        (f"{CrashPoint.POLLER_AFTER_SEND}:1", f"{CrashPoint.POLLER_BEFORE_COMMIT}:2"),
        (f"{CrashPoint.POLLER_BEFORE_COMMIT}:1", f"{CrashPoint.POLLER_AFTER_COMMIT}:2"),
        (f"{CrashPoint.POLLER_AFTER_COMMIT}:1", f"{CrashPoint.POLLER_AFTER_SEND}:2"),
    ],
    ids=("sent", "uncommitted", "committed"),
)
def test_current_is_the_newest_of_observed(relay: Relay, cinx: Simulated, points: tuple[str, ...]) -> None:
    chance = random.Random(points[0])
    people_work(cinx, chance)
    for _ in range(8):
        cinx.people("create_poco", po="PO-123", items=ITEMS)
    assert relay.run(POLLER) == 0, relay.log()
    people_work(cinx, chance)
    assert relay.run(POLLER) == 0, relay.log()
    as_if_there_had_been_no_such_topic(relay)
    for point in points:
        people_work(cinx, chance)
        assert relay.run(POLLER, crash_at=point) == KILLED, relay.log()
    assert relay.run(POLLER) == 0, relay.log()
    assert current(relay) == newest(relay)
    assert {key.decode().rpartition(":")[2] for key in current(relay) if key} == {
        poco["cinx_guid"] for poco in cinx.state()["pocos"]
    }
