"""Three brokers, each of which goes in every way that brokers go, under a relay that carries change orders.

Nothing may be lost, doubled or stuck, no stage may end, and how long each stood still is told at the end of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from deploy.demo import company
from deploy.local.java_cluster import JavaCluster, cluster
from deploy.sandbox.process import simulated
from relay.engine.kafka import Cluster, Connection
from relay.engine.provision import apply
from tests.conftest import PARTITIONS
from tests.faults.conftest import record
from tests.faults.harness import Relay, awaited, prepare
from tests.faults.kafka.carrying import CONFIGURATION, OFFICES, Carrying

pytestmark = [pytest.mark.storm, pytest.mark.longest, pytest.mark.timeout(900)]

TRANSACTIONS = "__transaction_state"
TOO_FEW = "NotEnoughReplicas"
"""What a broker says that refuses a write."""
LIKE_PRODUCTION = {"COR_SESSION_TIMEOUT": "20", "COR_TRANSACTION_TIMEOUT": "10", "COR_SEND_WINDOW": "10"}
"""The defaults, so that the times that are told are those of an installation."""


@pytest.fixture
def brokers() -> Iterator[JavaCluster]:
    with cluster() as three:
        yield three


@pytest.fixture
def carrying(brokers: JavaCluster, tmp_path: Path) -> Iterator[Carrying]:
    """The relay between its simulated systems."""
    with ExitStack() as stack:
        office = company.main_office()
        sources = {name: stack.enter_context(simulated("constructiononline", office)) for name in OFFICES}
        procore = stack.enter_context(simulated("procore", company.procore()))
        cinx = stack.enter_context(simulated("cinx", company.cinx()))
        urls = {name: source.url for name, source in sources.items()}
        prepare(tmp_path, {**urls, "procore": procore.url, "cinx": cinx.url}, CONFIGURATION)
        connection = Connection(brokers.bootstrap_servers)
        with Cluster(connection) as asked:
            apply(asked, "", partitions=PARTITIONS)
        record(connection, "", tmp_path)
        relay = Relay(tmp_path, brokers.bootstrap_servers, "", PARTITIONS, connection, LIKE_PRODUCTION)
        carrying = Carrying(relay, sources, procore, cinx)
        stack.callback(carrying.close)
        carrying.start()
        yield carrying


def restart_one_after_another(carrying: Carrying, brokers: JavaCluster) -> None:
    """As whoever updates Kafka does it: the next one only when every replica is in sync again."""
    for node in brokers.nodes.values():
        node.stop()
        node.start()
        brokers.await_in_sync()


def lose_one_with_its_disk_and_replace_it(carrying: Carrying, brokers: JavaCluster) -> None:
    """Two carry on; the new one, with the same number, fetches everything again."""
    node = brokers.leader("change-orders.observed.v1")
    node.kill()
    carrying.goes_on()
    node.replace()
    node.await_answer()
    brokers.await_in_sync()


def kill_the_leader_of_the_transaction_log(carrying: Carrying, brokers: JavaCluster) -> None:
    """Whatever was being committed is settled by the one that takes over."""
    node = brokers.leader(TRANSACTIONS)
    node.kill()
    carrying.goes_on()
    assert brokers.leader(TRANSACTIONS) is not node
    node.start()
    brokers.await_in_sync()


def have_too_few_in_sync_and_then_enough(carrying: Carrying, brokers: JavaCluster) -> None:
    """With two of three away nothing is acknowledged, and nothing is taken for written."""
    first, second, left = brokers.nodes.values()
    refused = left.log().count(TOO_FEW)
    first.stop()
    second.stop()
    awaited(lambda: left.log().count(TOO_FEW) > refused, "a write to be refused for want of replicas", every=0.5)
    for node in (second, first):
        node.begin()
    for node in (second, first):
        node.await_answer()
    brokers.await_in_sync()


def fill_the_disk_of_one(carrying: Carrying, brokers: JavaCluster) -> None:
    """A broker ends when it cannot write; with room again it is started, and catches up."""
    node = list(brokers.nodes.values())[-1]
    node.fill_disk()
    awaited(lambda: not node.running, "the broker with the full disk to end")
    carrying.goes_on()
    node.relieve_disk()
    node.start()
    brokers.await_in_sync()


DISTURBANCES: dict[str, Callable[[Carrying, JavaCluster], None]] = {
    "rolling restart": restart_one_after_another,
    "a lost broker": lose_one_with_its_disk_and_replace_it,
    "kill -9 of the leader of the transaction log": kill_the_leader_of_the_transaction_log,
    "min.insync.replicas lost and regained": have_too_few_in_sync_and_then_enough,
    "a full disk": fill_the_disk_of_one,
}


def test_nothing_is_lost_doubled_or_stuck_however_brokers_go(
    carrying: Carrying, brokers: JavaCluster, record_property: Callable[[str, object], None]
) -> None:
    """One after the other on one cluster, which takes as long to start as some of them; each is judged by itself."""
    for what, disturb in DISTURBANCES.items():
        brokers.await_in_sync()
        carrying.poll_anew()
        with carrying.disturbed() as stood:
            disturb(carrying, brokers)
        times = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in stood.items())
        record_property("told", f"{what}: {times}")
    record_property("told", f"by a person: {len(carrying.decided)} submissions to CINX decided")
