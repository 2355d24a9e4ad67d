"""``cor`` in this process against topics of the test's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from deploy.local import Kafka
from operations.preflight import names_in
from relay.domain import identity
from relay.domain.change_order import ChangeOrder
from relay.domain.commands import ProcoreCommand, TargetCommand
from relay.domain.events import ChangeOrderObserved
from relay.domain.identity import tenant_partition
from relay.domain.mapping import in_milliseconds
from relay.domain.records import NameRecord
from relay.engine.configuration import load_configuration
from relay.engine.kafka import Connection, Outgoing, Partition, PlainWriter, Record, read_to_end
from relay.engine.mapping.decision_records import DecisionRecords, target_topics
from relay.engine.record_codec import record_codec
from relay.engine.source_record import SourceRecord
from relay.engine.topics import FAMILIES, NAMES, OBSERVED, Topic
from tests.conftest import PARTITIONS
from tests.cor_command import Ended, cor
from tests.unit.domain.mapping.samples import change_order

T = TypeVar("T")
CODEC = record_codec()

CONFIGURATION = """
accounts:
  constructiononline:
    acme: {{email: relay@acme.example, password_file: secret, api_key_file: secret, base_url: {url}/api}}
  procore:
    acme: {{company_id: 4200, client_id_file: secret, client_secret_file: secret, api_url: {url}, login_url: {url}}}
  cinx:
    acme: {{email: relay@acme.example, password_file: secret, base_url: {url}}}
routes:
  - from: {{system: constructiononline, account: acme, project: {project}}}
    mode: live
    history: true
    targets:
      - {{name: main, system: procore, account: acme, project_id: 315, contract_id: 44021, contract: work_order,
         tiers: 2}}
"""


class Place:
    """Topics of one test, the configuration beside them, and ``cor``."""

    def __init__(self, connection: Connection, prefix: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.connection = connection
        self.prefix = prefix
        self.folder = folder
        self._capsys = capsys
        self.sequence = 1_700_000_000
        (folder / "secret").write_text("secret-of-the-test", encoding="utf-8")
        self.route("1321036", recorded=False)

    def route(self, project: str, url: str = "http://127.0.0.1:1", *, recorded: bool = True) -> None:
        """The one route there is. ``recorded``: also what its names stand for, as ``cor topics apply`` does."""
        text = CONFIGURATION.format(project=project, url=url)
        file = self.folder / "cor.yaml"
        file.write_text(text, encoding="utf-8")
        if recorded:
            accounts, targets = names_in(load_configuration(file))
            named = [(f"account:{name}", meaning) for name, meaning in accounts]
            named += [(f"target:{name}", meaning) for name, meaning in targets]
            records = [NameRecord(name=name, stands_for=meaning, recorded_at=a_moment()) for name, meaning in named]
            topic = NAMES.name(self.prefix)
            self.write(Outgoing(topic, one.name.encode(), CODEC.encode(one, topic)) for one in records)

    def cor(self, *arguments: str) -> Ended:
        """Runs the command."""
        return cor(self._capsys, *arguments)

    # -- writing

    def write(self, outgoing: Iterable[Outgoing]) -> list[tuple[Partition, int]]:
        with PlainWriter(self.connection) as writer:
            for one in outgoing:
                writer.send(one)
            return writer.flush()

    def put(self, topic: Topic, key: str, record: object, partition: int | None = None) -> tuple[Partition, int]:
        """One record of ours."""
        name = topic.name(self.prefix)
        value = None if record is None else CODEC.encode(record, name)
        return self.write([Outgoing(name, key.encode(), value, partition)])[0]

    def observe(self, change_order_id: str, shown: ChangeOrder | None = None, **changes: Any) -> SourceRecord:
        """An observation on the topic, one sequence after the last."""
        self.sequence += 1
        shown = replace(shown or change_order(), change_order_id=change_order_id)
        event = ChangeOrderObserved(
            event_id=f"{change_order_id}-{self.sequence}",
            system="constructiononline",
            account="acme",
            change_order_id=change_order_id,
            project=shown.project,
            sequence=self.sequence,
            fingerprint="f",
            fingerprint_version=1,
            change=changes.pop("change", "updated"),
            observed_at=datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=self.sequence - 1_700_000_000),
            source_modified_at=None,
            change_order=shown,
            **changes,
        )
        (partition, offset) = self.put(OBSERVED, event.key, event)
        value = CODEC.encode(event, OBSERVED.name(self.prefix))
        return SourceRecord(
            topic=partition.topic, partition=partition.number, offset=offset, key=event.key.encode(), value=value
        )

    def records(self) -> DecisionRecords:
        return DecisionRecords(CODEC, self.prefix, target_topics(self.connection, self.prefix))

    # -- reading

    def read(self, topic: Topic) -> list[Record]:
        name = topic.name(self.prefix)
        count = 1 if topic.partitions == 1 else PARTITIONS
        return list(read_to_end(self.connection, [Partition(name, number) for number in range(count)]))

    def decoded(self, topic: Topic, kind: type[T]) -> list[T]:
        return [CODEC.decode(one.value, kind) for one in self.read(topic) if one.value is not None]

    def commands(self) -> list[TargetCommand]:
        family = FAMILIES["procore"]
        return [*self.decoded(family.commands, ProcoreCommand), *self.decoded(family.backfill, ProcoreCommand)]


@pytest.fixture
def place(
    monkeypatch: pytest.MonkeyPatch,
    kafka: Kafka,
    connection: Connection,
    provisioned: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Place:
    monkeypatch.setenv("COR_KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrap_servers)
    monkeypatch.setenv("COR_TOPIC_PREFIX", provisioned)
    monkeypatch.setenv("COR_CONFIG", str(tmp_path / "cor.yaml"))
    return Place(connection, provisioned, tmp_path, capsys)


@pytest.fixture
def recorded(place: Place) -> None:
    """What the names of the first route stand for is written down."""
    place.route("1321036")


def tenant(account: str = "acme", system: str = "procore") -> int:
    """The tenant's partition."""
    return tenant_partition(system, account, PARTITIONS)


def a_moment(seconds: int = 0) -> datetime:
    return in_milliseconds(datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(seconds=seconds))


def key_of(change_order_id: str) -> str:
    return identity.change_order_key("constructiononline", "acme", change_order_id)
