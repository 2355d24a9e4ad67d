"""A ledger that is lost is folded again from what outlives it: nothing is written twice, and nobody is asked twice."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local import Kafka
from deploy.sandbox.process import Simulated, simulated
from relay.domain.ledger import InboxRecord, Intent
from relay.domain.letters import LetterKind
from relay.domain.outcomes import OutcomeKind
from relay.domain.records import OperatorAction
from relay.engine.kafka import Cluster, Connection, Partition, read_to_end
from relay.engine.record_codec import record_codec
from relay.engine.topics import AUDIT, CINX, PROCORE, Family
from tests.conftest import PARTITIONS
from tests.cor_process import run_cor
from tests.drills import commands
from tests.faults.harness import Relay, awaited, end, prepare

CONFIGURATION = """
accounts:
  constructiononline:
    acme:
      base_url: {constructiononline}/api
      email: relay@acme.example
      password_file: {secrets}/password
      api_key_file: {secrets}/api-key
      poll_interval: 1s
  procore:
    acme:
      api_url: {procore}
      login_url: {procore}
      company_id: 4200
      client_id_file: {secrets}/client-id
      client_secret_file: {secrets}/client-secret
  cinx:
    acme:
      base_url: {cinx}
      email: relay@acme.example
      password_file: {secrets}/password
      requests_per_second: 50
routes:
  - from: {{system: constructiononline, account: acme, project: 1321036}}
    mode: live
    history: true
    targets:
      - {{name: owner, system: procore, account: acme,
         project_id: 315, contract_id: 44023, contract: prime, tiers: 2, package: per_change_order}}
      - {{name: fixtures, system: cinx, account: acme, purchase_order: PO-124}}
"""
STAGES = ("poll-constructiononline", "mapper", "procore-writer", "cinx-submitter", "dead-letters")
WRITERS = {"procore": "procore-writer", "cinx": "cinx-submitter"}
REFUSED, WRONG_USAGE = 1, 2
SETTLED = 3
TWINS = {"procore.existing_record": 1, "cinx.existing_poco": 1}
"""What a person is asked about records of others that look like a change order of ours."""
ITEMS = [{"description": "By hand", "quantity": 1, "unit_price": 5}]
SYNC = {"method": "PATCH", "path": "sync"}
SUBMISSION = {"method": "POST", "path": "json-poco-import"}


@pytest.fixture
def remotes() -> Iterator[dict[str, Simulated]]:
    with simulated("constructiononline") as source, simulated("procore") as procore, simulated("cinx") as cinx:
        source.people("clear")
        source.people("create_project", id=1321036, name="Lake Blvd")
        yield {"constructiononline": source, "procore": procore, "cinx": cinx}


@pytest.fixture
def relay(tmp_path: Path, kafka: Kafka, connection: Connection, prefix: str, remotes: dict[str, Simulated]) -> Relay:
    prepare(tmp_path, {name: remote.url for name, remote in remotes.items()}, CONFIGURATION)
    relay = Relay(tmp_path, kafka.bootstrap_servers, prefix, PARTITIONS, connection)
    done(cor(relay, "topics", "apply", "--partitions", str(PARTITIONS)))
    return relay


def cor(relay: Relay, *words: str) -> subprocess.CompletedProcess[str]:
    return run_cor(words, relay.environment(), 90)


def done(ended: subprocess.CompletedProcess[str]) -> str:
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def order(source: Simulated, name: str, *, approved: bool = True) -> int:
    made = source.people("create_change_order", project=1321036, name=name, set={"PRICE": 1200, "QTY": 1})
    if approved:
        source.people("approve", id=made["ID"])
    return int(made["ID"])


def written(remotes: dict[str, Simulated]) -> dict[str, int]:
    """Requests that change something."""
    procore = [
        row
        for row in remotes["procore"].history()
        if row["method"] in ("POST", "PATCH", "DELETE") and row["path"].startswith("/rest/")
    ]
    return {"procore": len(procore), "cinx": len(remotes["cinx"].history(path="json-poco-import"))}


def held(remotes: dict[str, Simulated]) -> dict[str, list[Any]]:
    """Everything that is there."""
    procore, cinx = remotes["procore"].state(), remotes["cinx"].state()
    kinds = ("potential_change_orders", "change_order_packages", "line_items")
    return {**{kind: procore[kind] for kind in kinds}, "pocos": cinx["pocos"]}


def doubts(relay: Relay, family: Family) -> list[Intent]:
    """Intents whose answer was lost."""
    found: dict[bytes | None, Intent | None] = {}
    every = [Partition(family.inbox.name(relay.prefix), number) for number in range(PARTITIONS)]
    for record in read_to_end(relay.connection, every):
        kept = record_codec().decode(record.value, InboxRecord) if record.value else None
        found[record.key] = kept.intent if kept else None
    return [intent for intent in found.values() if intent and intent.ambiguous_at and not intent.job_id]


def carried(remotes: dict[str, Simulated]) -> bool:
    """Whether all that is to settle is there, with its lines, packages and statuses."""
    state, pocos = remotes["procore"].state(), remotes["cinx"].state()["pocos"]
    packages = [row for row in state["change_order_packages"] if row["status"] == "approved"]
    orders = [row for row in state["potential_change_orders"] if row["status"] == "approved"]
    return len(packages) == len(orders) == len(pocos) - 1 == SETTLED


def asked(relay: Relay) -> Counter[str]:
    """Reasons for which a person is asked."""
    return Counter(letter.reason for letter in relay.letters().values() if letter.kind is LetterKind.NEEDS_REVIEW)


@pytest.mark.timeout(400)  # A dozen processes, one after the other.
def test_after_a_lost_ledger_nothing_is_written_and_nobody_is_asked_twice(
    relay: Relay, cluster: Cluster, remotes: dict[str, Simulated]
) -> None:
    source, procore, cinx = remotes["constructiononline"], remotes["procore"], remotes["cinx"]
    for number in range(SETTLED):
        order(source, f"Settled {number}")
    procore.people("create_pco", contract=44023, title="Twin", lines=[{"amount": "5.0"}])
    cinx.people("create_poco", po="PO-124", description="Twin", items=ITEMS)
    order(source, "Twin")
    running = relay.start(*STAGES, once=False)
    try:
        awaited(lambda: carried(remotes), "a first load")
        awaited(lambda: asked(relay) == TWINS, "the questions about the twins")
        procore.fault("apply_and_drop", {**SYNC, "body": "Doubted"}, times=0)
        cinx.fault("drop_before", {**SUBMISSION, "body": "Lost"}, times=0)
        order(source, "Doubted", approved=False)
        order(source, "Lost")
        awaited(lambda: bool(doubts(relay, PROCORE) and doubts(relay, CINX)), "an answer to be lost at both")
        refused = cor(relay, "ledger", "rebuild", "procore", "--why", "in haste")
        assert refused.returncode == REFUSED
        assert "procore-writer still has members" in refused.stderr
        cluster.delete([family.ledger.name(relay.prefix) for family in (PROCORE, CINX)])
        awaited(lambda: running.poll() is not None, "the stages to stop")
    finally:
        end(running)
    procore.disarm()
    cinx.disarm()
    before, there = written(remotes), held(remotes)
    told = {one.outcome_id for one in relay.outcomes()}

    rebuild, replay, letters = commands("A ledger that is gone")
    said = done(cor(relay, *rebuild, "--who", "ann", "--json"))
    for rebuilt, family in zip(json.loads(said)["ledgers"], (PROCORE, CINX), strict=True):
        assert (rebuilt["system"], rebuilt["in_review"], rebuilt["in_doubt"]) == (family.system, 2, 1)
        assert rebuilt["topics"] == [family.ledger.name(relay.prefix)]
    assert cor(relay, "ledger", "rebuild").returncode == WRONG_USAGE, "nothing is lost any more"
    assert asked(relay) == TWINS | {"ledger.rebuilt": 2}
    done(cor(relay, *replay))
    assert relay.run(*WRITERS.values()) == 0, relay.log()
    assert "ledger.rebuilt" in cor(relay, *letters).stdout

    assert written(remotes) == before, relay.log()[-20_000:]
    assert held(remotes) == there
    assert asked(relay) == TWINS | {"ledger.rebuilt": 2}
    assert len(relay.letters()) == sum(asked(relay).values())
    ends = Counter((one.system, one.kind) for one in relay.outcomes() if one.outcome_id not in told)
    # At Procore the one that CINX does not answer about is settled, too.
    assert ends["procore", OutcomeKind.UNCHANGED] == SETTLED + 1
    assert ends["cinx", OutcomeKind.UNCHANGED] == SETTLED
    actions = Counter((action.action, action.who) for action in audit(relay))
    assert actions["ledger rebuilt", "ann"] == actions["topic accepted", "ann"] == len(WRITERS)


def audit(relay: Relay) -> list[OperatorAction]:
    records = read_to_end(relay.connection, [Partition(AUDIT.name(relay.prefix), 0)])
    return [record_codec().decode(record.value or b"", OperatorAction) for record in records]
