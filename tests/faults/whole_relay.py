"""All stages as one process, between simulated remotes: the customer ``acme``, and whoever else a test adds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

import httpx

from deploy.local import Kafka
from deploy.sandbox.process import Simulated, simulated
from relay.engine.kafka import Connection
from tests.conftest import PARTITIONS
from tests.faults.conftest import record
from tests.faults.harness import Relay, awaited, end, prepare
from tests.views_topics import Tables, in_sqlite

STAGES = (
    "poll-constructiononline",
    "poll-procore",
    "poll-cinx",
    "mapper",
    "procore-writer",
    "cinx-submitter",
    "dead-letters",
    "views",
)
SYSTEMS = ("constructiononline", "procore", "cinx")

MEMORY_KIB = 640 * 1024
"""The limit of a writer in deploy/kubernetes; here every stage lives within it together."""

ANSWERS_WITHIN = 30.0
"""Seconds for ``/livez`` on a busy machine."""

PROJECT = 1321036

_ACCOUNTS = """
accounts:
  constructiononline:{constructiononline}
  procore:{procore}
  cinx:{cinx}
routes:{routes}
"""
_CONSTRUCTIONONLINE = """
    {name}: {{base_url: {url}/api, email: relay@acme.example, password_file: {folder}/password,
      api_key_file: {folder}/api-key, poll_interval: 5s, sweep_interval: 1h}}"""
_PROCORE = """
    {name}: {{api_url: {url}, login_url: {url}, company_id: {company}, client_id_file: {folder}/client-id,
      client_secret_file: {folder}/client-secret, poll_interval: 1s, requests_per_hour: 100000,
      requests_per_10_seconds: 10000}}"""
_CINX = """
    {name}: {{base_url: {url}, email: relay@acme.example, password_file: {folder}/password, requests_per_second: 50,
      poll_interval: 1s, search_patience: 3s, job_patience: 8s}}"""
_ROUTE = """
  - from: {{system: constructiononline, account: {name}, project: 1321036}}
    mode: live
    history: true
    targets:
      - {{name: owner, system: procore, account: {name}, project_id: 315, contract_id: 44023, contract: prime, tiers: 2,
         existing: create}}
      - {{name: steel, system: cinx, account: {name}, purchase_order: PO-123, existing: create}}"""


@dataclass
class Customer:
    """Its systems, and the addresses at which the relay reaches them."""

    name: str
    systems: Mapping[str, Simulated]
    addresses: Mapping[str, str]
    company: int = 4200

    def enters(self, title: str) -> None:
        """A person enters an approved change order at the source."""
        source = self.systems["constructiononline"]
        made = source.people("create_change_order", project=PROJECT, name=title, set={"PRICE": 1200, "QTY": 1})
        source.people("approve", id=int(made["ID"]))

    def holds(self, title: str) -> bool:
        """Whether both targets hold it."""
        orders = self.systems["procore"].state()["potential_change_orders"]
        pocos = self.systems["cinx"].state()["pocos"]
        return any(one["title"] == title for one in orders) and any(
            one["detail"].get("description") == title for one in pocos
        )

    def doubled(self) -> set[str]:
        """Titles that a target holds more than once."""
        titles = [one["title"] for one in self.systems["procore"].state()["potential_change_orders"]]
        made = [one for one in self.systems["cinx"].state()["pocos"] if one["created_by"] == "import"]
        pocos = [one["detail"].get("description") for one in made]
        return {one for found in (titles, pocos) for one in found if found.count(one) > 1}


@dataclass
class WholeRelay(Relay):
    """All stages, and the customers whose change orders they carry."""

    customers: dict[str, Customer] = field(kw_only=True)
    tables: Tables = field(kw_only=True)

    def configuration(self) -> str:
        """The file that is right."""

        def each(form: str, system: str) -> str:
            return "".join(
                form.format(name=one.name, url=one.addresses[system], folder=self.folder, company=one.company)
                for one in self.customers.values()
            )

        return _ACCOUNTS.format(
            constructiononline=each(_CONSTRUCTIONONLINE, "constructiononline"),
            procore=each(_PROCORE, "procore"),
            cinx=each(_CINX, "cinx"),
            routes="".join(_ROUTE.format(name=one) for one in self.customers),
        )

    @contextmanager
    def running(self) -> Iterator[Popen[bytes]]:
        """The process; it has to be well when the block ends."""
        process = self.start(*STAGES, once=False)
        try:
            yield process
            self.is_well(process)
        finally:
            end(process)

    def carries(self, title: str, process: Popen[bytes], patience: float = 120.0) -> None:
        """The healthy customer's change order arrives at both targets."""
        healthy = self.customers["acme"]
        healthy.enters(title)
        arrived = lambda: process.poll() is not None or healthy.holds(title)  # noqa: E731 - a condition, once
        awaited(arrived, f"{title} to be carried\n{self.log()[-6000:]}", patience)
        assert process.poll() is None, self.log()[-6000:]

    def is_well(self, process: Popen[bytes]) -> None:
        """It runs, answers its probe, and is within its memory."""
        assert process.poll() is None, self.log()[-6000:]
        port = re.findall(r'"port": (\d+), "event": "telemetry.served"', self.log())[-1]
        answer = httpx.get(f"http://127.0.0.1:{port}/livez", timeout=ANSWERS_WITHIN)
        assert answer.status_code == 200, answer.text
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        peak = int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0])
        assert peak < MEMORY_KIB, f"{peak} KiB"


def customer(name: str, stack: ExitStack) -> Customer:
    """Systems of its own, with one project at the source. ``stack`` ends them."""
    systems = {system: stack.enter_context(simulated(system)) for system in SYSTEMS}
    systems["constructiononline"].people("clear")
    systems["constructiononline"].people("create_project", id=PROJECT, name="3931 E Lake Blvd")
    systems["procore"].settings(hourly_limit=1_000_000, spike_limit=1_000_000)
    return Customer(name, systems, {system: one.url for system, one in systems.items()})


def whole_relay(
    folder: Path, kafka: Kafka, connection: Connection, prefix: str, customers: Mapping[str, Customer]
) -> WholeRelay:
    """Its folder is written, and its names are recorded."""
    tables = in_sqlite(folder)
    relay = WholeRelay(
        folder,
        kafka.bootstrap_servers,
        prefix,
        PARTITIONS,
        connection,
        tables.environment,
        customers=dict(customers),
        tables=tables,
    )
    prepare(folder, {}, "")
    (folder / "cor.yaml").write_text(relay.configuration(), encoding="utf-8")
    record(connection, prefix, folder)
    return relay
