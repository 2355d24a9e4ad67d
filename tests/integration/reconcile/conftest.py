"""Three simulated systems, topics of a test's own, all stages in this process, and ``cor``."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cli.errors import Exit
from deploy.local import Kafka
from deploy.sandbox.process import Simulated, simulated
from operations.preflight import names_in
from producers.cinx.stage import poll_cinx
from producers.procore.stage import poll_procore
from relay.domain.records import NameRecord
from relay.engine.configuration import load_configuration
from relay.engine.kafka import Connection, Outgoing
from relay.engine.stages.context import Stage, StageContext
from relay.engine.topics import NAMES
from tests.cor_command import Ended, cor
from tests.cor_process import run_cor
from tests.integration.flow.conftest import FACTORIES, Flow
from tests.integration.plan.conftest import AT, SECRETS
from workers.cinx_submitter.stage import cinx_submitter
from workers.procore_writer.stage import procore_writer
from workers.views.stage import views

PROJECT = 1321036

CONFIGURATION = """
accounts:
  constructiononline:
    acme: {{email: relay@acme.example, password_file: password, api_key_file: key, base_url: {constructiononline}/api,
            poll_interval: 1s, sweep_interval: 24h}}
  procore:
    acme: {{company_id: 4200, client_id_file: client, client_secret_file: client-secret, api_url: {procore},
            login_url: {procore}, requests_per_hour: 1000000, requests_per_10_seconds: 10000, poll_interval: 1s}}
  cinx:
    acme: {{email: relay@acme.example, password_file: password, base_url: {cinx}, requests_per_second: 500,
            poll_interval: 1s}}
routes:
  - from: {{system: constructiononline, account: acme, project: 1321036}}
    mode: live
    history: true
    on_delete: void
    targets:
      - {{name: owner, system: procore, account: acme, project_id: 315, contract_id: 44023, contract: prime, tiers: 2}}
      - {{name: steel, system: cinx, account: acme, purchase_order: PO-123}}
"""

STAGES = (
    "poll-constructiononline",
    "mapper",
    "procore-writer",
    "cinx-submitter",
    "dead-letters",
    "poll-procore",
    "poll-cinx",
    "mapper",
    "procore-writer",
    "cinx-submitter",
    "views",
)
"""One after the other: what a poll brings is mapped, written, read back, and looked at."""


class Company(Flow):
    """The three systems of a company, and the relay between them."""

    factories: Mapping[str, Callable[[StageContext], Stage]] = {
        **FACTORIES,
        "poll-procore": poll_procore,
        "poll-cinx": poll_cinx,
        "procore-writer": procore_writer,
        "cinx-submitter": cinx_submitter,
        "views": views,
    }

    def __init__(
        self, folder: Path, kafka: Kafka, connection: Connection, prefix: str, systems: Mapping[str, Simulated]
    ) -> None:
        self.systems = systems
        self.source, self.procore, self.cinx = (systems[name] for name in ("constructiononline", "procore", "cinx"))
        for name, secret in SECRETS.items():
            (folder / name).write_text(secret, encoding="utf-8")
        super().__init__(folder, kafka, connection, prefix, self.source)
        self.record_names()

    def configure(self, routes: str = "", sweep: str = "24h") -> None:
        text = CONFIGURATION.format(**{name: system.url for name, system in self.systems.items()})
        (self.folder / "cor.yaml").write_text(text + routes, encoding="utf-8")

    def context(self, stop: threading.Event) -> StageContext:
        """With short waits: what is in doubt is looked for soon."""
        context = super().context(stop)
        settings = context.settings.model_copy(update={"send_window": 2.0, "http_deadline": 5.0})
        return replace(context, settings=settings)

    def record_names(self) -> None:
        """What the names of accounts and targets stand for."""
        accounts, targets = names_in(load_configuration(self.folder / "cor.yaml"))
        named = [(f"account:{name}", meaning) for name, meaning in accounts]
        named += [(f"target:{name}", meaning) for name, meaning in targets]
        topic = NAMES.name(self.prefix)
        with self.writer() as writer:
            for name, meaning in named:
                record = NameRecord(name=name, stands_for=meaning, recorded_at=AT)
                writer.send(Outgoing(topic, name.encode(), self.codec.encode(record, topic)))
            writer.flush()

    def carry(self, *stages: str) -> None:
        """Everything is polled, mapped, written, read back and folded; or these stages run, one after the other."""
        for name in stages or STAGES:
            assert self.run(name) == 0, name

    def killed(self, stage: str, at: str) -> bool:
        """Whether a process of the stage has died at a crash point; one that does not get there ends by itself."""
        short = {"TRANSACTION_TIMEOUT": "5", "SESSION_TIMEOUT": "6", "SEND_WINDOW": "2", "HTTP_DEADLINE": "5"}
        environment = {**os.environ, "COR_CRASH_AT": at, **{f"COR_{name}": value for name, value in short.items()}}
        ended = run_cor(["run", stage, "--once"], environment, 240)
        return ended.returncode < 0 or ended.returncode > len(Exit)

    def order(self, number: int, condition: int = 1, price: object = 100, **more: Any) -> None:
        """A change order with one item per price; what it costs is its price."""
        prices = price if isinstance(price, list) else [price]
        items = [
            {"NAME": f"Item {place}", "RATE_QTY": 1, "RATE": str(one), **_TAKEN} for place, one in enumerate(prices, 1)
        ]
        self.source.people(
            "create_change_order",
            id=number,
            project=PROJECT,
            name=f"Change {number}",
            set={"CONDITION": condition, "NUMBER": f"CO-{number}", **more},
            items=items,
        )

    def pco(self, number: int, target: str = "owner") -> Any:
        """The record at Procore of a change order."""
        origin = f"cor:constructiononline:acme:{number}:{target}"
        return next(one for one in self.procore.state()["potential_change_orders"] if one["origin_id"] == origin)

    def lines(self, pco: Any) -> list[Any]:
        return [one for one in self.procore.state()["line_items"] if one["pco_id"] == pco["id"]]


_TAKEN = {"CLASSIFICATION": 1}


class Desk:
    """``cor`` at somebody's desk."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def cor(self, *arguments: str) -> Ended:
        return cor(self._capsys, *arguments)

    def reconcile(self, *arguments: str) -> Ended:
        """As JSON."""
        return self.cor("reconcile", str(PROJECT), "--json", *arguments)


def side_of(report: Any, name: str) -> Any:
    """One side of a report."""
    return next(side for side in report["sides"] if side["side"] == name)


def items_of(report: Any, side: str) -> list[tuple[str, Decimal, Decimal]]:
    """Cause, approved and pending of each item, in the report's order."""
    return [
        (item["cause"], Decimal(item["approved"]), Decimal(item["pending"]))
        for contract in side_of(report, side)["contracts"]
        for item in contract["items"]
    ]


@pytest.fixture(scope="module")
def reconciled_systems() -> Iterator[dict[str, Simulated]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(simulated(name)) for name in ("constructiononline", "procore", "cinx")}


@pytest.fixture
def company(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    kafka: Kafka,
    connection: Connection,
    provisioned: str,
    reconciled_systems: dict[str, Simulated],
) -> Company:
    for system in reconciled_systems.values():
        system.reset()
    reconciled_systems["constructiononline"].people("clear")
    reconciled_systems["constructiononline"].people("create_project", id=PROJECT, name="Tower B")
    for window in ("hour", "day", "week", "month"):
        reconciled_systems["constructiononline"].people("set_rate", window=window, limit=1_000_000)
    reconciled_systems["procore"].settings(hourly_limit=1_000_000, spike_limit=1_000_000)
    monkeypatch.setenv("COR_KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrap_servers)
    monkeypatch.setenv("COR_TOPIC_PREFIX", provisioned)
    monkeypatch.setenv("COR_CONFIG", str(tmp_path / "cor.yaml"))
    monkeypatch.setenv("COR_VIEWS_URL", f"sqlite:///{tmp_path / 'views' / 'views.sqlite'}")
    return Company(tmp_path, kafka, connection, provisioned, reconciled_systems)


@pytest.fixture
def desk(capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(capsys)
