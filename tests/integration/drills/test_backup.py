"""The drill of docs/operating.md, "Backup and restore": its commands, between two clusters."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local import Broker
from relay.engine.kafka import Cluster, Connection, Partition, Record, read_to_end
from relay.engine.topics import ALL, CINX, FOR_EVER, GROUPS
from tests.conftest import PARTITIONS
from tests.cor_process import run_cor
from tests.drills import commands
from tests.faults.cinx_relay import STAGE, SubmittersRelay, order
from tests.faults.harness import awaited, end

pytestmark = [pytest.mark.storm, pytest.mark.timeout(400)]

DONE, FAILED, NEEDS_A_PERSON = 0, 1, 3


def cor(relay: SubmittersRelay, words: list[str]) -> subprocess.CompletedProcess[str]:
    return run_cor(words, relay.environment("console"), 150)


def done(relay: SubmittersRelay, words: list[str], *ends: int) -> str:
    said = cor(relay, words)
    assert said.returncode in (ends or (DONE,)), f"cor {' '.join(words)}: {said.returncode}\n{said.stdout}{said.stderr}"
    return said.stdout


def kept(relay: SubmittersRelay, cluster: Cluster) -> dict[str, list[Record]]:
    """All records of each topic, where they stand. Lanes are as old as their broker says: their times do not count."""
    found: dict[str, list[Record]] = {}
    for topic in ALL:
        name = topic.name(relay.prefix)
        places = [Partition(name, number) for number in range(cluster.partitions(name))]
        records = sorted(read_to_end(relay.connection, places), key=lambda record: (record.partition, record.offset))
        is_lane = topic.retention_ms != FOR_EVER
        found[topic.base] = [replace(one, timestamp_ms=0) for one in records] if is_lane else records
    return found


def committed(relay: SubmittersRelay, cluster: Cluster) -> dict[str, object]:
    """How far each group is, and what it has noted beside that."""
    groups = [f"{relay.prefix}{stage}" for stage in GROUPS]
    places = {group: cluster.committed(group) for group in groups}
    return {
        group: (found, {place: told for place, told in cluster.committed_metadata(group, list(found)).items() if told})
        for group, found in places.items()
    }


def elsewhere(relay: SubmittersRelay, broker: Broker) -> SubmittersRelay:
    """The same relay with another cluster."""
    connection = Connection(broker.bootstrap_servers)
    return replace(
        relay, bootstrap_servers=broker.bootstrap_servers, connection=connection, _writer=None, _tails={}, _known={}
    )


def test_everything_is_put_back_on_another_cluster(
    submitters: SubmittersRelay, cluster: Cluster, own_broker: Broker, tmp_path: Path
) -> None:
    first, copy = submitters, str(tmp_path / "relay.copy")
    names = {"relay.copy": copy}
    backup, restore, applied, hold, status, _ = commands("Backup and restore", **names)
    done(first, ["topics", "apply", "--partitions", str(PARTITIONS)])
    first.order(order(1, 1), order(2, 1))
    first.finish()
    done(first, ["members", "remove", STAGE, "one"])
    waiting = [order(3, 1), order(4, 1)]
    first.order(*waiting)
    assert "records" in done(first, backup)

    second = elsewhere(first, own_broker)
    done(second, restore)
    with Cluster(second.connection) as there:
        was, is_ = kept(first, cluster), kept(second, there)
        grown = {topic for topic in was if was[topic] != is_[topic]}
        assert grown <= {"change-orders.names.v1", "change-orders.audit.v1"}, "the new ids, and who took them"
        assert all(is_[topic][: len(was[topic])] == was[topic] for topic in grown if topic.endswith("audit.v1"))
        assert committed(second, there) == committed(first, cluster)
        ids = there.topic_ids([CINX.ledger.name(second.prefix)])
        assert ids != cluster.topic_ids(list(ids))
    assert "Everything is as declared." in done(second, [*applied, "--partitions", str(PARTITIONS)])
    done(second, hold, NEEDS_A_PERSON)
    done(second, status, DONE, NEEDS_A_PERSON)

    process = second.start(STAGE, once=False)
    try:
        awaited(lambda: second.ended([waiting[0]]), "what waited on the lane, of the account that is not held")
        assert not second.ended([waiting[1]]), "the account is on hold"
        (standing,) = json.loads(done(second, ["holds", "list", "--json"], DONE, NEEDS_A_PERSON))
        done(second, commands("Backup and restore", ID=standing["hold_id"])[-1])
        again = order(2, 1, mapped=1)
        second.order(again)
        awaited(lambda: second.ended([*waiting, again]), "the rest, and what was ordered before the copy once more")
    finally:
        end(process)
    second.judge()


def test_a_copy_is_taken_of_what_stands_still_and_put_back_where_nothing_is(
    submitters: SubmittersRelay, tmp_path: Path
) -> None:
    copy = str(tmp_path / "relay.copy")
    done(submitters, ["topics", "apply", "--partitions", str(PARTITIONS)])
    process = submitters.start(STAGE, once=False)
    try:
        awaited(lambda: "partition_owned" in submitters.log(), "the submitter to work")
        refused = cor(submitters, ["backup", copy])
        assert refused.returncode == FAILED
        assert f"{STAGE} (one)" in refused.stderr
    finally:
        end(process)
    assert not Path(copy).exists()
    done(submitters, ["members", "remove", STAGE, "one"])
    done(submitters, ["backup", copy])
    refused = cor(submitters, ["restore", copy, "--why", "by mistake"])
    assert refused.returncode == FAILED
    assert "there is something already" in refused.stderr
    Path(copy).write_bytes(Path(copy).read_bytes()[:-200])
    refused = cor(submitters, ["restore", copy, "--why", "half of it"])
    assert refused.returncode == FAILED
    assert "copy" in refused.stderr
