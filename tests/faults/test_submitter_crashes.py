"""The CINX submitter is killed in every gap of its protocol: never two POCOs, none lost without a letter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.local import Kafka
from deploy.sandbox.process import Simulated, simulated
from relay.domain.commands import CinxCommand
from relay.domain.identity import tenant_partition
from relay.domain.outcomes import OutcomeKind
from relay.engine.crash_points import KILLED, CrashPoint
from relay.engine.kafka import Connection, Outgoing, PlainWriter
from relay.engine.provision import record_names
from relay.engine.topics import CINX
from schemas import Codec
from tests.conftest import PARTITIONS
from tests.contract.workers.cinx_submitter.world import command, line, payload
from tests.faults.harness import Relay, prepare

CONFIGURATION = """
accounts:
  cinx:
    acme:
      base_url: {cinx}
      email: relay@acme.example
      password_file: {secrets}/password
      requests_per_second: 50
      search_patience: 3s
      job_patience: 20s
routes: []
"""
DONE, DONE_WITH_LETTERS = 0, 3


class SubmittersRelay(Relay):
    """Submits to CINX."""

    def order(self, commands: Iterable[CinxCommand]) -> None:
        topic, codec = CINX.commands.name(self.prefix), Codec.single_object()
        with PlainWriter(self.connection) as writer:
            for one in commands:
                number = tenant_partition("cinx", one.account, self.partitions)
                writer.send(Outgoing(topic, one.origin_id.encode(), codec.encode(one, topic), number))
            writer.flush()


@pytest.fixture
def cinx() -> Iterator[Simulated]:
    with simulated("cinx") as process:
        yield process


@pytest.fixture
def relay(tmp_path: Path, kafka: Kafka, connection: Connection, provisioned: str, cinx: Simulated) -> SubmittersRelay:
    prepare(tmp_path, {"cinx": cinx.url}, CONFIGURATION)
    accounts = [("cinx:acme", f"{cinx.url} relay@acme.example")]
    record_names(connection, Codec.single_object(), provisioned, accounts=accounts, targets=[], now=datetime.now(UTC))
    return SubmittersRelay(tmp_path, kafka.bootstrap_servers, provisioned, PARTITIONS, connection)


FIRST = [command("1"), command("2", payload(description="Another"), order="PO-124")]
THEN = [command("1", payload(line("1", "99"), description="Revised"), sequence=2)]

# Receiving, fencing and settling are no other than the Procore writer's. Of the calls of one owner the fifth
# and sixth are the submissions, the seventh and eighth the looks at their jobs.
PASSAGES = [
    (CrashPoint.WRITER_BEFORE_INTEND_COMMIT, 1),
    (CrashPoint.WRITER_AFTER_INTEND, 1),
    (CrashPoint.WRITER_AFTER_INTEND, 2),
    *((CrashPoint.WRITER_AFTER_CALL, nth) for nth in (5, 6, 7, 8)),
    *((CrashPoint.WRITER_BEFORE_RECORD_COMMIT, nth) for nth in (1, 2)),
    *((CrashPoint.WRITER_AFTER_RECORD, nth) for nth in (1, 2)),
]


@pytest.mark.parametrize(("point", "nth"), PASSAGES)
def test_a_submitter_that_is_killed_orders_nothing_twice(
    relay: SubmittersRelay, cinx: Simulated, point: CrashPoint, nth: int
) -> None:
    relay.order(FIRST)
    assert relay.run("cinx-submitter", crash_at=f"{point}:{nth}") == KILLED, relay.log()
    relay.order(THEN)
    assert relay.run("cinx-submitter") in (DONE, DONE_WITH_LETTERS), relay.log()

    reviewed = {letter.origin_id for letter in relay.letters().values()}
    assert len(reviewed) == (1 if point is CrashPoint.WRITER_AFTER_INTEND else 0), relay.log()
    _every_command_ended_once(relay, [*FIRST, *THEN], reviewed)
    _nothing_was_ordered_twice(cinx)
    _what_was_not_asked_about_is_ordered(cinx, reviewed)
    _no_secret_is_left(relay, cinx)


def _every_command_ended_once(relay: Relay, commands: list[CinxCommand], reviewed: set[str | None]) -> None:
    """But for what waits behind a submission that a person is asked about."""
    ends = Counter(one.command_id for one in relay.outcomes() if one.kind.is_terminal)
    assert all(count == 1 for count in ends.values())
    missing = {one.origin_id for one in commands if one.command_id not in ends}
    assert missing <= reviewed


def _nothing_was_ordered_twice(cinx: Simulated) -> None:
    state = cinx.state()
    sent = Counter(_reference(job["payload"], "key") for job in state["jobs"] if job["method"] == "POST")
    assert all(count == 1 for count in sent.values()), sent
    made = Counter(_reference(poco, "") for poco in state["pocos"])
    assert all(count == 1 for count in made.values()), made


def _what_was_not_asked_about_is_ordered(cinx: Simulated, reviewed: set[str | None]) -> None:
    totals = {
        _reference(poco, ""): sum(float(item["quantity"]) * float(item["unit_price"]) for item in poco["items"])
        for poco in cinx.state()["pocos"]
    }
    wanted = {FIRST[0].origin_id: 99.0, FIRST[1].origin_id: 304.0}
    assert {origin: total for origin, total in totals.items() if origin not in reviewed} == {
        origin: total for origin, total in wanted.items() if origin not in reviewed
    }


def _reference(record: dict[str, object], name: str) -> str:
    kind = f"change-order-relay-{name}".rstrip("-")
    entries = record["external_references"]
    assert isinstance(entries, list)
    return next(str(entry["value"]) for entry in entries if entry["type"] == kind)


def _no_secret_is_left(relay: Relay, cinx: Simulated) -> None:
    told = relay.log() + repr(relay.outcomes()) + repr(relay.letters())
    state = cinx.state()
    assert state["token"] not in told
    assert state["credentials"]["password"] not in told


def test_a_submission_is_told_confirmed_and_costs_nothing_again(relay: SubmittersRelay, cinx: Simulated) -> None:
    relay.order(FIRST)
    assert relay.run("cinx-submitter") == DONE, relay.log()
    kinds = Counter(one.kind for one in relay.outcomes())
    assert kinds == Counter({OutcomeKind.SUBMITTED: 2, OutcomeKind.APPLIED: 2})
    cinx.forget()
    relay.order([command("1", mapped=5), command("2", FIRST[1].payload, order="PO-124", mapped=5)])
    assert relay.run("cinx-submitter") == DONE, relay.log()
    assert cinx.history() == []
