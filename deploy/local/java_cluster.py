"""Three brokers on the local Java, each of which may be stopped, killed, filled up and replaced."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.local.broker_settings import Listeners, as_properties, node_settings
from deploy.local.child import Child
from deploy.local.java_kafka import JavaKafka
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.readiness import kafka_answers, wait_until
from deploy.local.scratch import Scratch
from deploy.local.small_disk import SmallDisk, can_be_made

NODES = (1, 2, 3)
_PORTS = 4
_DISK = 96 * 1024 * 1024
"""Bytes of a small disk: enough for a test, and soon filled."""


class ClusterNode:
    """One broker that is a controller, too. ``disk``: a small one, where its folder is to be filled."""

    def __init__(self, kafka: JavaKafka, folder: Path, node: int, ports: Mapping[int, list[int]]) -> None:
        self.node = node
        self.data = folder / f"data-{node}"
        plain, sasl, own, controller = ports[node]
        self.port = plain
        self._kafka, self._folder = kafka, folder
        self._properties = folder / f"server-{node}.properties"
        listeners = Listeners(plain=plain, sasl=sasl, own=own, controller=controller)
        controllers = {number: of_node[-1] for number, of_node in ports.items()}
        settings = node_settings(node, listeners, controllers, str(self.data))
        self._properties.write_text(as_properties(settings), encoding="utf-8")
        self._disk: SmallDisk | None = None
        self._child = self._made()

    def open(self) -> None:
        """Makes its folder ready and begins to start it."""
        self._kafka.format(self._properties, before=self._inside)
        self.begin()

    def on_small_disk(self) -> None:
        """Its folder lies on a disk of its own that can be filled. Before :meth:`open`; root on Linux only."""
        self._disk = SmallDisk(self.data, _DISK)
        self._disk.open()
        self._child = self._made()

    def begin(self) -> None:
        """Starts it, and does not wait: alone it does not answer."""
        self._child.start()

    def await_answer(self) -> None:
        """Returns when it serves clients. Raises ``StartFailed`` with the end of its log."""
        wait_until(
            lambda: kafka_answers(self.port),
            alive=lambda: self._child.running,
            words=lambda: f"Kafka's log, {self._child.log}, ends with:\n{self._child.log_end()}",
        )

    def start(self) -> None:
        """Starts it and returns when it answers."""
        self.begin()
        self.await_answer()

    def stop(self) -> None:
        """Ends it in order: it gives its partitions to the others first."""
        self._child.stop(patience=60.0)

    def kill(self) -> None:
        """Ends it at once."""
        self._child.kill()

    def replace(self) -> None:
        """A broker of the same number with an empty disk, begun to start: what was there is lost."""
        self._child.kill()
        shutil.rmtree(self.data)
        self.open()

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._child.running

    def log(self) -> str:
        """All that it wrote."""
        return self._child.log.read_text(encoding="utf-8", errors="replace") if self._child.log.exists() else ""

    def fill_disk(self) -> None:
        """Not a byte more can be written: its disk is full, or no file of its process may grow."""
        if self._disk is not None:
            self._disk.fill()
        elif self._child.pid is not None:
            _, most = resource.prlimit(self._child.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(self._child.pid, resource.RLIMIT_FSIZE, (0, most))

    def relieve_disk(self) -> None:
        """There is room again, from its next start at the latest."""
        if self._disk is not None:
            self._disk.relieve()

    def close(self) -> None:
        """Ends it, and its disk."""
        self._child.kill()
        if self._disk is not None:
            self._disk.close()

    def _made(self) -> Child:
        command = [*self._inside, *self._kafka.server(self._properties)]
        return Child(f"broker {self.node}", command, self._folder / f"broker-{self.node}.log")

    @property
    def _inside(self) -> tuple[str, ...]:
        return self._disk.inside if self._disk else ()


class JavaCluster:
    """Three brokers. ``nodes`` by their numbers; the last one's disk can be filled."""

    def __init__(self) -> None:
        self._scratch = Scratch("cluster")
        every = free_ports(_PORTS * len(NODES))
        ports = {node: every[at * _PORTS : (at + 1) * _PORTS] for at, node in enumerate(NODES)}
        kafka = JavaKafka(short_lived=True)
        self.nodes = {node: ClusterNode(kafka, self._scratch.path, node, ports) for node in NODES}

    @property
    def bootstrap_servers(self) -> str:
        """All three, with commas."""
        return ",".join(f"{LOOPBACK}:{one.port}" for one in self.nodes.values())

    def open(self) -> None:
        """Starts all three and returns when each answers."""
        if can_be_made():
            self.nodes[NODES[-1]].on_small_disk()
        for one in self.nodes.values():
            one.open()
        for one in self.nodes.values():
            one.await_answer()

    def close(self) -> None:
        """Ends them and removes what they wrote."""
        for one in self.nodes.values():
            one.close()
        self._scratch.remove()

    def leader(self, topic: str) -> ClusterNode:
        """Who leads a topic's first partition."""
        (found,) = self._asked(lambda admin: admin.describe_topics([topic]))
        return self.nodes[int(found["partitions"][0]["leader_id"])]

    def behind(self) -> dict[str, int]:
        """How many replicas are not in sync, by topic; Kafka's own topics, too. Empty where all is well."""
        found: dict[str, int] = {}
        for topic in self._asked(lambda admin: admin.describe_topics()):
            missing = sum(len(one["replica_nodes"]) - len(one["isr_nodes"]) for one in topic["partitions"])
            if missing:
                found[str(topic["name"])] = missing
        return found

    def await_in_sync(self, seconds: float = 120.0) -> None:
        """Returns when every replica is in sync with its leader, as whoever restarts brokers one by one waits."""
        wait_until(
            self._is_in_sync,
            alive=lambda: all(one.running for one in self.nodes.values()),
            words=lambda: (
                "Replicas are behind, or a broker has ended: "
                + ", ".join(f"{one.node} {'runs' if one.running else 'has ended'}" for one in self.nodes.values())
            ),
            seconds=seconds,
        )

    def _is_in_sync(self) -> bool:
        try:
            return not self.behind()
        except KafkaError:
            return False

    def _asked(self, question: Callable[[Any], Any]) -> Any:
        with _admin(self.bootstrap_servers) as admin:
            return question(admin)


@contextmanager
def _admin(servers: str) -> Iterator[KafkaAdminClient]:
    client = KafkaAdminClient(bootstrap_servers=servers, bootstrap_timeout_ms=5_000, request_timeout_ms=10_000)
    try:
        yield client
    finally:
        client.close()


@contextmanager
def cluster() -> Iterator[JavaCluster]:
    """Three brokers for the length of the block. Raises ``NothingToRunOn`` without Java and Maven."""
    own = JavaCluster()
    try:
        own.open()
        yield own
    finally:
        own.close()
