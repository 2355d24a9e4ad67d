"""Simulated targets as sources, topics of a test's own, and the stages between them in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from deploy.local import Kafka
from deploy.sandbox.process import Simulated, simulated
from producers.cinx.stage import poll_cinx
from relay.domain.commands import CinxCommand
from relay.engine.kafka import Connection
from relay.engine.stage import Stage, StageContext
from relay.engine.topics import CINX
from tests.integration.flow.conftest import FACTORIES, Flow
from workers.cinx_submitter.stage import cinx_submitter

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
