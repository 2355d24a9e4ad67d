"""The relay that submits to two CINX companies, and the person who decides what is in doubt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.local import Kafka
from deploy.sandbox.process import Simulated, simulated
from operations.letters.decide import decided
from operations.preflight import names_in
from relay.domain.commands import CinxCommand, CinxRules, Operation
from relay.domain.identity import tenant_partition
from relay.domain.letters import DeadLetter, LetterKind
from relay.domain.outcomes import OutcomeKind
from relay.engine.configuration import load_configuration
from relay.engine.kafka import Cluster, Connection, Outgoing, Partition, PlainWriter
from relay.engine.provision import record_names
from relay.engine.record_codec import record_codec
from relay.engine.topics import ALL, CINX
from tests.conftest import PARTITIONS
from tests.contract.workers.cinx_submitter.world import command, line, payload
from tests.cor_process import run_cor
from tests.faults.cinx_evidence import Evidence, Held, written_by
from tests.faults.cinx_judge import judge
from tests.faults.harness import PATIENCE, Relay, awaited, cor_writes_says_the_same, end, prepare
from tests.faults.tail import Tail
from tests.faults.writer_storm import ENDLESS

STAGE = "cinx-submitter"
ACCOUNTS = ("acme", "beta")
"""One on each of the two partitions, and each a company of its own."""

ORDERS = ("PO-123", "PO-124", "PO-200", "PO-201")
"""The purchase orders of each company that take change orders."""

PROJECTS = ("1321036", "1321037")
"""The source's, each with change orders for every purchase order."""

_PACE = 50
"""Requests a second."""

_ACCOUNT = """
    {name}:
      base_url: {{{name}}}
      email: relay@acme.example
      password_file: {{secrets}}/password
      requests_per_second: {pace}
      search_patience: 3s
      job_patience: 8s"""

_TARGET = """
      - {{{{name: {name}-{lower}, system: cinx, account: {name}, purchase_order: {order}}}}}"""

_SOURCE = """
  constructiononline:
    acme: {{email: relay@acme.example, password_file: {secrets}/password, api_key_file: {secrets}/api-key}}"""

_ROUTE = "\nroutes:\n  - from: {{system: constructiononline, account: acme}}\n    targets:"
"""The tests write commands themselves; the route names where they go."""

CONFIGURATION = (
    "accounts:\n  cinx:"
    + "".join(_ACCOUNT.format(name=name, pace=_PACE) for name in ACCOUNTS)
    + _SOURCE
    + _ROUTE
    + "".join(_TARGET.format(name=name, order=order, lower=order.lower()) for name in ACCOUNTS for order in ORDERS)
)


def order(
    number: int,
    sequence: int,
    *,
    amount: int = 100,
    lines: int = 2,
    operation: Operation = Operation.APPLY,
    later: str = "letter",
    mapped: int = 0,
) -> CinxCommand:
    """Revision ``sequence`` of change order ``number``; account, purchase order and project follow from the number."""
    items = [line(str(at), str(amount + at)) for at in range(1, lines + 1)]
    content = replace(payload(description=f"Change order {number}"), lines=tuple(items))
    made = command(
        str(number),
        content if operation is Operation.APPLY else None,
        sequence=sequence,
        mapped=mapped,
        operation=operation,
        order=ORDERS[number // 2 % len(ORDERS)],
        rules=CinxRules(later=later),
        project=PROJECTS[number // (2 * len(ORDERS)) % len(PROJECTS)],
    )
    return replace(made, account=ACCOUNTS[number % 2])


@dataclass
class SubmittersRelay(Relay):
    """Submits to the companies; keeps what was written to it. ``stack`` ends what it keeps open."""

    companies: Mapping[str, Simulated] = field(kw_only=True)
    stack: ExitStack = field(kw_only=True)
    settings: dict[str, str] = field(default_factory=dict)
    written: list[CinxCommand] = field(default_factory=list)
    decided: list[tuple[str, datetime]] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    _writer: PlainWriter | None = None
    _tails: dict[str, Tail] = field(default_factory=dict)
    _known: dict[str, list[tuple[str, Any]]] = field(default_factory=dict)

    def environment(self, instance: str = "one", **more: str) -> dict[str, str]:
        """With this test's own settings."""
        return super().environment(instance, **self.settings, **more)

    def order(self, *commands: CinxCommand) -> None:
        """The mapper writes commands to the lane."""
        topic, codec = CINX.commands.name(self.prefix), record_codec()
        if self._writer is None:
            self._writer = self.stack.enter_context(PlainWriter(self.connection))
        for one in commands:
            number = tenant_partition("cinx", one.account, self.partitions)
            self._writer.send(Outgoing(topic, one.origin_id.encode(), codec.encode(one, topic), number))
        self._writer.flush()
        self.written += commands

    def _records(self, topic: str, kind: type[Any]) -> list[tuple[str, Any]]:
        codec, known = record_codec(), self._known.setdefault(topic, [])
        for record in self._tail(topic).read():
            value = None if record.value is None else codec.decode(record.value, kind)
            known.append(((record.key or b"").decode(), value))
        return known

    def _tail(self, topic: str) -> Tail:
        if topic not in self._tails:
            partitions = [Partition(topic, number) for number in range(self.partitions)]
            self._tails[topic] = self.stack.enter_context(Tail(self.connection, partitions))
        return self._tails[topic]

    def slow_down(self, pace: float) -> None:
        """Fewer requests a second, in the file that is read while all runs."""
        file, new = self.folder / "cor.yaml", self.folder / "cor.yaml.new"
        text = file.read_text(encoding="utf-8")
        new.write_text(text.replace(f"requests_per_second: {_PACE}", f"requests_per_second: {pace}"), encoding="utf-8")
        new.replace(file)

    def done(self, *words: str) -> None:
        """What whoever runs the relay says at a command line."""
        done = run_cor(words, self.environment(), PATIENCE)
        assert done.returncode == 0, done.stdout + done.stderr

    def pause(self, seconds: float) -> None:
        """Whatever is asked of the companies meanwhile."""
        company = next(iter(self.companies.values()))
        company.history(wait=seconds, count=ENDLESS, bodies=0)

    # -- what is judged

    def evidence(self, account: str) -> Evidence:
        """Everything by which an account's part of the run is judged."""
        commands = [one for one in self.written if one.account == account]
        origins = {one.origin_id for one in commands}
        company = self.companies[account]
        return Evidence(
            commands=commands,
            decisions=self.decided,
            outcomes=[one for one in self.outcomes() if one.account == account],
            letters=[letter for letter in self.letters().values() if letter.origin_id in origins],
            state=company.state(),
            history=company.history(path="json-poco-import"),
            writes=[write for write in self.writes() if write.account == account],
            holds=self.held,
        )

    def judge(self, story: str = "") -> None:
        """Raises AssertionError, with the story and the end of the log."""
        try:
            for account in ACCOUNTS:
                judge(self.evidence(account))
            cor_writes_says_the_same(self)
        except AssertionError as error:
            raise self._told(error, story) from None

    def _told(self, error: AssertionError, story: str) -> AssertionError:
        return AssertionError(f"{error}\n{story}\n{self.log()[-20_000:]}")

    # -- until everything has ended

    def finish(self) -> None:
        """A submitter works until every command has ended; a person decides what is left in doubt."""
        process = self.start(STAGE, once=False)
        try:
            self.await_the_end()
        finally:
            end(process)

    def await_the_end(self, story: str = "") -> None:
        """Until every command has ended; as long as something is in doubt, a person decides."""
        try:
            awaited(self._only_doubts_are_left, "all to end but what is in doubt", 180)
            while self._decide():
                awaited(self._only_doubts_are_left, "all to end but what is in doubt", 180)
            assert not self._open(), f"{self._open()} have no end, and nobody is asked about them"
        except AssertionError as error:
            raise self._told(AssertionError(f"{error}; open: {self._open()}"), story) from None

    def _only_doubts_are_left(self) -> bool:
        """What waits behind a doubt waits for the person, too."""
        doubts = [about(letter) for letter in self._undecided()]
        origins = {one.origin_id for one in doubts}
        orders = {(one.account, one.destination) for one in doubts}
        behind = (one for one in self.written if one.origin_id in origins or (one.account, one.destination) in orders)
        return self._open() <= {one.command_id for one in behind}

    def _open(self) -> set[str]:
        ended = {one.command_id for one in self.outcomes() if one.kind.is_terminal}
        return {one.command_id for one in self.written} - ended

    def _undecided(self) -> list[DeadLetter]:
        """The letters about which a person has not decided, or in vain."""
        vain = (OutcomeKind.REJECTED, OutcomeKind.NEEDS_REVIEW)
        refused = {one.command_id for one in self.outcomes() if one.kind in vain}
        decided = {one.letter_id for one in self.written if one.command_id not in refused}
        open_ones = self.letters().values()
        return [one for one in open_ones if one.kind is LetterKind.NEEDS_REVIEW and one.letter_id not in decided]

    def _decide(self) -> bool:
        """Whether there was anything to decide."""
        decisions = [self._decision(letter) for letter in self._undecided()]
        self.decided += [(one.origin_id, datetime.now(UTC)) for one in decisions]
        self.order(*decisions)
        return bool(decisions)

    def _decision(self, letter: DeadLetter) -> CinxCommand:
        """What CINX holds is adopted; what it certainly does not hold is allowed once more."""
        reviewed = about(letter)
        found = written_by(self.companies[reviewed.account].state(), reviewed.idempotency_key)
        operation = Operation.ADOPT if found else Operation.RESUBMIT
        made = decided(reviewed, letter, operation, found[-1] if found else None)
        assert isinstance(made, CinxCommand)
        return made


def about(letter: DeadLetter) -> CinxCommand:
    """The command in a letter."""
    return record_codec().decode(letter.record_value or b"", CinxCommand)


@contextmanager
def submitters_relay(folder: Path, kafka: Kafka, connection: Connection, prefix: str) -> Iterator[SubmittersRelay]:
    """A relay that knows two companies."""
    with ExitStack() as stack:
        companies = {name: stack.enter_context(simulated("cinx")) for name in ACCOUNTS}
        prepare(folder, {name: company.url for name, company in companies.items()}, CONFIGURATION)
        accounts, targets = names_in(load_configuration(folder / "cor.yaml"))
        with Cluster(connection) as cluster:
            ids = cluster.topic_ids([topic.name(prefix) for topic in ALL])
        record_names(
            connection,
            record_codec(),
            prefix,
            accounts=accounts,
            targets=targets,
            topics=[(topic.base, ids[topic.name(prefix)]) for topic in ALL],
            now=datetime.now(UTC),
        )
        yield SubmittersRelay(
            folder, kafka.bootstrap_servers, prefix, PARTITIONS, connection, companies=companies, stack=stack
        )
