"""Simulated targets as sources, topics of a test's own, and the stages between them in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from deploy.local import Kafka
from deploy.sandbox.process import Simulated, simulated
from producers.cinx.stage import poll_cinx
from producers.procore.stage import poll_procore
from relay.domain.commands import CinxCommand, Operation, ProcoreCommand
from relay.domain.outcomes import ChangeOrderOutcome
from relay.engine.kafka import Connection
from relay.engine.stages.context import Stage, StageContext
from relay.engine.topics import CINX, PROCORE
from tests.integration.flow.conftest import FACTORIES, Flow
from workers.cinx_submitter.stage import cinx_submitter
from workers.procore_writer.stage import procore_writer

CINX_CONFIGURATION = """
accounts:
  constructiononline:
    acme:
      email: relay@acme.example
      password_file: {folder}/password
      api_key_file: {folder}/api-key
  cinx:
    acme:
      base_url: {url}
      email: relay@acme.example
      password_file: {folder}/password
      requests_per_second: 500
      poll_interval: 1s
      sweep_interval: {sweep}
      poco_page: https://cinx.example/poco/{{guid}}
routes:
{routes}
"""

CINX_ROUTE = """
  - from: {system: constructiononline, account: acme, project: 1321036}
    mode: live
    targets:
      - {name: steel, system: cinx, account: acme, purchase_order: PO-123}
"""


class CinxFlow(Flow):
    """CINX polled, mapped and submitted to."""

    configuration = CINX_CONFIGURATION
    factories: Mapping[str, Callable[[StageContext], Stage]] = {
        **FACTORIES,
        "poll-cinx": poll_cinx,
        "cinx-submitter": cinx_submitter,
    }

    def configure(self, routes: str = CINX_ROUTE, sweep: str = "24h") -> None:
        super().configure(routes, sweep)

    def commands(self) -> list[CinxCommand]:
        every = [*self.records(CINX.commands), *self.records(CINX.backfill)]
        return [self.codec.decode(one.value or b"", CinxCommand) for one in every]


@pytest.fixture(scope="session")
def cinx_process() -> Iterator[Simulated]:
    with simulated("cinx") as process:
        yield process


@pytest.fixture
def cinx_flow(
    tmp_path: Path, kafka: Kafka, connection: Connection, provisioned: str, cinx_process: Simulated
) -> CinxFlow:
    cinx_process.reset()
    return CinxFlow(tmp_path, kafka, connection, provisioned, cinx_process)


PROCORE_CONFIGURATION = """
accounts:
  constructiononline:
    acme:
      base_url: {source}/api
      email: relay@acme.example
      password_file: {folder}/password
      api_key_file: {folder}/api-key
      poll_interval: 1s
      sweep_interval: 24h
  procore:
    acme:
      api_url: {url}
      login_url: {url}
      company_id: 4200
      client_id_file: {folder}/client
      client_secret_file: {folder}/secret
      requests_per_10_seconds: 10000
      requests_per_hour: 1000000
      poll_interval: 1s
      sweep_interval: {sweep}
routes:
{routes}
"""

PROCORE_ROUTE = """
  - from: {{system: constructiononline, account: acme, project: 1321036}}
    mode: live
    targets:
      - {{name: owner, system: procore, account: acme, project_id: 315, contract_id: 44023, contract: prime, tiers: 2,
         person_edit: {rule}}}
"""


class ProcoreFlow(Flow):
    """ConstructionOnline carried to Procore, and Procore read back. ``source`` is the one, ``sandbox`` the other."""

    factories: Mapping[str, Callable[[StageContext], Stage]] = {
        **FACTORIES,
        "poll-procore": poll_procore,
        "procore-writer": procore_writer,
    }

    def __init__(
        self,
        folder: Path,
        kafka: Kafka,
        connection: Connection,
        prefix: str,
        sandbox: Simulated,
        source: Simulated,
    ) -> None:
        self.source = source
        for name in ("client", "secret"):
            (folder / name).write_text(f"sandbox-{name}", encoding="utf-8")
        super().__init__(folder, kafka, connection, prefix, sandbox)

    def configure(self, routes: str = PROCORE_ROUTE.format(rule="letter"), sweep: str = "24h") -> None:
        text = PROCORE_CONFIGURATION.format(
            source=self.source.url, url=self.sandbox.url, folder=self.folder, routes=routes, sweep=sweep
        )
        (self.folder / "cor.yaml").write_text(text, encoding="utf-8")

    def carry(self) -> None:
        """What people did in ConstructionOnline is written to Procore."""
        for stage in ("poll-constructiononline", "mapper", "procore-writer"):
            assert self.run(stage) == 0

    def look(self) -> None:
        """What Procore shows is observed, and compared with what we wrote."""
        for stage in ("poll-procore", "mapper", "procore-writer"):
            assert self.run(stage) == 0

    def order(self) -> dict[str, Any]:
        """The only change order in Procore."""
        (found,) = self.sandbox.state()["potential_change_orders"]
        return dict(found)

    def verified(self) -> list[ChangeOrderOutcome]:
        """How the commands ended that compared our record with what we wrote."""
        every = [*self.records(PROCORE.commands), *self.records(PROCORE.backfill)]
        commands = [self.codec.decode(one.value or b"", ProcoreCommand) for one in every]
        looks = {one.command_id for one in commands if one.operation is Operation.VERIFY}
        return [one for one in self.outcomes() if one.command_id in looks and one.kind.is_terminal]


@pytest.fixture(scope="session")
def procore_process() -> Iterator[Simulated]:
    with simulated("procore") as process:
        yield process


@pytest.fixture(scope="session")
def source_process() -> Iterator[Simulated]:
    with simulated("constructiononline") as process:
        yield process


@pytest.fixture
def procore_flow(
    tmp_path: Path,
    kafka: Kafka,
    connection: Connection,
    provisioned: str,
    procore_process: Simulated,
    source_process: Simulated,
) -> ProcoreFlow:
    procore_process.reset()
    procore_process.settings(hourly_limit=1_000_000, spike_limit=10_000)
    source_process.reset()
    source_process.people("clear")
    source_process.people("create_project", id=1321036, name="3931 E Lake Blvd")
    return ProcoreFlow(tmp_path, kafka, connection, provisioned, procore_process, source_process)
