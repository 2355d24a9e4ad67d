"""What every benchmark stands on: a Kafka, topics of its own, simulated remotes, a configuration."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from relay.engine.kafka import Cluster, Connection, Partition, read_to_end
from relay.engine.provision import apply
from relay.engine.record_codec import record_codec
from relay.engine.topics import Topic

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 600.0
SECRETS = {
    "password": "sandbox-password",
    "api-key": "sandbox-api-key",
    "client-id": "sandbox-client",
    "client-secret": "sandbox-secret",
}


@dataclass(frozen=True)
class Ground:
    """One benchmark's surroundings. Times are short, as nothing is lost here.

    ``broker_pid``: the broker's process, where it is one of this machine.
    """

    connection: Connection
    prefix: str
    folder: Path
    partitions: int
    broker_pid: int | None = None

    def environment(self) -> dict[str, str]:
        """For the relay's processes."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COR_")}
        return {
            **kept,
            "COR_KAFKA_BOOTSTRAP_SERVERS": self.connection.bootstrap_servers,
            "COR_CONFIG": str(self.folder / "cor.yaml"),
            "COR_TOPIC_PREFIX": self.prefix,
            "COR_INSTANCE": "bench",
            "COR_INSTALLATION": "bench",
            "COR_LOG_LEVEL": "warning",
            "COR_VIEWS_URL": f"sqlite:///{self.folder / 'views.sqlite'}",
        }

    def configure(self, text: str) -> None:
        """Writes the configuration and the secrets beside it."""
        for name, secret in SECRETS.items():
            (self.folder / name).write_text(secret, encoding="utf-8")
        (self.folder / "cor.yaml").write_text(text, encoding="utf-8")

    def cor(self, *arguments: str) -> None:
        """Runs ``cor`` to its end; raises if it fails."""
        command = [sys.executable, "-m", "cli", *arguments]
        subprocess.run(command, cwd=ROOT, env=self.environment(), check=True, stdout=subprocess.DEVNULL)

    @contextmanager
    def running(
        self, stages: Sequence[str], *, once: bool = False, program: str = "cli"
    ) -> Iterator[subprocess.Popen[bytes]]:
        """``cor run`` while the block lasts; ``program``: the module that is it."""
        command = [sys.executable, "-m", program, "run", *stages, *(["--once"] if once else [])]
        process = subprocess.Popen(command, cwd=ROOT, env=self.environment())
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def records(self, topic: Topic, kind: type[Any]) -> list[Any]:
        """Everything on a topic."""
        codec = record_codec()
        name = topic.name(self.prefix)
        partitions = [Partition(name, number) for number in range(self.partitions)]
        found = read_to_end(self.connection, partitions)
        return [codec.decode(record.value, kind) for record in found if record.value is not None]


@contextmanager
def ground(partitions: int = 2) -> Iterator[Callable[..., Ground]]:
    """A Kafka; each call gives fresh topics on it, with another number of partitions where one is given."""
    from deploy.local import kafka  # noqa: PLC0415 - where others do our job beside us, it is not installed

    with kafka() as cluster_, TemporaryDirectory(prefix="cor-bench-") as folder:
        connection = Connection(cluster_.bootstrap_servers)

        def fresh(partitions: int = partitions) -> Ground:
            prefix = f"b{uuid.uuid4().hex[:8]}-"
            with Cluster(connection) as cluster:
                apply(cluster, prefix, partitions=partitions)
            own = Path(folder) / prefix
            own.mkdir()
            return Ground(connection, prefix, own, partitions, getattr(cluster_, "pid", None))

        yield fresh


def awaited(condition: Callable[[], bool], what: str) -> None:
    """Waits until ``condition`` holds."""
    until = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > until:
            raise RuntimeError(f"waited {PATIENCE:.0f} s for {what}")
        time.sleep(0.05)


def quantiles(values: Sequence[float]) -> Mapping[str, float]:
    """p50 and p99 in seconds."""
    ordered = sorted(values)
    return {name: round(ordered[int(share * (len(ordered) - 1))], 3) for name, share in (("p50", 0.5), ("p99", 0.99))}
