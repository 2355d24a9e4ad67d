"""A whole relay that carries change orders while somebody goes on editing them, and how long each stage stood still."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from deploy.demo import holdings
from deploy.demo.expectation import Office, expected
from deploy.demo.verdict import judge
from deploy.sandbox.editor import Editor
from deploy.sandbox.process import Simulated
from relay.domain.commands import CinxCommand, ProcoreCommand
from relay.domain.letters import LetterKind
from relay.engine.kafka import Partition, read_to_end
from relay.engine.record_codec import record_codec
from relay.engine.topics import CINX, PROCORE
from tests.cor_process import run_cor
from tests.faults.cinx_evidence import written_by
from tests.faults.harness import (
    ENDED_WHEN_TOLD,
    PATIENCE,
    Relay,
    awaited,
    end,
    nothing_was_made_twice,
    writes_tell_what_procore_holds,
)

POLLER = "poll-constructiononline"
PROCESSES = ((POLLER,), ("mapper", "dead-letters"), ("procore-writer", "cinx-submitter"))

OFFICES = {"north": "PO-124", "south": "PO-123", "west": "PO-200"}
"""Accounts of the source, since each may be asked 500 times an hour only, and the purchase orders of their targets."""

_OFFICE = """
    {name}:
      base_url: {{{name}}}/api
      email: relay@acme.example
      password_file: {{secrets}}/password
      api_key_file: {{secrets}}/api-key
      poll_interval: 8s
      sweep_interval: 1h"""

_ROUTE = """
  - from: {{{{system: constructiononline, account: {name}, project: 1321036}}}}
    mode: live
    history: true
    cost_codes: {{{{"371": "26-500"}}}}
    targets:
      - {{{{name: owner, system: procore, account: acme,
         project_id: 315, contract_id: 44023, contract: prime, tiers: 2}}}}
      - {{{{name: fixtures, system: cinx, account: acme, purchase_order: {order}}}}}"""

_TARGETS = """
  procore:
    acme:
      api_url: {procore}
      login_url: {procore}
      company_id: 4200
      requests_per_hour: 100000
      requests_per_10_seconds: 1000
      client_id_file: {secrets}/client-id
      client_secret_file: {secrets}/client-secret
  cinx:
    acme:
      base_url: {cinx}
      email: relay@acme.example
      password_file: {secrets}/password
      requests_per_second: 50
      search_patience: 3s
routes:"""

CONFIGURATION = (
    "accounts:\n  constructiononline:"
    + "".join(_OFFICE.format(name=name) for name in OFFICES)
    + _TARGETS
    + "".join(_ROUTE.format(name=name, order=order) for name, order in OFFICES.items())
    + "\n"
)

Row = Mapping[str, Any]


@dataclass
class Carrying:
    """The stages of one relay, each a process, between the simulated systems."""

    relay: Relay
    sources: Mapping[str, Simulated]
    procore: Simulated
    cinx: Simulated
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    decided: set[str] = field(default_factory=set)

    def start(self) -> None:
        """All stages."""
        for names in PROCESSES:
            self.processes[names[0]] = self.relay.start(*names, once=False)

    def poll_anew(self) -> None:
        """The poller begins anew: within an hour one looks often only for its first minutes."""
        process = self.processes[POLLER]
        process.terminate()
        assert process.wait(PATIENCE) in ENDED_WHEN_TOLD, self.relay.log()[-8000:]
        self.processes[POLLER] = self.relay.start(POLLER, once=False)

    def close(self) -> None:
        """None is left."""
        for process in self.processes.values():
            end(process)

    # -- when each stage has done something

    def moments(self) -> dict[str, list[datetime]]:
        """Of each stage: of the writers when they wrote something at the remote, of the poller when it asked for
        changes, of the mapper when it wrote a command.
        """
        return {
            "poller": _times(
                row for one in self.sources.values() for row in one.history(path="ChangeOrders$", bodies=0)
            ),
            "mapper": self._commands(),
            "Procore writer": _times(row for row in self.procore.history(path="^/rest/", bodies=0) if _writes(row)),
            "CINX submitter": _times(row for row in self.cinx.history(path="poco-import", bodies=0) if _writes(row)),
        }

    def _commands(self) -> list[datetime]:
        lanes = [*PROCORE.lanes, *CINX.lanes]
        every = [Partition(lane.name(), number) for lane in lanes for number in range(self.relay.partitions)]
        found = [record.timestamp_ms for record in read_to_end(self.relay.connection, every)]
        return sorted(datetime.fromtimestamp(one / 1000, UTC) for one in found)

    def goes_on(self) -> None:
        """Waits until each stage has done something from now on."""
        since = datetime.now(UTC)

        def standing() -> list[str]:
            self.all_run()
            self.decide()
            return [stage for stage, found in self.moments().items() if not found or found[-1] <= since]

        with suppress(AssertionError):
            awaited(lambda: not standing(), "every stage to go on", patience=120, every=2.0)
        left = standing()
        assert not left, f"{left} stand still since {since:%H:%M:%S}\n{self.relay.log()[-12_000:]}"

    def all_run(self) -> None:
        """No stage has ended: nobody had to start one again."""
        ended = {name: process.poll() for name, process in self.processes.items() if process.poll() is not None}
        assert not ended, f"ended: {ended}\n{self.relay.log()[-8000:]}"

    @contextmanager
    def disturbed(self) -> Iterator[dict[str, float]]:
        """While somebody edits, the block disturbs Kafka. Then the result says how long each stage stood still."""
        stood: dict[str, float] = {}
        with Editor(*self.sources.values()):
            self.goes_on()
            began = datetime.now(UTC)
            yield stood
            ended = datetime.now(UTC)
            self.goes_on()
        stood.update({name: standstill(found, began, ended) for name, found in self.moments().items()})
        self.judge()

    # -- what must hold

    def judge(self) -> None:
        """Both remotes come to hold what the source says, once each; everything has ended, and nobody is asked."""
        with suppress(AssertionError):  # What differs says more.
            awaited(self._arrived, "everything to arrive", patience=2 * PATIENCE, every=2.0)
        self.all_run()
        found = self.differences()
        assert not found, f"{len(found)} differences, the first of them:\n" + "\n".join(found[:3])
        awaited(self._all_ended, "every command to end", patience=PATIENCE, every=2.0)
        ends = Counter(one.command_id for one in self.relay.outcomes() if one.kind.is_terminal and one.command_id)
        assert max(ends.values()) == 1, f"ended twice: {ends.most_common(3)}"
        nothing_was_made_twice(self.procore)
        writes_tell_what_procore_holds(self.relay, self.procore)
        assert not self.relay.letters()

    def decide(self) -> None:
        """What CINX may have been sent is never sent again by itself: a person looks there, and says what is so."""
        for letter in self.relay.letters().values():
            if letter.kind is not LetterKind.NEEDS_REVIEW or letter.letter_id in self.decided:
                continue
            asked = record_codec().decode(letter.record_value or b"", CinxCommand)
            found = written_by(self.cinx.state(), asked.idempotency_key)
            words = ["adopt", letter.letter_id, "--remote-id", found[-1]] if found else ["resubmit", letter.letter_id]
            done = self._cor("letters", *words, "--why", "the broker was gone", "--who", "a person")
            assert done.returncode == 0, done.stdout + done.stderr
            self.decided.add(letter.letter_id)

    def _cor(self, *words: str) -> subprocess.CompletedProcess[str]:
        return run_cor(words, self.relay.environment("console"), PATIENCE)

    def _arrived(self) -> bool:
        self.decide()
        return not self.differences()

    def differences(self) -> list[str]:
        """In what the remotes differ from what the source and the routes say."""
        offices = [Office.of(name, source.state()) for name, source in self.sources.items()]
        held = [*holdings.of_procore(self.procore.state()), *holdings.of_cinx(self.cinx.state())]
        places = judge(expected(offices, self.relay.folder / "cor.yaml"), held)
        return [difference for place in places.values() for difference in place.differences]

    def _all_ended(self) -> bool:
        codec = record_codec()
        wanted: set[str] = set()
        for family, kind in ((PROCORE, ProcoreCommand), (CINX, CinxCommand)):
            for lane in family.lanes:
                every = [Partition(lane.name(), number) for number in range(self.relay.partitions)]
                found = read_to_end(self.relay.connection, every)
                wanted |= {codec.decode(one.value or b"", kind).command_id for one in found}
        ended = {one.command_id for one in self.relay.outcomes() if one.kind.is_terminal}
        return not wanted - ended


def standstill(moments: list[datetime], began: datetime, ended: datetime) -> float:
    """The longest time without one of the moments, in seconds, that touches what lies between the two."""
    pairs = pairwise(moments)
    return max(((b - a) / timedelta(seconds=1) for a, b in pairs if b > began and a < ended), default=0.0)


def _times(rows: Any) -> list[datetime]:
    return sorted(datetime.fromisoformat(row["at"]) for row in rows)


def _writes(row: Row) -> bool:
    return bool(row["method"] != "GET")
