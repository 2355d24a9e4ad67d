"""Observed change orders on topics of a test's own, simulated Procore and CINX, ``cor``, and stages in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest

from deploy.local import Kafka
from deploy.sandbox.process import Simulated, simulated
from operations.preflight import names_in
from operations.stages import factory_of
from relay.domain.change_order import ChangeOrder, Item, Status
from relay.domain.commands import COMMAND_TYPES, TargetCommand
from relay.domain.events import Change, ChangeOrderObserved
from relay.domain.ledger import Hold, InboxRecord
from relay.domain.letters import DeadLetter
from relay.domain.mapping import in_milliseconds
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind
from relay.domain.records import NameRecord
from relay.domain.writes.remote_writes import RemoteWrite
from relay.engine.configuration import load_configuration
from relay.engine.configuration.digest import routes_digest
from relay.engine.configuration.live import LiveConfiguration
from relay.engine.control.follower import AboutProcess, ControlFollower
from relay.engine.kafka import Cluster, Connection, Outgoing, Partition, PlainWriter, read_to_end
from relay.engine.record_codec import record_codec
from relay.engine.settings import Settings
from relay.engine.stages.context import StageContext
from relay.engine.stages.process import run_stages
from relay.engine.telemetry.health import Health
from relay.engine.telemetry.logging import LogFormat, LogLevel, configure_logging
from relay.engine.telemetry.metrics import Metrics
from relay.engine.topics import CINX, CURRENT, LETTERS, NAMES, OBSERVED, OUTCOMES, PROCORE, WRITES, Topic
from tests.conftest import PARTITIONS
from tests.cor_command import Ended, cor

T = TypeVar("T")
CODEC = record_codec()
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)

SECRETS = {
    "password": "sandbox-password",
    "key": "sandbox-api-key",
    "client": "sandbox-client",
    "client-secret": "sandbox-secret",
}
ACCOUNTS = """
accounts:
  constructiononline:
    acme: {{email: relay@acme.example, password_file: password, api_key_file: key, base_url: "http://127.0.0.1:1/api"}}
  procore:
    acme: {{company_id: 4200, client_id_file: client, client_secret_file: client-secret, api_url: {procore},
            login_url: {procore}, requests_per_hour: 100000, requests_per_10_seconds: 10000}}
  cinx:
    acme: {{email: relay@acme.example, password_file: password, base_url: {cinx}, requests_per_second: 100}}
routes:
"""
TOWER = """
  - name: tower
    from: {{system: constructiononline, account: acme, project: 901}}
    mode: {mode}
    history: true
    targets:
      - {{name: owner, system: procore, account: acme, project_id: 315, contract_id: 44023, contract: prime, tiers: 2,
         amount: client_price}}
      - {{name: steel, system: cinx, account: acme, purchase_order: PO-123}}
"""


def order(name: str, cost: object = 100, status: Status = Status.APPROVED, **changes: Any) -> ChangeOrder:
    """A change order with one item."""
    amount = Decimal(str(cost))
    item = Item(item_id=f"{name}1", position=1, name=f"Item of {name}", cost=amount, client_price=amount,
                cost_code=changes.pop("cost_code", None))  # fmt: skip
    return replace(
        ChangeOrder(
            change_order_id=name,
            project="901",
            project_name="Tower",
            number=f"CO-{name}",
            title=f"Change {name}",
            status=status,
            status_raw=status.value,
            currency="USD",
            cost=amount,
            client_price=amount,
            created_on="2026-01-17T18:15:45.037",
            items=(item,),
        ),
        **changes,
    )


class Site:
    """Topics of one test, two simulated systems, the configuration, ``cor``, and stages."""

    def __init__(
        self,
        connection: Connection,
        prefix: str,
        folder: Path,
        systems: dict[str, Simulated],
        servers: str,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.connection, self.prefix, self.folder, self.systems = connection, prefix, folder, systems
        self.procore, self.cinx = systems["procore"], systems["cinx"]
        self._servers, self._capsys = servers, capsys
        self._sequences: dict[str, int] = {}
        for name, secret in SECRETS.items():
            (folder / name).write_text(secret, encoding="utf-8")

    # -- the file

    def configure(self, *routes: str, mode: str = "dry_run", file: str = "cor.yaml") -> Path:
        """The accounts, and these routes, with their names recorded."""
        text = ACCOUNTS.format(**{name: system.url for name, system in self.systems.items()})
        path = self.folder / file
        path.write_text(text + "".join(route.format(mode=mode) for route in routes), encoding="utf-8")
        accounts, targets = names_in(load_configuration(path))
        named = [(f"account:{name}", meaning) for name, meaning in accounts]
        named += [(f"target:{name}", meaning) for name, meaning in targets]
        records = [NameRecord(name=name, stands_for=meaning, recorded_at=AT) for name, meaning in named]
        topic = NAMES.name(self.prefix)
        self._write(Outgoing(topic, one.name.encode(), CODEC.encode(one, topic)) for one in records)
        return path

    # -- commands and stages

    def cor(self, *arguments: str) -> Ended:
        return cor(self._capsys, *arguments)

    def plan(self, *arguments: str) -> Any:
        """What ``cor plan --json`` says."""
        ended = self.cor("plan", "--json", *arguments)
        assert ended.code in (0, 3, 4), ended.err
        return ended.json

    def follower(self, configuration: LiveConfiguration, metrics: Metrics) -> ControlFollower:
        about = AboutProcess(
            instance="one", release="test", reads={}, routes=lambda: routes_digest(configuration.current)
        )
        return ControlFollower(self.connection, CODEC, self.prefix, about, window=5.0, metrics=metrics)

    @contextmanager
    def running(self, *names: str) -> Iterator[None]:
        """These stages run meanwhile; by default the mapper and both writers."""
        configure_logging(LogLevel.ERROR, LogFormat.CONSOLE)  # Else what stages log is among what commands print.
        wanted = frozenset(names or ("mapper", "procore-writer", "cinx-submitter"))
        begun = in_milliseconds(datetime.now(UTC))
        stop, metrics = threading.Event(), Metrics()
        configuration = LiveConfiguration(self.folder / "cor.yaml", metrics)
        with self.follower(configuration, metrics) as control:
            context = self._context(stop, metrics, configuration, control)
            stages = [factory_of(name)(context) for name in sorted(wanted)]
            worker = threading.Thread(
                target=lambda: run_stages(stages, stop=stop, health=context.health, shutdown_budget=30)
            )
            worker.start()
            try:
                # Not what an earlier one has left behind, which may state other routes.
                self.wait(lambda: wanted <= {one.stage for one in control.standing.members() if one.at >= begun})
                yield
            finally:
                stop.set()
                worker.join()

    def mapped(self) -> None:
        """Returns once the mapper has read everything."""
        topic = OBSERVED.name(self.prefix)
        places = [Partition(topic, number) for number in range(PARTITIONS)]
        with Cluster(self.connection) as cluster:
            self.wait(lambda: not any(cluster.lag(f"{self.prefix}mapper", places).values()))

    def carried(self) -> None:
        """Returns once everything that was mapped has come to its end."""
        self.mapped()
        lanes = (*PROCORE.lanes, *CINX.lanes)
        sent = {one.command_id for topic in lanes for one in self.commands(topic)}
        self.wait(lambda: sent <= {one.command_id for one in self.outcomes() if one.kind.is_terminal})

    def wait(self, done: Callable[[], bool], seconds: float = 120.0) -> None:
        """Returns once it is done."""
        until = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < until, self.ends()
            time.sleep(0.2)

    def pocos(self) -> list[Any]:
        """What was ordered."""
        return [poco for poco in self.cinx.state()["pocos"] if poco["created_by"] == "import"]

    def _context(
        self, stop: threading.Event, metrics: Metrics, configuration: LiveConfiguration, control: ControlFollower
    ) -> StageContext:
        return StageContext(
            settings=self.settings(),
            configuration=configuration,
            connection=self.connection,
            codec=CODEC,
            stop=stop,
            health=Health(),
            metrics=metrics,
            control=control,
        )

    def settings(self) -> Settings:
        return Settings(
            kafka_bootstrap_servers=self._servers,
            config=self.folder / "cor.yaml",
            topic_prefix=self.prefix,
            instance="one",
            installation="test",
            session_timeout=6,
            transaction_timeout=5,
            http_deadline=5,
            send_window=2,
        )

    # -- what the source says

    def observe(self, *shown: ChangeOrder, change: Change = Change.UPDATED) -> None:
        for one in shown:
            sequence = self._sequences[one.change_order_id] = (
                self._sequences.get(one.change_order_id, 1_700_000_000) + 1
            )
            event = ChangeOrderObserved(
                event_id=f"{one.change_order_id}-{sequence}",
                system="constructiononline",
                account="acme",
                change_order_id=one.change_order_id,
                project=one.project,
                sequence=sequence,
                fingerprint="f",
                fingerprint_version=1,
                change=change,
                observed_at=AT + timedelta(seconds=sequence - 1_700_000_000),
                source_modified_at=None,
                change_order=one,
            )
            for topic in (OBSERVED, CURRENT):
                name = topic.name(self.prefix)
                self._write([Outgoing(name, event.key.encode(), CODEC.encode(event, name))])

    def forget_at_the_source(self, key: str) -> None:
        """The newest of a change order is gone, as pollers leave it once its deletion was published."""
        self._write([Outgoing(CURRENT.name(self.prefix), key.encode(), None)])

    # -- what came of it

    def outcomes(self) -> list[ChangeOrderOutcome]:
        return self._decoded(OUTCOMES, ChangeOrderOutcome)

    def ends(self) -> dict[tuple[str, str | None], tuple[str, str | None]]:
        """By change order and target how it ended last, and why."""
        return {
            (one.change_order_key.rpartition(":")[2], one.target): (one.kind.value, one.reason)
            for one in sorted(self.outcomes(), key=lambda one: one.at)
            if one.kind.is_terminal
        }

    def refusals(self) -> dict[str | None, tuple[str | None, str | None]]:
        """By origin id why it was refused, and in which words."""
        refused = (OutcomeKind.REJECTED, OutcomeKind.NEEDS_REVIEW)
        return {one.origin_id: (one.reason, one.sentence) for one in self.outcomes() if one.kind in refused}

    def holds(self) -> dict[str, Hold]:
        """The writers' own holds, by scope."""
        records = self._decoded(PROCORE.inbox, InboxRecord)
        return {one.hold.scope: one.hold for one in records if one.hold is not None}

    def writes(self) -> list[RemoteWrite]:
        return self._decoded(WRITES, RemoteWrite)

    def letters(self) -> list[DeadLetter]:
        return self._decoded(LETTERS, DeadLetter)

    def commands(self, topic: Topic) -> Sequence[TargetCommand]:
        kind = COMMAND_TYPES["cinx" if ".cinx." in topic.base else "procore"]
        return self._decoded(topic, kind)

    def forget(self) -> None:
        for system in self.systems.values():
            system.forget()

    def asked(self, system: str) -> list[str]:
        """Method and path of every request but the logins."""
        rows = self.systems[system].history()
        return [f"{row['method']} {row['path']}" for row in rows if row["path"] != "/oauth/token"]

    def only_read(self) -> bool:
        return all(asked.startswith("GET ") for system in self.systems for asked in self.asked(system))

    def _decoded(self, topic: Topic, kind: type[T]) -> list[T]:
        name = topic.name(self.prefix)
        places = [Partition(name, number) for number in range(1 if topic.partitions == 1 else PARTITIONS)]
        records = read_to_end(self.connection, places)
        return [CODEC.decode(one.value, kind) for one in records if one.value is not None]

    def _write(self, outgoing: Any) -> None:
        with PlainWriter(self.connection) as writer:
            for one in outgoing:
                writer.send(one)
            writer.flush()


@pytest.fixture(scope="session")
def plan_systems() -> Iterator[dict[str, Simulated]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(simulated(name)) for name in ("procore", "cinx")}


@pytest.fixture
def site(
    monkeypatch: pytest.MonkeyPatch,
    kafka: Kafka,
    connection: Connection,
    provisioned: str,
    tmp_path: Path,
    plan_systems: dict[str, Simulated],
    capsys: pytest.CaptureFixture[str],
) -> Site:
    for system in plan_systems.values():
        system.reset()
    plan_systems["procore"].settings(hourly_limit=1_000_000, spike_limit=1_000_000)
    monkeypatch.setenv("COR_KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrap_servers)
    monkeypatch.setenv("COR_TOPIC_PREFIX", provisioned)
    monkeypatch.setenv("COR_INSTALLATION", "test")
    monkeypatch.setenv("COR_CONFIG", str(tmp_path / "cor.yaml"))
    return Site(connection, provisioned, tmp_path, plan_systems, kafka.bootstrap_servers, capsys)
