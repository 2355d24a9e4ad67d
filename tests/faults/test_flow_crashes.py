"""The poller and the mapper are killed in every gap, and nothing is lost, doubled or said of the wrong moment."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.local import Kafka
from deploy.sandbox.process import Simulated, simulated
from operations.preflight import names_in
from relay.domain.commands import ProcoreCommand
from relay.domain.events import ChangeOrderObserved
from relay.engine.configuration import load_configuration
from relay.engine.kafka import Connection, Partition, read_to_end
from relay.engine.provision import record_names
from relay.engine.record_codec import record_codec
from relay.engine.stages.crash_points import KILLED, CrashPoint
from relay.engine.topics import OBSERVED, PROCORE, Topic
from tests.conftest import PARTITIONS
from tests.faults.harness import Relay, awaited, end, prepare

pytestmark = [pytest.mark.storm, pytest.mark.timeout(600)]  # Several waits, each of which says what it waited for.

POLLER = "poll-constructiononline"

CONFIGURATION = """
accounts:
  constructiononline:
    acme:
      base_url: {constructiononline}/api
      email: relay@acme.example
      password_file: {secrets}/password
      api_key_file: {secrets}/api-key
      poll_interval: 1s
      sweep_interval: 10s
  procore:
    acme:
      company_id: 4200
      client_id_file: {secrets}/client-id
      client_secret_file: {secrets}/client-secret
routes:
  - from: {{system: constructiononline, account: acme}}
    mode: live
    history: true
    targets:
      - {{name: owner, system: procore, account: acme, project_id: 315, contract_id: 44023, contract: prime, tiers: 2}}
"""


@pytest.fixture
def source() -> Iterator[Simulated]:
    with simulated("constructiononline") as process:
        process.people("clear")
        process.people("load_company", seed=2, change_orders=260, project_ids=[1321036, 1321037], max_items=4)
        yield process


@pytest.fixture
def relay(tmp_path: Path, kafka: Kafka, connection: Connection, provisioned: str, source: Simulated) -> Relay:
    prepare(tmp_path, {"constructiononline": source.url}, CONFIGURATION)
    accounts, targets = names_in(load_configuration(tmp_path / "cor.yaml"))
    codec = record_codec()
    record_names(connection, codec, provisioned, accounts=accounts, targets=targets, now=datetime.now(UTC))
    return Relay(tmp_path, kafka.bootstrap_servers, provisioned, PARTITIONS, connection)


def read(relay: Relay, topic: Topic, kind: type) -> list:  # type: ignore[type-arg]  # of that kind
    codec, name = record_codec(), topic.name(relay.prefix)
    records = read_to_end(relay.connection, [Partition(name, number) for number in range(PARTITIONS)])
    return [codec.decode(record.value or b"", kind) for record in records]


def the_events_tell_the_whole_story_once(relay: Relay, source: Simulated) -> None:
    """Every change order's sequence grows by one, and its last event says what the source says."""
    events: list[ChangeOrderObserved] = read(relay, OBSERVED, ChangeOrderObserved)
    assert max(Counter(event.event_id for event in events).values()) == 1
    stories: dict[str, list[ChangeOrderObserved]] = {}
    for event in events:
        stories.setdefault(event.change_order_id, []).append(event)
    for story in stories.values():
        assert [one.sequence for one in story] == list(range(story[0].sequence, story[0].sequence + len(story)))
    last = {number: story[-1] for number, story in stories.items()}
    there = {str(row["ID"]): row["NAME"] for row in source.state()["change_orders"]}
    assert {number: event.change_order.title for number, event in last.items()} == {
        number: name or None for number, name in there.items()
    }


@pytest.mark.parametrize(
    ("point", "nth"),
    [
        (CrashPoint.POLLER_AFTER_LISTING, 1),
        (CrashPoint.POLLER_AFTER_SEND, 2),
        (CrashPoint.POLLER_BEFORE_COMMIT, 1),
        (CrashPoint.POLLER_BEFORE_COMMIT, 3),
        (CrashPoint.POLLER_AFTER_COMMIT, 1),
        (CrashPoint.POLLER_AFTER_COMMIT, 3),
    ],
)
def test_a_poller_that_is_killed_publishes_each_observation_once(
    relay: Relay, source: Simulated, point: CrashPoint, nth: int
) -> None:
    assert relay.run(POLLER, crash_at=f"{point}:{nth}") == KILLED, relay.log()
    for row in source.state()["change_orders"][:5]:
        source.people("edit_change_order", id=row["ID"], set={"NAME": f"Edited {row['ID']}"})
    assert relay.run(POLLER) == 0, relay.log()
    the_events_tell_the_whole_story_once(relay, source)


@pytest.mark.parametrize("point", [CrashPoint.MAPPER_BEFORE_COMMIT, CrashPoint.MAPPER_AFTER_COMMIT])
def test_a_mapper_that_is_killed_maps_each_event_once(relay: Relay, point: CrashPoint) -> None:
    assert relay.run(POLLER) == 0, relay.log()
    assert relay.run("mapper", crash_at=point) == KILLED, relay.log()
    assert relay.run("mapper") == 0, relay.log()
    commands: list[ProcoreCommand] = read(relay, PROCORE.backfill, ProcoreCommand)
    events: list[ChangeOrderObserved] = read(relay, OBSERVED, ChangeOrderObserved)
    letters = {letter.change_order_key for letter in relay.letters().values()}
    mapped = Counter(command.change_order_key for command in commands)
    assert set(mapped.values()) == {1}
    assert mapped.keys() | letters == {event.key for event in events}


def titles(relay: Relay) -> set[str | None]:
    events: list[ChangeOrderObserved] = read(relay, OBSERVED, ChangeOrderObserved)
    return {event.change_order.title for event in events}


def test_a_poller_that_sleeps_through_its_replacement_publishes_nothing_twice(relay: Relay, source: Simulated) -> None:
    """SIGSTOP for longer than its session, then SIGCONT: it was fenced meanwhile, and finds out."""
    numbers = [int(row["ID"]) for row in source.state()["change_orders"]]
    sleeper = relay.start(POLLER, once=False, instance="one")
    processes = [sleeper]
    try:
        awaited(lambda: len(read(relay, OBSERVED, ChangeOrderObserved)) == len(numbers), "the first load")
        sleeper.send_signal(signal.SIGSTOP)
        source.people("edit_change_order", id=numbers[0], set={"NAME": "While it slept"})
        processes.append(relay.start(POLLER, once=False, instance="two"))
        awaited(lambda: "While it slept" in titles(relay), "the successor")
        sleeper.send_signal(signal.SIGCONT)
        source.people("edit_change_order", id=numbers[1], set={"NAME": "After it woke"})
        awaited(lambda: "After it woke" in titles(relay), "the edit after waking")
        for process in processes:
            process.send_signal(signal.SIGTERM)
        assert [process.wait(60) for process in processes] == [0, 0], relay.log()
    finally:
        for process in processes:
            end(process)
    the_events_tell_the_whole_story_once(relay, source)
