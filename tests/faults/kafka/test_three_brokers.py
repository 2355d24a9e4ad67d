"""Three brokers, each of which goes in every way that brokers go, under a relay that carries change orders.

Nothing may be lost, doubled or stuck, no stage may end, and how long each stood still is told at the end of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from deploy.demo import company
from deploy.local.java_cluster import ClusterNode, JavaCluster, cluster
from deploy.sandbox.process import simulated
from relay.engine.kafka import Cluster, Connection
from relay.engine.provision import apply
from tests.conftest import PARTITIONS
from tests.faults.conftest import record
from tests.faults.harness import Relay, awaited, prepare
from tests.faults.kafka.carrying import CONFIGURATION, OFFICES, Carrying

pytestmark = [pytest.mark.storm, pytest.mark.timeout(400)]

TRANSACTIONS = "__transaction_state"
LIKE_PRODUCTION = {"COR_SESSION_TIMEOUT": "20", "COR_TRANSACTION_TIMEOUT": "10", "COR_SEND_WINDOW": "10"}
"""The defaults, so that the times that are told are those of an installation."""

Tell = Callable[[str, dict[str, float]], None]


@pytest.fixture(scope="module")
def brokers() -> Iterator[JavaCluster]:
    with cluster() as three:
        yield three


@pytest.fixture(scope="module")
def started(brokers: JavaCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Carrying]:
    """The relay between its simulated systems, which goes on through all tests of this module."""
    folder = tmp_path_factory.mktemp("relay")
    with ExitStack() as stack:
        sources = {
            name: stack.enter_context(simulated("constructiononline", company.main_office())) for name in OFFICES
        }
        procore = stack.enter_context(simulated("procore", company.procore()))
        cinx = stack.enter_context(simulated("cinx", company.cinx()))
        urls = {name: source.url for name, source in sources.items()}
        prepare(folder, {**urls, "procore": procore.url, "cinx": cinx.url}, CONFIGURATION)
        connection = Connection(brokers.bootstrap_servers)
        with Cluster(connection) as asked:
            apply(asked, "", partitions=PARTITIONS)
        record(connection, "", folder)
        relay = Relay(folder, brokers.bootstrap_servers, "", PARTITIONS, connection, LIKE_PRODUCTION)
        carrying = Carrying(relay, sources, procore, cinx)
        stack.callback(carrying.close)
        carrying.start()
        yield carrying


@pytest.fixture
def carrying(started: Carrying, brokers: JavaCluster) -> Carrying:
    """All brokers are there, and what every earlier test left has arrived."""
    brokers.await_in_sync()
    started.poll_anew()
    return started


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Has the end of the run say how long each stage stood still."""

    def told(what: str, stood: dict[str, float]) -> None:
        times = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in stood.items())
        record_property("told", f"{what}: {times}")

    return told


def test_brokers_are_restarted_one_after_another(carrying: Carrying, brokers: JavaCluster, tell: Tell) -> None:
    """As whoever updates Kafka does it: the next one only when every replica is in sync again."""
    with carrying.disturbed() as stood:
        for node in brokers.nodes.values():
            node.stop()
            node.start()
            brokers.await_in_sync()
    tell("rolling restart", stood)


def test_a_broker_is_lost_with_its_disk_and_replaced(carrying: Carrying, brokers: JavaCluster, tell: Tell) -> None:
    """Two carry on; the new one, with the same number, fetches everything again."""
    node = brokers.leader("change-orders.observed.v1")
    with carrying.disturbed() as stood:
        node.kill()
        carrying.goes_on()
        node.replace()
        node.await_answer()
        brokers.await_in_sync()
    tell("a lost broker", stood)


def test_the_leader_of_the_transaction_log_is_killed(carrying: Carrying, brokers: JavaCluster, tell: Tell) -> None:
    """Whatever was being committed is settled by the one that takes over."""
    node = brokers.leader(TRANSACTIONS)
    with carrying.disturbed() as stood:
        node.kill()
        carrying.goes_on()
        assert brokers.leader(TRANSACTIONS) is not node
        node.start()
    tell("kill -9 of the leader of the transaction log", stood)


def test_too_few_replicas_are_in_sync_and_then_enough(carrying: Carrying, brokers: JavaCluster, tell: Tell) -> None:
    """With two of three away nothing is acknowledged, and nothing is taken for written."""
    first, second, left = brokers.nodes.values()
    with carrying.disturbed() as stood:
        first.stop()
        second.stop()
        awaited(lambda: is_refused(left), "a write to be refused for want of replicas", every=0.5)
        second.start()
        first.start()
        brokers.await_in_sync()
    tell("min.insync.replicas lost and regained", stood)


def is_refused(node: ClusterNode) -> bool:
    """Whether a broker has said that too few are in sync."""
    return "NotEnoughReplicas" in node.log()


def test_the_disk_of_one_is_full(carrying: Carrying, brokers: JavaCluster, tell: Tell) -> None:
    """A broker ends when it cannot write; with room again it is started, and catches up."""
    node = list(brokers.nodes.values())[-1]
    with carrying.disturbed() as stood:
        node.fill_disk()
        awaited(lambda: not node.running, "the broker with the full disk to end")
        carrying.goes_on()
        node.relieve_disk()
        node.start()
        brokers.await_in_sync()
    tell("a full disk", stood)
