"""A simulated ConstructionOnline, topics of this test's own, and stages that run in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from deploy.local import Kafka
from deploy.sandbox.process import Simulated, simulated
from producers.constructiononline.stage import poll_constructiononline
from relay.domain.events import ChangeOrderObserved
from relay.domain.letters import DeadLetter
from relay.domain.outcomes import ChangeOrderOutcome
from relay.domain.records import PollState
from relay.engine.configuration.live import LiveConfiguration
from relay.engine.control.follower import AboutProcess, ControlFollower
from relay.engine.kafka import Connection, Outgoing, Partition, PlainWriter, Record, read_to_end
from relay.engine.record_codec import record_codec
from relay.engine.settings import Settings
from relay.engine.stages.context import Stage, StageContext
from relay.engine.stages.process import run_stages
from relay.engine.telemetry.health import Health
from relay.engine.telemetry.metrics import Metrics
from relay.engine.topics import LETTERS, OBSERVED, OUTCOMES, POLL_STATE, Topic
from tests.conftest import PARTITIONS
from workers.dead_letters.stage import dead_letters
from workers.mapper import mapper

T = TypeVar("T")

CONFIGURATION = """
accounts:
  constructiononline:
    acme:
      base_url: {url}/api
      email: relay@acme.example
      password_file: {folder}/password
      api_key_file: {folder}/api-key
      poll_interval: 1s
      sweep_interval: {sweep}
  procore:
    acme:
      company_id: 4200
      client_id_file: {folder}/api-key
      client_secret_file: {folder}/api-key
routes:
{routes}
"""

ROUTE = """
  - from: {system: constructiononline, account: acme, project: 1321036}
    mode: live
    targets:
      - {name: owner, system: procore, account: acme, project_id: 315, contract_id: 44023, contract: prime, tiers: 2}
"""

FACTORIES: Mapping[str, Callable[[StageContext], Stage]] = {
    "poll-constructiononline": poll_constructiononline,
    "mapper": mapper,
    "dead-letters": dead_letters,
}


class Flow:
    """Runs stages until nothing is left to do, and reads what they wrote."""

    configuration = CONFIGURATION
    factories = FACTORIES

    def __init__(self, folder: Path, kafka: Kafka, connection: Connection, prefix: str, sandbox: Simulated) -> None:
        self.prefix = prefix
        self.sandbox = sandbox
        self.metrics = Metrics()
        self.codec = record_codec()
        self.folder = folder
        self._bootstrap_servers = kafka.bootstrap_servers
        self.connection = connection
        for name in ("password", "api-key"):
            (folder / name).write_text(f"sandbox-{name}", encoding="utf-8")
        self.configure()

    def configure(self, routes: str = ROUTE, sweep: str = "24h") -> None:
        text = self.configuration.format(url=self.sandbox.url, folder=self.folder, routes=routes, sweep=sweep)
        (self.folder / "cor.yaml").write_text(text, encoding="utf-8")

    def run(self, *names: str) -> int:
        """The exit code of a process with these stages and ``--once``."""
        stop = threading.Event()
        with self.following() as control:
            context = replace(self.context(stop), control=control)
            stages = [self.factories[name](context) for name in names]
            return run_stages(stages, stop=stop, health=context.health, shutdown_budget=30, once=True)

    def following(self) -> ControlFollower:
        """What follows the control topic in a process: without it no writer writes."""
        about = AboutProcess(instance="one", release="test", reads={}, routes=lambda: "routes")
        return ControlFollower(self.connection, self.codec, self.prefix, about, window=5.0, metrics=self.metrics)

    def context(self, stop: threading.Event) -> StageContext:
        settings = Settings(
            kafka_bootstrap_servers=self._bootstrap_servers,
            config=self.folder / "cor.yaml",
            topic_prefix=self.prefix,
            instance="one",
            session_timeout=6,
            transaction_timeout=5,
        )
        return StageContext(
            settings=settings,
            configuration=LiveConfiguration(self.folder / "cor.yaml", self.metrics),
            connection=self.connection,
            codec=self.codec,
            stop=stop,
            health=Health(),
            metrics=self.metrics,
            once=True,
        )

    def people(self, operation: str, **body: object) -> Any:
        return self.sandbox.people(operation, **body)

    def records(self, topic: Topic) -> list[Record]:
        name = topic.name(self.prefix)
        return list(read_to_end(self.connection, [Partition(name, number) for number in range(PARTITIONS)]))

    def events(self) -> list[ChangeOrderObserved]:
        return [self.codec.decode(one.value or b"", ChangeOrderObserved) for one in self.records(OBSERVED)]

    def outcomes(self) -> list[ChangeOrderOutcome]:
        return [self.codec.decode(one.value or b"", ChangeOrderOutcome) for one in self.records(OUTCOMES)]

    def letters(self) -> dict[str, DeadLetter]:
        return self._latest(LETTERS, DeadLetter)

    def states(self) -> dict[str, PollState]:
        return self._latest(POLL_STATE, PollState)

    def forget_the_sweep(self, key: str = "constructiononline:acme") -> None:
        """As if the last sweep were long ago."""
        topic = POLL_STATE.name(self.prefix)
        state = replace(self.states()[key], swept_at=None)
        place = next(one.partition for one in self.records(POLL_STATE))
        with self.writer() as writer:
            writer.send(Outgoing(topic, key.encode(), self.codec.encode(state, topic), place))
            writer.flush()

    def writer(self) -> PlainWriter:
        return PlainWriter(self.connection)

    def _latest(self, topic: Topic, kind: type[T]) -> dict[str, T]:
        found: dict[str, T] = {}
        for one in self.records(topic):
            key = (one.key or b"").decode()
            found.pop(key, None)
            if one.value is not None:
                found[key] = self.codec.decode(one.value, kind)
        return found


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Simulated]:
    with simulated("constructiononline") as process:
        yield process


@pytest.fixture
def flow(tmp_path: Path, kafka: Kafka, connection: Connection, provisioned: str, sandbox_process: Simulated) -> Flow:
    sandbox_process.reset()
    sandbox_process.people("clear")
    sandbox_process.people("create_project", id=1321036, name="3931 E Lake Blvd")
    return Flow(tmp_path, kafka, connection, provisioned, sandbox_process)
