"""A source and a Procore, simulated; the mapper's rules and the writer's planner between them, without Kafka.

What stands on the topics is written by hand, as the stages would have written it: observations, outcomes, and the
writes that the writer itself tells. What is true of a month is computed from the simulators' own books, by
:mod:`.truth`, which shares no code with the product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from deploy.sandbox.process import Simulated
from operations.environment import Environment
from operations.reconcile.live import read_remotes
from operations.reconcile.project import ProjectBooks, read_books
from operations.reconcile.report import as_recorded, report_of
from operations.reconcile.statement import Reconciliation
from operations.reports.tables import ReadTables
from operations.survey.calls import Calls
from relay.clients.constructiononline import ConstructionOnlineClient
from relay.domain.commands import ProcoreCommand
from relay.domain.events import Change, ChangeOrderObserved
from relay.domain.mapping import in_milliseconds
from relay.domain.mapping.decision import Refusal, Skip
from relay.domain.mapping.events import map_event
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind
from relay.domain.records import PollState
from relay.domain.sources import constructiononline
from relay.engine.configuration import Configuration, load_configuration
from relay.engine.kafka import Connection as KafkaConnection
from relay.engine.record_codec import record_codec
from relay.engine.settings import Settings
from relay.engine.topics import OBSERVED, OUTCOMES, POLL_STATE, WRITES
from relay.engine.writer.adapter import Done
from tests.contract.workers.procore_writer.harness import Driver, End, new_adapter
from tests.unit.workers.views.tables import fold, record, tables

PROJECT = 901
SECRETS = {
    "password": "sandbox-password",
    "key": "sandbox-api-key",
    "client": "sandbox-client",
    "client-secret": "sandbox-secret",
}
FILE = """
accounts:
  constructiononline:
    acme: {{email: relay@acme.example, password_file: password, api_key_file: key, base_url: {source}/api}}
  procore:
    acme: {{company_id: 4200, client_id_file: client, client_secret_file: client-secret, api_url: {procore},
            login_url: {procore}, requests_per_hour: 1000000, requests_per_10_seconds: 100000}}
routes:
  - from: {{system: constructiononline, account: acme, project: 901}}
    mode: live
    since: 2020-01-01
    approved_change: reopen
    on_delete: void
    on_withdraw: void
    targets:
      - {{name: owner, system: procore, account: acme, project_id: 315, contract_id: 44023, contract: prime, tiers: 2}}
      - {{name: labor, system: procore, account: acme, project_id: 315, contract_id: 44021, contract: work_order,
         tiers: 2, match: {{classifications: [labor]}}}}
"""
CODEC = record_codec()


@dataclass
class World:
    """``orders`` of the source are entered there; :meth:`poll` observes them, :meth:`carry` brings them to Procore."""

    source: Simulated
    procore: Simulated
    folder: Path
    engine: Engine = field(default_factory=tables)
    newest: dict[str, ChangeOrderObserved] = field(default_factory=dict)
    _offset: int = 0
    _told: int = 0

    def __post_init__(self) -> None:
        for name, secret in SECRETS.items():
            (self.folder / name).write_text(secret, encoding="utf-8")
        file = self.folder / "cor.yaml"
        file.write_text(FILE.format(source=self.source.url, procore=self.procore.url), encoding="utf-8")
        self.configuration: Configuration = load_configuration(file)
        self.driver = Driver(new_adapter(self.procore.url))
        settings = Settings(kafka_bootstrap_servers="127.0.0.1:1", config=file)
        self.environment = Environment(settings, KafkaConnection("127.0.0.1:1"), CODEC)

    def close(self) -> None:
        """Ends what is open."""
        self.driver.adapter.close()
        self.engine.dispose()

    # -- the source

    def order(self, number: int, items: list[tuple[str, bool]], condition: int = 1) -> None:
        """A change order; an item is its price, and whether it is labor."""
        rows = [
            {"NAME": "Item", "RATE": price, "RATE_QTY": 1, "CLASSIFICATION": 2 if labor else 1}
            for price, labor in items
        ]
        values = {"CONDITION": condition, "NUMBER": f"CO-{number}"}
        self.source.people(
            "create_change_order", id=number, project=PROJECT, name=f"Change {number}", set=values, items=rows
        )

    def client(self) -> ConstructionOnlineClient:
        return ConstructionOnlineClient(
            email="relay@acme.example",
            password=SECRETS["password"],
            api_key=SECRETS["key"],
            base_url=f"{self.source.url}/api",
        )

    def poll(self) -> list[ChangeOrderObserved]:
        """Observes what has changed."""
        at = in_milliseconds(datetime.now(UTC))
        with self.client() as client:
            items: dict[str | None, list[Any]] = {}
            for row in client.items(project_id=PROJECT):
                items.setdefault(constructiononline.parent_id(row.data), []).append(row.data)
            found = {
                str(row.data["ID"]): constructiononline.read(row.data, items.get(str(row.data["ID"]), ()))
                for row in client.change_orders(project_id=PROJECT)
            }
        changed = []
        for number, reading in found.items():
            before = self.newest.get(number)
            if before is None or before.change_order != reading.change_order or before.change is Change.DELETED:
                changed.append(self._event(number, reading.change_order, at, Change.UPDATED))
        for number, before in self.newest.items():
            if number not in found and before.change is not Change.DELETED:
                changed.append(self._event(number, before.change_order, at, Change.DELETED))
        for event in changed:
            self.newest[event.change_order_id] = event
            self._fold(OBSERVED, event.key, event)
        state = PollState(system="constructiononline", account="acme", polled_at=at)
        self._fold(POLL_STATE, "constructiononline:acme", state)
        return changed

    def _event(self, number: str, shown: Any, at: datetime, change: Change) -> ChangeOrderObserved:
        before = self.newest.get(number)
        return ChangeOrderObserved(
            event_id=f"{number}-{self._offset}",
            system="constructiononline",
            account="acme",
            change_order_id=number,
            project=str(PROJECT),
            sequence=before.sequence + 1 if before else 1_700_000_000,
            fingerprint="f",
            fingerprint_version=1,
            change=change,
            observed_at=at,
            source_modified_at=None,
            change_order=shown,
        )

    # -- the relay

    def commands(self, event: ChangeOrderObserved) -> list[ProcoreCommand]:
        """What the mapper makes of it; what it refuses or skips is told."""
        decision = map_event(event, self.configuration.routing, event.observed_at)
        for skip in decision.skips:
            self._tell_mapped(event, skip)
        for refusal in decision.refusals:
            self._tell_mapped(event, refusal)
        return [one for one in decision.commands if isinstance(one, ProcoreCommand)]

    def carry(self, event: ChangeOrderObserved) -> list[End]:
        """Everything of it, to the end."""
        return [self.carry_one(command) for command in self.commands(event)]

    def carry_one(self, command: ProcoreCommand) -> End:
        end = self.driver.one(command)
        self.tell_writes()
        self.tell(command, _kind(end), reason=end.reason, sentence=end.sentence)
        return end

    def carry_partly(self, command: ProcoreCommand, steps: int, *, lost: bool) -> None:
        """So many calls, and then the process dies; ``lost``: before it has recorded the last of them."""
        for step in range(steps):
            before = dict(self.driver.entries), list(self.driver.writes)
            going = self.driver.step(command)
            if lost and step == steps - 1 and command.origin_id not in self.driver.intents:
                self._forget(command, *before)
            if not going:
                break
        self.tell_writes()

    def _forget(self, command: ProcoreCommand, entries: dict[str, Any], writes: list[Any]) -> None:
        if len(self.driver.writes) > len(writes):
            self.driver.entries.clear()
            self.driver.entries.update(entries)
            del self.driver.writes[len(writes) :]

    def tell(self, command: ProcoreCommand, kind: OutcomeKind, **more: Any) -> None:
        """An outcome of the writer."""
        told = ChangeOrderOutcome(
            outcome_id=f"o-{self._offset}",
            kind=kind,
            stage="procore-writer",
            change_order_key=command.change_order_key,
            at=in_milliseconds(datetime.now(UTC)),
            sequence=command.sequence,
            system="procore",
            account="acme",
            target=command.target,
            origin_id=command.origin_id,
            command_id=command.command_id,
            letter_id=f"l-{self._offset}" if kind in (OutcomeKind.REJECTED, OutcomeKind.NEEDS_REVIEW) else None,
        )
        self._fold(OUTCOMES, told.change_order_key, replace(told, **more))

    def _tell_mapped(self, event: ChangeOrderObserved, piece: Skip | Refusal) -> None:
        told = ChangeOrderOutcome(
            outcome_id=f"m-{self._offset}",
            kind=OutcomeKind.REJECTED if isinstance(piece, Refusal) else OutcomeKind.SKIPPED,
            stage="mapper",
            change_order_key=event.key,
            at=event.observed_at,
            sequence=event.sequence,
            origin_id=getattr(piece, "origin_id", None),
            reason=piece.reason,
            sentence=piece.sentence,
        )
        self._fold(OUTCOMES, event.key, told)

    def tell_writes(self) -> None:
        """What the writer has told since the last time."""
        for write in self.driver.writes[self._told :]:
            self._fold(WRITES, write.change_order_key, write)
        self._told = len(self.driver.writes)

    def _fold(self, topic: Any, key: str, value: object) -> None:
        left_out = fold(self.engine, [record(topic, key, value, self._offset)], self.configuration.routing)
        assert not left_out
        self._offset += 1

    # -- the report

    @contextmanager
    def tables(self) -> Iterator[ReadTables]:
        with self.engine.connect() as connection:
            yield ReadTables(connection=connection, place="memory", read_at=datetime.now(UTC))

    def reconcile(self, most: int = 1_000, before: Callable[[str], None] = lambda _: None) -> Reconciliation:
        """With what the simulators say now, and what was told until then. ``before``: each call, which it is given."""
        calls = Calls(most, lambda _, __, sent: before(sent))
        with self.tables() as read:
            books = self._books(read)
        remote = read_remotes(self.environment, books, calls)
        with self.tables() as read:
            return report_of(self._books(read), remote)

    def _books(self, read: ReadTables) -> ProjectBooks:
        return read_books(read, self.configuration.routing, str(PROJECT), datetime.now(UTC) + timedelta(seconds=1))

    def reconcile_recorded(self, at: datetime) -> Reconciliation:
        """As it had been observed by then."""
        with self.tables() as read:
            books = read_books(read, self.configuration.routing, str(PROJECT), at)
            return report_of(books, as_recorded(books))


def _kind(end: End) -> OutcomeKind:
    if isinstance(end, Done):
        return end.kind or OutcomeKind.APPLIED
    return end.outcome
