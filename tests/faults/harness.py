"""Real processes of the relay on a real Kafka against simulated remotes, and what came of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from deploy.sandbox.process import Simulated
from operations.environment import Environment, codec_of
from operations.writes import WriteFilter, Writes
from relay.domain.commands import Command, ProcoreCommand
from relay.domain.events import ChangeOrderObserved
from relay.domain.identity import tenant_partition
from relay.domain.letters import DeadLetter
from relay.domain.outcomes import ChangeOrderOutcome
from relay.domain.writes.remote_writes import RemoteWrite
from relay.engine.kafka import Connection, Outgoing, Partition, PlainWriter, read_to_end
from relay.engine.record_codec import record_codec
from relay.engine.settings import read_settings
from relay.engine.topics import LETTERS, OBSERVED, OUTCOMES, PROCORE, WRITES
from schemas import Unreadable
from tests.cor_process import start_cor
from tests.told_writes import effects_are_what_is_held, what_was_made_is_told_once

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 90.0
"""Seconds after which a process that should have ended by itself is stuck."""

RESTARTED = {"COR_TRANSACTION_TIMEOUT": "60"}
"""Settings where the one broker is started again, which may take long on a busy machine: of transactions whose time is
up before that, it forgets the end (docs/guarantees.md)."""

ENDED_WHEN_TOLD = (0, 128 + signal.SIGTERM, -signal.SIGTERM)
"""How a process ends that is told to: while it works, while it starts, and before it has begun to listen."""

SEND_WINDOW = 1
"""Seconds from the intent to call to the last moment at which the request may leave."""

HTTP_DEADLINE = 2
"""Seconds for a whole request."""

UNDER_WAY = timedelta(seconds=0.5)
"""In which a request that was being sent when the answer came may arrive."""

SECRETS = {
    "password": "sandbox-password",
    "api-key": "sandbox-api-key",
    "client-id": "sandbox-client",
    "client-secret": "sandbox-secret",
}

CONFIGURATION = """
accounts:
  procore:
    acme:
      api_url: {procore}
      login_url: {procore}
      company_id: 4200
      client_id_file: {secrets}/client-id
      client_secret_file: {secrets}/client-secret
routes:
  - from: {{system: procore, account: acme, project: 317}}
    targets:
      - {{name: main, system: procore, account: acme,
         project_id: 315, contract_id: 44021, contract: work_order, tiers: 2}}
      - {{name: else, system: procore, account: acme,
         project_id: 316, contract_id: 44024, contract: work_order, tiers: 2}}
"""
"""The tests write commands themselves; the route names where they go."""


@dataclass
class Relay:
    """Where the relay's processes run: their folder, topics and settings."""

    folder: Path
    bootstrap_servers: str
    prefix: str
    partitions: int
    connection: Connection
    more: Mapping[str, str] = field(default_factory=dict)

    def environment(self, instance: str = "one", **more: str) -> dict[str, str]:
        """Short times, so that what has to wait does not wait long."""
        ours = {
            "COR_KAFKA_BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "COR_CONFIG": str(self.folder / "cor.yaml"),
            "COR_INSTALLATION": "faults",
            "COR_TOPIC_PREFIX": self.prefix,
            "COR_INSTANCE": instance,
            "COR_HTTP_DEADLINE": str(HTTP_DEADLINE),
            "COR_SEND_WINDOW": str(SEND_WINDOW),
            "COR_SESSION_TIMEOUT": "6",
            "COR_TRANSACTION_TIMEOUT": "3",
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COR_")}
        return {**kept, **ours, **self.more, **more}

    def start(
        self, *stages: str, once: bool = True, instance: str = "one", crash_at: str = ""
    ) -> subprocess.Popen[bytes]:
        """One process with these stages. The caller ends it."""
        words = ["run", *stages, *(["--once"] if once else [])]
        environment = self.environment(instance, COR_CRASH_AT=crash_at)
        with (self.folder / "log").open("ab") as log:
            return start_cor(words, environment, stdout=log, stderr=subprocess.STDOUT)

    def run(self, *stages: str, crash_at: str = "") -> int:
        """Runs the stages until nothing is left to do; returns the exit code."""
        process = self.start(*stages, crash_at=crash_at)
        try:
            return process.wait(PATIENCE)
        finally:
            end(process)

    def cor(self, *words: str) -> subprocess.Popen[str]:
        """What somebody says at a command line; its answer is JSON. The caller ends it."""
        return start_cor([*words, "--json"], self.environment(), stdout=subprocess.PIPE, text=True)

    def observe(self, *events: ChangeOrderObserved) -> None:
        """What a poller saw at the source: nothing else can be held."""
        topic, codec = OBSERVED.name(self.prefix), record_codec()
        with PlainWriter(self.connection) as writer:
            for event in events:
                writer.send(Outgoing(topic, event.key.encode(), codec.encode(event, topic)))
            writer.flush()

    def log(self) -> str:
        """What the processes wrote."""
        return (self.folder / "log").read_text(encoding="utf-8")

    def submit(self, commands: Iterable[ProcoreCommand]) -> None:
        """Writes commands to the live lane."""
        topic = PROCORE.commands.name(self.prefix)
        codec = record_codec()
        with PlainWriter(self.connection) as writer:
            for one in commands:
                number = tenant_partition("procore", one.account, self.partitions)
                writer.send(Outgoing(topic, one.origin_id.encode(), codec.encode(one, topic), number))
            writer.flush()

    def outcomes(self) -> list[ChangeOrderOutcome]:
        """All outcomes, those of one change order in order."""
        return [one for _, one in self._records(OUTCOMES.name(self.prefix), ChangeOrderOutcome) if one is not None]

    def readable_outcomes(self) -> Iterator[ChangeOrderOutcome]:
        """Outcomes on a topic to which strangers write, too."""
        codec, topic = record_codec(), OUTCOMES.name(self.prefix)
        partitions = [Partition(topic, number) for number in range(self.partitions)]
        for record in read_to_end(self.connection, partitions, pass_over=lambda withheld: None):
            with suppress(Unreadable):
                yield codec.decode(record.value or b"", ChangeOrderOutcome)

    def ended(self, commands: Iterable[Command]) -> bool:
        """Whether each of these has a terminal outcome."""
        ended = {one.command_id for one in self.outcomes() if one.kind.is_terminal}
        return ended >= {one.command_id for one in commands}

    def writes(self) -> list[RemoteWrite]:
        """All that was told of what was written, those of one change order in order."""
        return [write for _, write in self._records(WRITES.name(self.prefix), RemoteWrite) if write is not None]

    def letters(self) -> dict[str, DeadLetter]:
        """The open letters."""
        found: dict[str, DeadLetter] = {}
        for key, letter in self._records(LETTERS.name(self.prefix), DeadLetter):
            found.pop(key, None)
            if letter is not None:
                found[key] = letter
        return found

    def _records(self, topic: str, kind: type[Any]) -> list[tuple[str, Any]]:
        codec = record_codec()
        partitions = [Partition(topic, number) for number in range(self.partitions)]
        return [
            ((record.key or b"").decode(), codec.decode(record.value, kind) if record.value is not None else None)
            for record in read_to_end(self.connection, partitions)
        ]


def end(process: subprocess.Popen[bytes]) -> None:
    """Whatever became of it, it is gone afterwards."""
    if process.poll() is None:
        process.kill()
    process.wait()


def prepare(folder: Path, remotes: Mapping[str, str], configuration: str = CONFIGURATION) -> None:
    """The secrets and the configuration file."""
    for name, secret in SECRETS.items():
        (folder / name).write_text(secret, encoding="utf-8")
    (folder / "cor.yaml").write_text(configuration.format(secrets=folder, **remotes), encoding="utf-8")


# -- what must hold, whatever happened


def every_command_ended_once(relay: Relay, commands: Iterable[ProcoreCommand], decisions: int = 0) -> None:
    """Exactly one terminal outcome for each, and for each of people's decisions, which are commands, too."""
    ends = Counter(one.command_id for one in relay.outcomes() if one.kind.is_terminal)
    assert all(count == 1 for count in ends.values()), f"ended twice: {ends.most_common(3)}"
    ours = {one.command_id for one in commands}
    assert ours <= ends.keys(), f"not ended: {ours - ends.keys()}"
    assert len(ends) == len(ours) + decisions


def procore_says_what_the_newest_say(procore: Simulated, commands: Iterable[ProcoreCommand]) -> None:
    """Each change order once, with the title, status, lines and amounts of its newest revision."""
    state = procore.state()
    held = {row["origin_id"]: row for row in state["potential_change_orders"]}
    assert len(held) == len(state["potential_change_orders"]), "a change order is there twice"
    for origin_id, command in newest(commands).items():
        if command.payload is not None:
            row = held[origin_id]
            assert (row["title"], row["status"]) == (command.payload.title, command.payload.status)
            wanted = {f"{origin_id}:item:{line.item_id}": line.amount for line in command.payload.lines}
            lines = [line for line in state["line_items"] if line["pco_id"] == row["id"]]
            held_amounts = {line["origin_id"]: Decimal(line["amount"]) for line in lines}
            assert held_amounts == wanted, f"{origin_id} of sequence {command.sequence}: {held_amounts}, not {wanted}"
            assert len(lines) == len(wanted), "a line is there twice"


def nothing_was_made_twice(procore: Simulated) -> None:
    """Each external id belongs to one record of its kind, and everything that we made has one."""
    state = procore.state()
    for kind in ("potential_change_orders", "change_order_packages", "line_items"):
        ids = Counter(row["origin_id"] for row in state[kind])
        assert all(count == 1 for count in ids.values()), f"{kind}: {ids.most_common(3)}"
        assert None not in ids


def writes_tell_what_procore_holds(relay: Relay, procore: Simulated) -> None:
    """Each record that was made is told once, and the effects of all writes add up to the money that is there."""
    state, writes = procore.state(), relay.writes()
    what_was_made_is_told_once(state, writes)
    effects_are_what_is_held(state, writes)


def cor_writes_says_the_same(relay: Relay) -> None:
    """What people are shown is what stands on the topic, each write once, in the order of time."""
    settings = read_settings(relay.environment())
    environment = Environment(settings, relay.connection, codec_of(settings))
    with closing(Writes(environment, WriteFilter()).read()) as shown:
        assert list(shown) == sorted(relay.writes(), key=lambda write: (write.at, write.write_id))


def nothing_older_came_later(procore: Simulated) -> None:
    """The revisions that were applied to a change order never decrease."""
    highest: dict[str, int] = {}
    for change in procore.state()["changes"]:
        if change["kind"] == "potential_change_order" and change["values"].get("origin_data"):
            sequence = _sequence(change["values"]["origin_data"])
            assert sequence >= highest.get(change["origin_id"], 0)
            highest[change["origin_id"]] = sequence


def nothing_came_too_early(procore: Simulated) -> None:
    """After an answer that asked to wait no request begins until that is over, but for those under way already."""
    rows = [row for row in procore.history() if row["path"].startswith("/rest/")]
    begun = [datetime.fromisoformat(row["at"]) for row in rows]
    asked = [
        (datetime.fromisoformat(row["finished_at"]), int(row["answer_headers"]["Retry-After"]))
        for row in rows
        if "Retry-After" in row["answer_headers"]
    ]
    assert asked, "nobody was asked to wait"
    for moment, seconds in asked:
        early = [one for one in begun if moment + UNDER_WAY < one < moment + timedelta(seconds=seconds)]
        assert not early, f"asked at {moment} to wait {seconds} s: {early}"


def _sequence(mark: str) -> int:
    return int(json.loads(mark)["sequence"])


def newest(commands: Iterable[ProcoreCommand]) -> dict[str, ProcoreCommand]:
    """The newest command of each origin id."""
    return {one.origin_id: one for one in sorted(commands, key=lambda one: one.version)}


def awaited(condition: Callable[[], bool], what: str, patience: float = PATIENCE, every: float = 0.2) -> None:
    """Waits until ``condition`` holds, which is looked at ``every`` so many seconds."""
    until = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < until, f"waited {patience:.0f} s for {what}"
        time.sleep(every)
