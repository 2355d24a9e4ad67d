"""Topics that are deleted, made again or cut off under running stages: nobody goes on as if nothing had been."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from kafka import KafkaAdminClient, TopicPartition

from deploy.sandbox.process import Simulated
from relay.domain.records import OperatorAction
from relay.engine.kafka import Cluster, Partition, TopicSpec, read_to_end
from relay.engine.record_codec import record_codec
from relay.engine.topics import AUDIT, OBSERVED, POLL_STATE, PROCORE, Topic
from tests.conftest import PARTITIONS
from tests.cor_process import run_cor
from tests.drills import commands
from tests.faults.harness import Relay, awaited, end
from tests.faults.orders import change_order

PROMISED = 30.0
"""Seconds in which a stage stops and says why."""

FAILED, WRONG_USAGE = 1, 2


def cor(relay: Relay, *words: str) -> subprocess.CompletedProcess[str]:
    return run_cor(words, relay.environment(), 60)


def apply(relay: Relay, *words: str) -> subprocess.CompletedProcess[str]:
    return cor(relay, "topics", "apply", "--partitions", str(PARTITIONS), *words)


@dataclass
class Worker:
    """A process with one stage, and what it serves."""

    process: subprocess.Popen[bytes]
    relay: Relay
    served_before: int

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def is_ready(self) -> bool:
        assert not self.has_ended(), self.relay.log()
        try:
            return bool(self.get("/readyz"))
        except OSError:
            return False

    def get(self, path: str) -> str:
        served = told(self.relay, "telemetry.served")
        port = served[self.served_before]["port"] if len(served) > self.served_before else 1
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return str(answer.read().decode())

    def shows_lost(self, topic: str) -> str | None:
        found = re.search(rf'^cor_topic_lost{{topic="{re.escape(topic)}"}} (\S+)$', self.get("/metrics"), re.MULTILINE)
        return found[1] if found else None


@contextmanager
def at_work(relay: Relay, stage: str) -> Iterator[Worker]:
    """A stage that is ready for work, ended with the block."""
    before = len(told(relay, "telemetry.served")) if (relay.folder / "log").exists() else 0
    worker = Worker(relay.start(stage, once=False, instance=stage), relay, before)
    try:
        awaited(worker.is_ready, f"{stage} to be ready")
        yield worker
    finally:
        end(worker.process)


def told(relay: Relay, event: str) -> list[Any]:
    rows = [json.loads(line) for line in relay.log().splitlines() if line.startswith("{")]
    return [row for row in rows if row["event"] == event]


def make_again(cluster: Cluster, topic: str) -> None:
    """As a broker does that makes topics when somebody asks for them."""
    cluster.create([TopicSpec(name=topic, partitions=1, replication=1)])


@pytest.mark.parametrize("made_again", [False, True], ids=["deleted", "deleted and made again"])
def test_a_writer_whose_ledger_is_gone_stops_and_says_so(
    relay: Relay, cluster: Cluster, procore: Simulated, *, made_again: bool
) -> None:
    assert apply(relay).returncode == 0
    ledger = PROCORE.ledger.name(relay.prefix)
    with at_work(relay, "procore-writer") as writer, at_work(relay, "mapper") as bystander:
        relay.submit([change_order(1, 1)])
        awaited(lambda: relay.ended([change_order(1, 1)]), "the first command to end")
        cluster.delete([ledger])
        if made_again:
            make_again(cluster, ledger)
        relay.submit([change_order(2, 1)])
        awaited(writer.has_ended, "the writer to stop", PROMISED)
        assert writer.process.returncode == FAILED
        (failure,) = told(relay, "stage.failed")
        assert failure["stage"] == "procore-writer"
        assert ledger in failure["message"]
        assert f"--accept-new-topic {ledger}" in failure["message"]
        assert ledger in {row["topic"] for row in told(relay, "topics.lost")}

        awaited(lambda: bystander.shows_lost(ledger) == "1.0", "the metric of who goes on", PROMISED)
        assert not bystander.has_ended(), "the mapper does not work on the ledger"
        status = cor(relay, "status")
        assert ledger in status.stdout + status.stderr
        assert "Idle" not in status.stdout

        assert relay.run("procore-writer") == FAILED, "it does not start either"
        refused = apply(relay)
        assert refused.returncode == FAILED
        assert ledger in refused.stderr
        assert (ledger in cluster.topics()) == made_again, "nothing is made before somebody has said so"

        assert apply(relay, "--accept-new-topic", ledger).returncode == WRONG_USAGE, "without a reason"
        # One with a name counts until its session is over, which may be by now.
        given = {POLL_STATE.base: ledger, "poll-procore": "procore-writer", "poll-procore-0": "procore-writer"}
        remove, accept = commands("Topics that are gone", **given)
        assert cor(relay, *remove).returncode == 0
        if made_again:  # With one partition nothing of a family fits.
            cluster.delete([ledger])
        accepted = cor(relay, *accept, "--partitions", str(PARTITIONS), "--who", "an engineer")
        assert accepted.returncode == 0, accepted.stderr
        awaited(lambda: bystander.shows_lost(ledger) == "0.0", "the metric of who goes on", PROMISED)
    (action,) = actions(relay)
    assert (action.action, action.subject) == ("topic accepted", f"topic:{PROCORE.ledger.base}")
    assert (action.who, action.why) == ("an engineer", accept[-1])
    assert relay.run("procore-writer") == 0, relay.log()
    assert len(procore.state()["potential_change_orders"]) == 2


def actions(relay: Relay) -> list[OperatorAction]:
    records = read_to_end(relay.connection, [Partition(AUDIT.name(relay.prefix), 0)])
    return [record_codec().decode(record.value or b"", OperatorAction) for record in records]


@pytest.mark.parametrize(
    ("topic", "stage"), [(PROCORE.inbox, "procore-writer"), (POLL_STATE, "poll-procore")], ids=["inbox", "poll state"]
)
def test_a_store_without_its_beginning_stops_who_reads_it(
    relay: Relay, cluster: Cluster, topic: Topic, stage: str
) -> None:
    assert apply(relay).returncode == 0
    name = topic.name(relay.prefix)
    with at_work(relay, stage) as worker:
        cluster.alter({name: {"cleanup.policy": "delete"}})
        relay.submit([change_order(1, 1)])
        remove_beginning(relay, cluster, name)
        awaited(worker.has_ended, f"{stage} to stop", PROMISED)
        assert worker.process.returncode == FAILED
    (failure,) = told(relay, "stage.failed")
    assert name in failure["message"]
    assert "begins at offset" in failure["message"]
    status = cor(relay, "status", "--json")
    (sentence,) = json.loads(status.stdout)["lost_topics"]
    assert name in sentence


def remove_beginning(relay: Relay, cluster: Cluster, topic: str) -> None:
    """Removes all records of a partition that has some; compacted topics do not allow it."""
    every = [Partition(topic, number) for number in range(PARTITIONS)]
    awaited(lambda: any(cluster.end_offsets(every).values()), f"records on {topic}")
    (place, end_offset) = max(cluster.end_offsets(every).items(), key=lambda found: found[1])
    admin = KafkaAdminClient(bootstrap_servers=relay.bootstrap_servers)
    try:
        admin.delete_records({TopicPartition(place.topic, place.number): end_offset})
    finally:
        admin.close()


def test_who_has_no_ids_recorded_runs_on_and_says_so_and_notices_all_the_same(relay: Relay, cluster: Cluster) -> None:
    observed = OBSERVED.name(relay.prefix)
    with at_work(relay, "mapper") as worker:
        assert observed in told(relay, "topics.not_recorded")[0]["topics"]
        cluster.delete([observed])
        awaited(worker.has_ended, "the mapper to stop", PROMISED)
    assert observed in told(relay, "stage.failed")[0]["message"]


def test_what_was_not_lost_is_not_accepted(relay: Relay) -> None:
    assert apply(relay).returncode == 0
    observed = OBSERVED.name(relay.prefix)
    refused = apply(relay, "--accept-new-topic", observed, "--why", "to be sure")
    assert refused.returncode == WRONG_USAGE
    assert observed in refused.stderr
    assert not actions(relay)


def test_a_store_is_not_accepted_under_a_writer_that_goes_on_from_memory(relay: Relay, cluster: Cluster) -> None:
    assert apply(relay).returncode == 0
    ledger = PROCORE.ledger.name(relay.prefix)
    relay = replace(relay, more={**relay.more, "COR_SESSION_TIMEOUT": "60"})  # Longer than the command takes.
    with at_work(relay, "procore-writer"):
        cluster.delete([ledger])
        refused = apply(relay, "--accept-new-topic", ledger, "--why", "in haste")
    assert refused.returncode == FAILED
    assert f"{ledger} is not accepted while procore-writer has members" in refused.stderr
    assert "`cor members remove procore-writer` (procore-writer)" in refused.stderr
    assert ledger not in cluster.topics()
